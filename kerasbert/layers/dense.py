"""A product with a kernel: the one place that chooses how each backend computes it."""

import keras
from keras import ops

from kerasbert.layers.quantized import OwnPolicy


def dtype_of_logits() -> str:
    """Of 32 bits, or of 64 where all is: a loss needs them."""
    return "float64" if keras.config.dtype_policy().compute_dtype == "float64" else "float32"


def product(inputs, kernel, bias=None):
    """The product of each vector with a matrix, and a bias.

    inputs   (..., K)  float
    kernel   (K, M)    float; a transposed matrix is as good
    bias     (M,)      float, or None
    returns  (..., M)  float
    """
    if keras.backend.backend() == "torch":
        from kerasbert.layers.torch import prefers_onednn, product_by_onednn

        if prefers_onednn(inputs, kernel):
            return product_by_onednn(inputs, kernel, bias)
    outputs = ops.matmul(inputs, kernel)
    return outputs if bias is None else ops.add(outputs, bias)


def add_bias(inputs, bias):
    """Of many more columns than rows: a vocabulary's.

    inputs   (..., M)  float
    bias     (M,)      float
    returns  (..., M)  float
    """
    backend = keras.backend.backend()
    if backend == "jax":
        from kerasbert.layers.jax import add_bias as by_jax

        return by_jax(inputs, bias)
    if backend == "tensorflow":
        from kerasbert.layers.tensorflow import add_bias as by_tensorflow

        return by_tensorflow(inputs, bias)
    return inputs + bias


@keras.saving.register_keras_serializable(package="kerasbert")
class Dense(OwnPolicy, keras.layers.Dense):
    """A product of each vector with a kernel, a bias and an activation.

        inputs   (..., K)      float
        returns  (..., units)  float

    It is `keras.layers.Dense`, and computes what that computes, on PyTorch by the library that does
    it fastest on this processor. The name is Keras' own because saved weights are found by it.
    `model.quantize` treats it as Keras' own. With `enable_lora` it computes two products with few
    columns beside that with the kernel, which then needs no gradient.
    """

    def call(self, inputs, training=None):
        adapted = self.lora_enabled and hasattr(self, "_kernel")  # its name is private to Keras
        kernel = self._kernel if adapted else self.kernel
        kernel = ops.convert_to_tensor(kernel, dtype=self.compute_dtype)
        bias = None
        if self.bias is not None:
            bias = ops.convert_to_tensor(self.bias, dtype=self.compute_dtype)
        outputs = product(inputs, kernel, bias)
        if adapted:
            first, second = (
                ops.convert_to_tensor(weight, dtype=self.compute_dtype)
                for weight in (self.lora_kernel_a, self.lora_kernel_b)
            )
            share = self.lora_alpha / self.lora_rank
            outputs = outputs + share * product(product(inputs, first), second)
        return outputs if self.activation is None else self.activation(outputs)

    def quantize(self, mode=None, type_check=True, config=None):
        """Hold the kernel in fewer bits, and compute as `keras.layers.Dense` does then."""
        super().quantize(mode, type_check=False, config=config)
