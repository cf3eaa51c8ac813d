"""Layers in a layer that `model.quantize` has changed: the config of the outer one says it."""

import keras

Map = keras.dtype_policies.DTypePolicyMap


def quantized_policies(layer: keras.layers.Layer) -> dict:
    """What the config of a layer that makes its own sublayers says of those that are quantized.

    Nothing, if none is; else its `dtype`, as a policy for each of them by path, which it passes to
    every one of them as its own.
    """
    own = layer.dtype_policy
    policies = Map((own.default_policy if isinstance(own, Map) else own).name)
    for sublayer in layer._flatten_layers(include_self=False):
        if sublayer.quantization_mode is not None:
            policies[sublayer.path] = sublayer.dtype_policy
    return {"dtype": keras.saving.serialize_keras_object(policies)} if len(policies) else {}


def take_own_policy(layer: keras.layers.Layer) -> None:
    """Of the policies that a sublayer was given, keep its own; Keras' Dense saves by no others."""
    if isinstance(layer.dtype_policy, Map):
        layer._dtype_policy = layer.dtype_policy[layer.path]
