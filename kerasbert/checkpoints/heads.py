"""Heads of public models: of masked language modelling, and of the classification of texts."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasbert.checkpoints.places import Arrays, Place, dense, norm, read
from kerasbert.checkpoints.tensors import Tensors
from kerasbert.choices import PoolingName


@dataclass(frozen=True)
class MaskedLMHead:
    """Where a masked-LM head stands, and what `MaskedLM` is told of it.

    Attributes:
        places: of its dense layer and its normalization.
        bias: the name of its bias.
        decoder: of its scores, which may be stored, or not: they are the token embedding.
        activation, epsilon: of the head.
        width: of its states, if it is not that of the encoder's.
        biased: whether its dense layer and its normalization have biases here.
    """

    places: list[Place]
    bias: str
    decoder: str
    activation: str
    epsilon: float
    width: int | None = None
    biased: bool = True

    def to_json(self) -> dict[str, Any]:
        """Arguments of `MaskedLM`, for config.json."""
        width = {} if self.width is None else {"width": self.width}
        bias = {} if self.biased else {"bias": False}
        return {"activation": self.activation, "epsilon": self.epsilon, **width, **bias}

    def read(self, tensors: Tensors, table: str, vocabulary: int) -> Arrays | None:
        """Its weights.

        Args:
            tensors: of the model.
            table: the name of the token embedding.
            vocabulary: V, its rows.

        Returns:
            None where the folder has none, or one whose decoder is not the token embedding.
        """
        first = self.places[0]
        biases = dict.fromkeys((self.bias, f"{self.decoder}.bias"))  # once, or twice the same
        stored = [name for name in biases if tensors.has(name)]
        if not stored or not tensors.has(first.names[0]):
            return None
        decoder = f"{self.decoder}.weight"
        if tensors.has(decoder):
            if not np.array_equal(tensors.peek(decoder), tensors.peek(table)):
                return None
            tensors.take(decoder, tensors.shape(table))
        arrays = read(tensors, self.places)
        for name in reversed(stored):
            arrays["masked_lm/bias"] = tensors.take(name, (vocabulary,))
        return arrays

    def write(self, arrays: Arrays) -> Arrays:
        """Its weights by their names, without the decoder, which is the token embedding."""
        written = {self.bias: arrays["masked_lm/bias"]}
        for place in self.places:
            written |= place.write(arrays[place.path])
        return written


@dataclass(frozen=True)
class ClassifierHead:
    """Where the head of a ...ForSequenceClassification stands: pooling, a dense layer, the logits.

    Attributes:
        places: of the dense layer and, where there is one, its normalization.
        logits: the name of the linear layer that gives a logit for each label.
        activation: of the dense layer.
        pooling: how states become one vector before it.
        epsilon: of the normalization behind it, or None.
    """

    places: list[Place]
    logits: str
    activation: str
    pooling: PoolingName = "cls"
    epsilon: float | None = None

    def all_places(self, width: int, labels: int) -> list[Place]:
        """With those of the logits, of so many labels from states of this width."""
        return [*self.places, *dense(self.logits, "logits", width, labels)]


def transformed(name: str, width: int, bias: bool = True) -> list[Place]:
    """The dense layer of a classifier's head."""
    return dense(name, "classifier_transform", width, width, bias)


def masked_lm_places(
    transform: str, norm_name: str, inputs: int, width: int, bias: bool = True
) -> list[Place]:
    """The dense layer and the normalization of a masked-LM head."""
    return [
        *dense(transform, "masked_lm_transform", inputs, width, bias),
        *norm(norm_name, "masked_lm_norm", width, bias),
    ]
