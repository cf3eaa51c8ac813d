"""The GELU: the one place that chooses how each backend computes it and its gradient."""

import keras
from keras import ops


def gelu(inputs, training=None):
    """x times the share of a normal distribution that lies below x.

        inputs   (...)  float
        returns  (...)  dtype of `inputs`

    Args:
        inputs: see above.
        training: whether a gradient is wanted, and shapes are few.

    Source: Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415, section 2.
    """
    backend = keras.backend.backend()
    if backend == "jax":
        from kerasbert.layers.jax import gelu as by_jax

        return by_jax(inputs)
    if backend == "tensorflow" and training:
        from kerasbert.layers.tensorflow import gelu as by_tensorflow

        return by_tensorflow(inputs)
    return ops.gelu(inputs, approximate=False)


@keras.saving.register_keras_serializable(package="kerasbert")
def gelu_tanh(inputs):
    """The older approximation of the GELU by tanh: (...) float -> (...) float.

    With it GPT-2, ALBERT and some BERTs were trained. It is that of the paper above, section 2.
    """
    return ops.gelu(inputs, approximate=True)


def activate(name: str, inputs, training=None):
    """An activation by its name: "gelu", "gelu_tanh", or any of Keras' own.

    inputs   (...)  float
    returns  (...)  dtype of `inputs`
    """
    if name == "gelu":
        return gelu(inputs, training)
    return gelu_tanh(inputs) if name == "gelu_tanh" else keras.activations.get(name)(inputs)
