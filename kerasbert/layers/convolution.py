"""A convolution over positions: the one place that chooses how each backend computes it."""

import keras
from keras import ops

from kerasbert.layers.gelu import gelu


@keras.saving.register_keras_serializable(package="kerasbert")
class Conv1D(keras.layers.Conv1D):
    """As many states out as in, each from a window of `kernel_size` positions around it.

        inputs   (B, L, D)        float
        returns  (B, L, filters)  float

    It is `keras.layers.Conv1D` with padding "same", and computes what that computes; on PyTorch in
    the formulation that costs least there. `benchmarks/NOTES.md` has what was tried. The name is
    Keras' own because saved weights are found by it: those of one load into the other.
    """

    def __init__(self, filters: int, kernel_size: int, **kwargs):
        super().__init__(filters, kernel_size, **{**kwargs, "padding": "same"})

    def call(self, inputs):
        if keras.backend.backend() != "torch":
            return super().call(inputs)
        from kerasbert.layers.torch import convolve

        kernel, bias = (ops.convert_to_tensor(weight) for weight in (self.kernel, self.bias))
        return convolve(inputs, kernel, bias)


def convolve_gelu(convolution: Conv1D, inputs, mask, training=None):
    """A convolution, the exact GELU, and zeros at padding.

        inputs   (B, L, D)  float
        mask     (B, L, 1)  float, 1 where there is text, 0 at padding
        returns  (B, L, F)  float

    Args:
        convolution: of F filters, built.
        inputs: see above.
        mask: see above.
        training: whether a gradient is wanted, and shapes are few.
    """
    if keras.backend.backend() != "tensorflow" or not training:
        return gelu(convolution(inputs), training) * mask
    from kerasbert.layers.tensorflow import masked_gelu

    kernel, bias = (
        ops.convert_to_tensor(weight, dtype=convolution.compute_dtype)
        for weight in (convolution.kernel, convolution.bias)
    )
    return masked_gelu(convolution.convolution_op(inputs, kernel), bias, mask)
