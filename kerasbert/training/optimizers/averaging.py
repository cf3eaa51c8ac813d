"""Evaluate and keep the running average of the weights, while training goes on with the weights."""

import contextlib
from collections.abc import Iterator, Sequence

import keras


def average_momentum(share: float, steps_per_epoch: int) -> float | None:
    """The momentum of an average over about `share` of an epoch; None where that is one step."""
    steps = share * steps_per_epoch
    return 1 - 1 / steps if steps > 1 else None


@contextlib.contextmanager
def averaged(model: keras.Model) -> Iterator[None]:
    """In this block the model has the average of its weights, where its optimizer keeps one.

    Weights that have no average, such as the seeds of dropout, stay as they are.

    Source: Polyak and Juditsky 1992, "Acceleration of Stochastic Approximation by Averaging"; here
    an exponential average, that of Keras' optimizers (`use_ema`).
    """
    _swap(model)
    try:
        yield
    finally:
        _swap(model)


def _swap(model: keras.Model) -> None:
    optimizer = model.optimizer
    if not optimizer.use_ema or not optimizer.built:
        return
    for weight, average in zip(model.trainable_variables, _averages(optimizer), strict=True):
        value = keras.ops.convert_to_numpy(weight).copy()
        weight.assign(average)
        average.assign(value)


def _averages(optimizer: keras.optimizers.Optimizer) -> list:
    """The averages, in the order of the weights."""
    try:  # Keras' own SwapEMAWeights takes them from here, too
        return optimizer._model_variables_moving_average
    except AttributeError:  # the name is private
        return [each for each in optimizer.variables if each.name.endswith("_average")]


class OnAverage(keras.callbacks.Callback):
    """Calls other callbacks at the end of each epoch, with the average of the weights in the model.

    Args:
        callbacks: what evaluates or saves the model, in order; one of them may stop the training.
        part: the model that they are called with, where it is a part of the one that is trained.
    """

    def __init__(
        self, callbacks: Sequence[keras.callbacks.Callback], part: keras.Model | None = None
    ):
        super().__init__()
        self.callbacks = callbacks
        self.part = part

    def on_epoch_end(self, epoch, logs=None):
        model = self.part or self.model
        with averaged(self.model):
            for callback in self.callbacks:
                callback.set_model(model)
                callback.on_epoch_end(epoch, logs)
        if getattr(model, "stop_training", False):  # a model that is not trained itself has none
            self.model.stop_training = True
