"""Low-rank adapters: beside each kernel of the encoder two thin ones learn in its place.

What is saved of a layer with adapters is its kernel with their product added, so a saved model has
the layers and weights of any other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import keras

from kerasbert.errors import InputError
from kerasbert.layers.quantized import sublayers


@dataclass(frozen=True)
class Adapted:
    """How many numbers a model has (its adapters aside), learns now, and learned without them."""

    weights: int
    learned: int
    before: int


def add_adapters(model: keras.Model, rank: int, seed: int = 0) -> Adapted:
    """Give the encoder of a model low-rank adapters, which begin at no change; call before compile.

    A kernel W (K, M) stays as it is, and computes as W + A B, with A (K, rank) random and B
    (rank, M) 0 at first. The embedding stays as it is, too. What goes on learning is small: biases
    and normalizations of the encoder, and all that is behind it.

    Args:
        model: built, not compiled, with layers "embedding" and "encoder".
        rank: below the width of every kernel.
        seed: of A.

    Raises:
        InputError: a rank that is no saving, or an encoder without such kernels.

    Source: Hu et al. 2021, https://arxiv.org/abs/2106.09685, section 4.1; that biases alone adapt a
    model, Ben Zaken et al. 2021, https://arxiv.org/abs/2106.10199.
    """
    weights, before = _numbers(model.weights), _numbers(model.trainable_weights)
    layers = list(_with_kernels(model.get_layer("encoder")))
    if not layers:
        raise InputError(
            "--lora: the encoder has no layer that Keras can give an adapter (enable_lora). Train"
            " without --lora."
        )
    least = min(min(layer.kernel.shape[-2:]) for layer in layers)
    if rank >= least:
        raise InputError(
            f"--lora {rank}: the narrowest kernel of the encoder is {least} wide; expected less."
            " Usual ranks are 4 to 64."
        )
    for number, layer in enumerate(layers):
        initializer = keras.initializers.HeUniform(seed=seed + number)
        layer.enable_lora(rank, a_initializer=initializer)
    for weight in model.get_layer("embedding").weights:
        weight.trainable = False
    return Adapted(weights, _numbers(model.trainable_weights), before)


def _with_kernels(layer: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    """The layers in a layer that can have an adapter, each once, in order."""
    for each in dict.fromkeys(sublayers(layer)):
        if hasattr(each, "enable_lora") and hasattr(each, "kernel"):
            yield each


def _numbers(weights) -> int:
    return sum(prod(weight.shape) for weight in weights)
