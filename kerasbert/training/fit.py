"""Run `model.fit` from any step to the end, with the state saved on the way."""

from collections.abc import Sequence

import keras

from kerasbert.training.resume import SaveState


def fit(
    model: keras.Model,
    batches,
    total_steps: int,
    report_steps: int,
    callbacks: Sequence[keras.callbacks.Callback],
    saver: SaveState,
) -> None:
    """Train from `saver.step` to `total_steps`.

    A Keras epoch is `report_steps` long here, so `on_epoch_end` is called after every report; the
    first and last may be shorter (a run resumed in the middle; a run that ends there).

    Args:
        model: compiled.
        batches: with `stream(start)`.
        total_steps: of the whole run.
        report_steps: steps between two reports.
        callbacks: called before `saver`.
        saver: writes and has restored the state.

    Raises:
        Interrupted: told to stop; the state is saved.
    """
    if saver.awaits_metrics(model):
        # TensorFlow makes a task's metrics with its first batch: they must be there to go on.
        model.test_on_batch(*batches.batch(saver.step))
    try:
        for start, steps, first, last in _segments(saver.step, total_steps, report_steps):
            model.fit(
                batches.stream(start),
                steps_per_epoch=steps,
                initial_epoch=first,
                epochs=last,
                callbacks=[*callbacks, saver],
                shuffle=False,  # the stream is in the order that the seed gives
                verbose=0,
            )
            if model.stop_training:
                break
    finally:
        saver.on_train_end()


def _segments(start: int, total: int, report: int) -> list[tuple[int, int, int, int]]:
    """(first step, steps an epoch, first epoch, last epoch) of each call of `fit`."""
    segments = []
    if start < total and start % report:
        epoch = start // report
        end = min((epoch + 1) * report, total)
        segments.append((start, end - start, epoch, epoch + 1))
        start = end
    whole = (total - start) // report
    if whole > 0:
        segments.append((start, report, start // report, start // report + whole))
        start += whole * report
    if start < total:
        segments.append((start, total - start, start // report, start // report + 1))
    return segments
