"""The losses of regression."""

from collections.abc import Callable

import keras

from kerasbert.choices import NumberLoss

_NETWORK: dict[NumberLoss, Callable[..., keras.losses.Loss]] = {
    "squared": keras.losses.MeanSquaredError,
    "absolute": keras.losses.MeanAbsoluteError,
    "huber": keras.losses.Huber,
}


def build_loss(name: NumberLoss) -> keras.losses.Loss:
    """The mean over documents and numbers of a loss of targets (B, K) and outputs (B, K).

    Huber's is half the square up to one deviation of the training data, and grows in a line from
    there.
    """
    return _NETWORK[name]()
