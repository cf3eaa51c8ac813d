"""Losses for labels that are rare: weighted, focal, asymmetric; and one for a teacher's answers."""

from collections.abc import Sequence
from typing import get_args

import keras
import numpy as np
from keras import ops

from kerasbert.choices import LabelLoss
from kerasbert.heads.classification.kinds import KINDS, check_targets
from kerasbert.heads.classification.targets import class_indices, decisions
from kerasbert.layers.ids import spoiled

LOSSES = get_args(LabelLoss)
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
        target = decisions(target, logits)
        weights = ops.convert_to_tensor(self.positive_weights, dtype=logits.dtype)
        positive = target * weights * ops.softplus(-logits)
        return ops.mean(positive + (1 - target) * ops.softplus(logits), axis=-1)

    def get_config(self):
        return super().get_config() | {"positive_weights": self.positive_weights}


@keras.saving.register_keras_serializable(package="kerasbert")
class SoftLabels(_OfLogits):
    """Cross-entropy with the probabilities of a teacher, both at a temperature.

        target  (B, K)  float, the teacher's logits
        logits  (B, K)  float

    Of decisions the mean over the labels. The square of the temperature is a factor, so that the
    gradient is about as long at any.

    Args:
        temperature: what both logits are divided by.
        kind: "multi-label" for decisions of their own, "multi-class" or "binary" for one of K.
        name: of the loss.

    Source: Hinton et al. 2015, https://arxiv.org/abs/1503.02531, section 2.
    """

    def __init__(
        self, temperature: float, kind: str = "multi-label", name: str = "soft_labels", **kwargs
    ):
        super().__init__(name, **kwargs)
        self.temperature = temperature
        self.kind = kind

    def call(self, target, logits):
        taught, own = target / self.temperature, logits / self.temperature
        if self.kind == "multi-label":
            nats = ops.mean(ops.softplus(own) - ops.sigmoid(taught) * own, axis=-1)
        else:
            nats = -ops.sum(ops.softmax(taught) * ops.log_softmax(own), axis=-1)
        return self.temperature**2 * nats

    def get_config(self):
        return super().get_config() | {"temperature": self.temperature, "kind": self.kind}


@keras.saving.register_keras_serializable(package="kerasbert")
class FocalLoss(_OfLogits):
    """Cross-entropy times (1 - p)^gamma, p the probability given to what is true.

    What is already right counts little, so that the many easy negatives do not drown the rest.

        target  (B, K)  float, 0 or 1: a decision for each label
                (B,)    int: one of K classes; another is an error, or not a number
        logits  (B, K)  float

    Args:
        gamma: 0 for cross-entropy.
        kind: "multi-label" for the former targets, "multi-class" or "binary" for the latter; with
            None they are told by their rank.
        name: of the loss.

    Source: Lin et al. 2017, https://arxiv.org/abs/1708.02002, equation 4, without alpha.
    """

    def __init__(
        self, gamma: float = 2.0, name: str = "focal_loss", kind: str | None = None, **kwargs
    ):
        super().__init__(name, **kwargs)
        self.gamma = gamma
        self.kind = kind

    def call(self, target, logits):
        of_labels = self.kind == "multi-label"
        if self.kind is None:
            of_labels = len(target.shape) == len(logits.shape)
        if of_labels:
            signed = ops.where(decisions(target, logits) > 0, logits, -logits)
            nats = ops.softplus(-signed)
            return ops.mean(ops.exp(-self.gamma * ops.softplus(signed)) * nats, axis=-1)
        index, wrong = class_indices(target, logits)
        log_probability = ops.log_softmax(logits, axis=-1)
        nats = -ops.take_along_axis(log_probability, index[..., None], axis=-1)[..., 0]
        return spoiled((1 - ops.exp(-nats)) ** self.gamma * nats, wrong)

    def get_config(self):
        return super().get_config() | {"gamma": self.gamma, "kind": self.kind}


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
        target = decisions(target, logits)
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

        target  (B,)    int: one of K classes; another is an error, or not a number
        logits  (B, K)  float

    Source: Szegedy et al. 2016, https://arxiv.org/abs/1512.00567, section 7.
    """

    def __init__(self, smoothing: float, name: str = "smoothed_loss", **kwargs):
        super().__init__(name, **kwargs)
        self.smoothing = smoothing

    def call(self, target, logits):
        index, wrong = class_indices(target, logits)
        log_probability = ops.log_softmax(logits, axis=-1)
        right = ops.take_along_axis(log_probability, index[..., None], axis=-1)[..., 0]
        spread = ops.mean(log_probability, axis=-1)
        nats = -(1 - self.smoothing) * right - self.smoothing * spread
        return spoiled(nats, wrong)

    def get_config(self):
        return super().get_config() | {"smoothing": self.smoothing}


@keras.saving.register_keras_serializable(package="kerasbert")
class ClassCrossEntropy(_OfLogits):
    """Cross-entropy of classes that exclude each other.

        target  (B,)    int: one of K classes; another is an error, or not a number
        logits  (B, K)  float

    It computes what `keras.losses.SparseCategoricalCrossentropy(from_logits=True)` computes, which
    says nothing of a class that is not there: on JAX its loss is 0.
    """

    def __init__(self, name: str = "class_cross_entropy", **kwargs):
        super().__init__(name, **kwargs)

    def call(self, target, logits):
        index, wrong = class_indices(target, logits)
        nats = ops.sparse_categorical_crossentropy(index, logits, from_logits=True)
        return spoiled(nats, wrong)


@keras.saving.register_keras_serializable(package="kerasbert")
class LabelCrossEntropy(_OfLogits):
    """Binary cross-entropy of each label's own decision.

        target  (B, K)  float, 0 or 1
        logits  (B, K)  float

    It computes what `keras.losses.BinaryCrossentropy(from_logits=True)` computes, and takes no
    targets of another shape.

    Args:
        smoothing: of the targets, towards 0.5.
        name: of the loss.
    """

    def __init__(self, smoothing: float = 0.0, name: str = "label_cross_entropy", **kwargs):
        super().__init__(name, **kwargs)
        self.smoothing = smoothing

    def call(self, target, logits):
        return keras.losses.binary_crossentropy(
            decisions(target, logits), logits, from_logits=True, label_smoothing=self.smoothing
        )

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
        kind: "multi-label" (targets (B, K), 0 or 1), "multi-class" or "binary" (targets (B,); of
            a class that is not one of the K the loss is not a number).
        gold: (N, K) multi-hot labels of the training data, which "weighted" needs.
        smoothing: of the labels, for "cross-entropy".

    Raises:
        ValueError: an unknown name or kind, a loss that the kind has not, or labels that it has
            not.
    """
    if name not in LOSSES or kind not in KINDS:
        raise ValueError(
            f"Expected a loss of {', '.join(LOSSES)} and a kind of {', '.join(KINDS)}. "
            f"Received: {name!r} and {kind!r}"
        )
    if gold is not None:
        check_targets(kind, gold.shape[1])
    if smoothing and name != "cross-entropy":
        raise ValueError(f"label smoothing is for the cross-entropy loss, not for {name}.")
    if name == "focal":
        return FocalLoss(kind=kind)
    if kind != "multi-label":
        if name == "cross-entropy":
            if smoothing:
                return SmoothedLoss(smoothing)
            return ClassCrossEntropy()
        raise ValueError(
            f"the {name} loss is for multi-label data; take focal or cross-entropy for {kind}."
        )
    if name == "cross-entropy":
        return LabelCrossEntropy(smoothing)
    if name == "asymmetric":
        return AsymmetricLoss()
    if gold is None:
        raise ValueError("the weighted loss needs the labels of the training data (gold).")
    return WeightedLoss(positive_weights(gold).tolist())
