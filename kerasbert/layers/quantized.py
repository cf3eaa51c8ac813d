"""Layers in a layer that `model.quantize` has changed: the config of the outer one says it."""

from collections.abc import Iterator
from typing import Any

import keras

Map = keras.dtype_policies.DTypePolicyMap


def quantized_policies(layer: keras.layers.Layer) -> dict:
    """What the config of a layer that makes its own sublayers says of those that are quantized.

    Nothing, if none is; else its `dtype`, as a policy for each of them by path, which it passes to
    every one of them as its own.
    """
    own = layer.dtype_policy
    found = {each.path: each.dtype_policy for each in sublayers(layer) if each.quantization_mode}
    policies = Map((own.default_policy if isinstance(own, Map) else own).name, found)
    return {"dtype": keras.saving.serialize_keras_object(policies)} if found else {}


def sublayers(layer: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    """The layers that a layer has as attributes, or in lists, and theirs."""
    attributes = keras.tree.flatten(list(vars(layer).values()))
    for each in dict.fromkeys(each for each in attributes if isinstance(each, keras.layers.Layer)):
        yield each
        yield from sublayers(each)


class OwnPolicy:
    """Of the policies that a sublayer was given, its own; Keras' Dense saves by no others."""

    @property
    def dtype_policy(self) -> Any:
        policy = super().dtype_policy  # type: ignore[misc]
        return policy[self.path] if isinstance(policy, Map) and self.path else policy  # type: ignore

    @dtype_policy.setter
    def dtype_policy(self, policy: Any) -> None:
        keras.layers.Layer.dtype_policy.fset(self, policy)
