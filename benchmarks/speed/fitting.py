"""Keras contestants trained through `fit`, on batches that are there already."""

from collections.abc import Callable
from typing import Any

from benchmarks.speed.equal_work import Arrays

# One step on each of the batches: the mean loss.
Train = Callable[[list[Arrays]], float]


class Examples:
    """Batches as `fit` takes them through kerasbert's stream."""

    def __init__(self, examples: list[tuple]):
        self.examples = examples

    def batch(self, step: int) -> tuple:
        return self.examples[step % len(self.examples)]


def fitting(model: Any, example: Callable[[Arrays], tuple]) -> Train:
    """Through `fit` on a stream of batches, as our commands train: its overhead is in the time."""
    import keras

    from kerasbert.batches.stream import stream

    def train(batches: list[Arrays]) -> float:
        source = stream(Examples([example(batch) for batch in batches]))
        # Keras' own `fit`: KerasHub's first makes a tf.data pipeline, also without a preprocessor.
        history = keras.Model.fit(
            model, source, steps_per_epoch=len(batches), shuffle=False, verbose=0
        )
        return float(history.history["loss"][0])

    return train
