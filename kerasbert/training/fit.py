"""Run `model.fit` from any step to the end, with the state saved on the way."""

from collections.abc import Sequence

import keras

from kerasbert.batches.padding import check_padding
from kerasbert.errors import Unfinished
from kerasbert.files import trouble
from kerasbert.training.plan import StepPlan, TimePlan
from kerasbert.training.resume import SaveState


def fit(
    model: keras.Model,
    batches,
    plan: StepPlan | TimePlan,
    callbacks: Sequence[keras.callbacks.Callback],
    saver: SaveState,
) -> None:
    """Train from `saver.step` to the end of the plan.

    A Keras epoch lasts until the next report here, so `on_epoch_end` is called with every report.

    Args:
        model: compiled.
        batches: with `stream(start)`.
        plan: where the reports and the end are; a `TimePlan` stands first among the callbacks, too.
        callbacks: called before `saver`.
        saver: writes and has restored the state.

    Raises:
        InputError: batches and model have different ids for padding.
        Interrupted: told to stop; the state is saved.
        Unfinished: a full disk, or what else keeps a file from being written.
    """
    if hasattr(batches, "special"):
        check_padding(model, batches.special.pad)
    if saver.awaits_metrics(model):
        # TensorFlow makes a task's metrics with its first batch: they must be there to go on.
        model.test_on_batch(*batches.batch(saver.step))
    try:
        for number, steps in plan.reports(saver.step):
            model.fit(
                batches.stream(saver.step),
                steps_per_epoch=steps,
                initial_epoch=number,
                epochs=number + 1,
                callbacks=[*callbacks, saver],
                shuffle=False,  # the stream is in the order that the seed gives
                verbose=0,
            )
            if not plan.goes_on(model):
                break
    except BrokenPipeError:
        raise  # whoever read what was said has enough
    except OSError as error:
        raise Unfinished(
            f"{trouble(error)} {saver.kept} Repeat the command with --resume to go on."
        ) from error
    finally:
        saver.on_train_end()
