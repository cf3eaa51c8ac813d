"""A convolution over positions: the one place that chooses how each backend computes it."""

import keras
from keras import ops

from kerasbert.layers.gelu import gelu
from kerasbert.layers.quantized import OwnPolicy


@keras.saving.register_keras_serializable(package="kerasbert")
class Conv1D(OwnPolicy, keras.layers.Conv1D):
    """As many states out as in, each from a window of `kernel_size` positions around it.

        inputs   (B, L, D)        float
        returns  (B, L, filters)  float

    It is `keras.layers.Conv1D` with padding "same" and the channels last, whatever format of images
    Keras is set to, and computes what that computes; on PyTorch in the formulation that costs least
    there. `docs/notes.md` has what was tried. The name is Keras' own because saved weights
    are found by it: those of one load into the other.

    `model.quantize("int8")` holds the kernel in 8 bits, with a scale for each filter; Keras' own
    has no such thing. It computes in its own precision as before.
    """

    def __init__(self, filters: int, kernel_size: int, **kwargs):
        fixed = {"padding": "same", "data_format": "channels_last"}
        super().__init__(filters, kernel_size, **kwargs | fixed)

    def call(self, inputs):
        if keras.backend.backend() != "torch":
            return super().call(inputs)
        from kerasbert.layers.torch import convolve

        kernel, bias = (ops.convert_to_tensor(weight) for weight in (self.kernel, self.bias))
        return convolve(inputs, kernel, bias)

    def build(self, input_shape):
        if self.quantization_mode is None:
            return super().build(input_shape)
        self._hold_bytes((*self.kernel_size, input_shape[-1], self.filters))
        self.bias = self.add_weight((self.filters,), "zeros", name="bias")

    def quantize(self, mode=None, type_check=True, config=None):
        """Hold the kernel in 8 bits, if it is not yet. A mode other than "int8" is not there."""
        if mode != "int8" or not hasattr(self, "_kernel"):  # not part of the public interface
            raise NotImplementedError(f"{self.name}: a convolution has no quantization {mode!r}.")
        if hasattr(self, "kernel_scale"):
            return
        kernel, scale = keras.quantizers.AbsMaxQuantizer(axis=(0, 1))(self._kernel, to_numpy=True)
        del self._kernel
        self._hold_bytes(kernel.shape)
        self._kernel.assign(kernel)
        self.kernel_scale.assign(scale[0, 0])
        self.dtype_policy = keras.dtype_policies.get(f"int8_from_{self.dtype_policy.name}")

    def _hold_bytes(self, shape):
        self._kernel = self.add_weight(shape, "zeros", dtype="int8", trainable=False, name="kernel")
        self.kernel_scale = self.add_weight(
            (self.filters,), "ones", trainable=False, name="kernel_scale"
        )

    @property
    def kernel(self):
        """(W, D, filters) float, whatever it is held in."""
        if self.quantization_mode is None:
            return super().kernel
        return ops.cast(self._kernel, self.compute_dtype) / self.kernel_scale

    def _int8_call(self, inputs, training=None):
        return self.call(inputs)

    def save_own_variables(self, store):
        if self.quantization_mode is None:
            return super().save_own_variables(store)
        for number, weight in enumerate((self._kernel, self.bias, self.kernel_scale)):
            store[str(number)] = weight

    def load_own_variables(self, store):
        if self.quantization_mode is None:
            return super().load_own_variables(store)
        for number, weight in enumerate((self._kernel, self.bias, self.kernel_scale)):
            weight.assign(store[str(number)])


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
