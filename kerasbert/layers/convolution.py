"""A convolution over positions: the one place that chooses how each backend computes it."""

import keras
from keras import ops


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
