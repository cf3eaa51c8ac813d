"""Losses for labels that are rare: weighted, focal, asymmetric."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

LOSSES = ("cross-entropy", "weighted", "focal", "asymmetric")
HEAVIEST = 20.0  # the most that a rare label's positives weigh


class _OfLogits(keras.losses.Loss):
    """What the losses here share: logits in, the mean over batch and labels out."""

    from_logits = True  # as Keras' own losses say it

    def __init__(self, name: str, **kwargs):
        super().__init__(name=name, **kwargs)

    def get_config(self):
        # Keras' own config of a loss has what its constructor takes; `dtype` is not ours to set.
        return {name: value for name, value in super().get_config().items() if name != "dtype"}


@keras.saving.register_keras_serializable(package="kerasbert")
class WeightedLoss(_OfLogits):
    """Binary cross-entropy with a weight for the positives of each label.

        target  (B, K)  float, 0 or 1
        logits  (B, K)  float

    Args:
        positive_weights: K numbers, as `positive_weights` gives them.
    """

    def __init__(self, positive_weights: Sequence[float], name: str = "weighted_loss", **kwargs):
        super().__init__(name, **kwargs)
        self.positive_weights = [float(weight) for weight in positive_weights]

    def call(self, target, logits):
        weights = ops.convert_to_tensor(self.positive_weights, dtype=logits.dtype)
        positive = target * weights * ops.softplus(-logits)
        return ops.mean(positive + (1 - target) * ops.softplus(logits), axis=-1)

    def get_config(self):
        return super().get_config() | {"positive_weights": self.positive_weights}


@keras.saving.register_keras_serializable(package="kerasbert")
class FocalLoss(_OfLogits):
    """Cross-entropy times (1 - p)^gamma, p the probability given to what is true.

    What is already right counts little, so that the many easy negatives do not drown the rest.

        target  (B, K)  float, 0 or 1: a decision for each label
                (B,)    int: one of K classes
        logits  (B, K)  float

    Source: Lin et al. 2017, https://arxiv.org/abs/1708.02002, equation 4, without alpha.
    """

    def __init__(self, gamma: float = 2.0, name: str = "focal_loss", **kwargs):
        super().__init__(name, **kwargs)
        self.gamma = gamma

    def call(self, target, logits):
        if len(target.shape) == len(logits.shape):
            signed = ops.where(target > 0, logits, -logits)
            nats = ops.softplus(-signed)
            return ops.mean(ops.exp(-self.gamma * ops.softplus(signed)) * nats, axis=-1)
        log_probability = ops.log_softmax(logits, axis=-1)
        index = ops.cast(target, "int32")[..., None]
        nats = -ops.take_along_axis(log_probability, index, axis=-1)[..., 0]
        return (1 - ops.exp(-nats)) ** self.gamma * nats

    def get_config(self):
        return super().get_config() | {"gamma": self.gamma}


@keras.saving.register_keras_serializable(package="kerasbert")
class AsymmetricLoss(_OfLogits):
    """Focal loss with a gamma of its own for negatives, the easiest of which count nothing.

        target  (B, K)  float, 0 or 1
        logits  (B, K)  float

    Args:
        gamma_positive: focus on hard positives.
        gamma_negative: focus on hard negatives.
        margin: a negative whose probability is below it counts nothing.
        name: of the loss.

    Source: Ridnik et al. 2021, https://arxiv.org/abs/2009.14119, equations 4 to 7.
    """

    def __init__(
        self,
        gamma_positive: float = 0.0,
        gamma_negative: float = 4.0,
        margin: float = 0.05,
        name: str = "asymmetric_loss",
        **kwargs,
    ):
        super().__init__(name, **kwargs)
        self.gamma_positive = gamma_positive
        self.gamma_negative = gamma_negative
        self.margin = margin

    def call(self, target, logits):
        hard = ops.exp(-self.gamma_positive * ops.softplus(logits))  # (1 - p)^gamma
        positive = target * hard * ops.softplus(-logits)
        shifted = ops.maximum(ops.sigmoid(logits) - self.margin, 0.0)
        negative = (1 - target) * shifted**self.gamma_negative * -ops.log1p(-shifted)
        return ops.mean(positive + negative, axis=-1)

    def get_config(self):
        return super().get_config() | {
            "gamma_positive": self.gamma_positive,
            "gamma_negative": self.gamma_negative,
            "margin": self.margin,
        }


@keras.saving.register_keras_serializable(package="kerasbert")
class SmoothedLoss(_OfLogits):
    """Cross-entropy with a target that leaves `smoothing` of the probability to all classes.

        target  (B,)    int: one of K classes
        logits  (B, K)  float

    Source: Szegedy et al. 2016, https://arxiv.org/abs/1512.00567, section 7.
    """

    def __init__(self, smoothing: float, name: str = "smoothed_loss", **kwargs):
        super().__init__(name, **kwargs)
        self.smoothing = smoothing

    def call(self, target, logits):
        log_probability = ops.log_softmax(logits, axis=-1)
        index = ops.cast(target, "int32")[..., None]
        right = ops.take_along_axis(log_probability, index, axis=-1)[..., 0]
        spread = ops.mean(log_probability, axis=-1)
        return -(1 - self.smoothing) * right - self.smoothing * spread

    def get_config(self):
        return super().get_config() | {"smoothing": self.smoothing}


def positive_weights(gold: np.ndarray) -> np.ndarray:
    """(K,) float32, the square root of negatives to positives of each label, from 1 to 20.

    Args:
        gold: (N, K) multi-hot labels of the training data.
    """
    positives = gold.sum(axis=0)
    ratio = (len(gold) - positives + 1) / (positives + 1)
    return np.clip(np.sqrt(ratio), 1.0, HEAVIEST).astype(np.float32)


def build_loss(
    name: str, kind: str, gold: np.ndarray | None = None, smoothing: float = 0.0
) -> keras.losses.Loss:
    """The loss of a kind of classification, on logits.

    Args:
        name: one of `LOSSES`.
        kind: "multi-label" (targets (B, K), 0 or 1), "multi-class" or "binary" (targets (B,)).
        gold: (N, K) multi-hot labels of the training data, which "weighted" needs.
        smoothing: of the labels, for "cross-entropy".

    Raises:
        ValueError: an unknown name or kind, or a loss that the kind has not.
    """
    if name not in LOSSES or kind not in ("multi-label", "multi-class", "binary"):
        raise ValueError(
            f"Expected a loss of {', '.join(LOSSES)} and a kind of multi-label, multi-class, "
            f"binary. Received: {name!r} and {kind!r}"
        )
    if smoothing and name != "cross-entropy":
        raise ValueError(f"label smoothing is for the cross-entropy loss, not for {name}.")
    if name == "focal":
        return FocalLoss()
    if kind != "multi-label":
        if name == "cross-entropy":
            if smoothing:
                return SmoothedLoss(smoothing)
            return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        raise ValueError(
            f"the {name} loss is for multi-label data; take focal or cross-entropy for {kind}."
        )
    if name == "cross-entropy":
        return keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=smoothing)
    if name == "asymmetric":
        return AsymmetricLoss()
    if gold is None:
        raise ValueError("the weighted loss needs the labels of the training data (gold).")
    return WeightedLoss(positive_weights(gold).tolist())
