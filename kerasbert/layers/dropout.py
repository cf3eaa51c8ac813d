"""Dropout whose random numbers cost little: the one place that chooses how each backend drops."""

import keras
from keras import ops


def scramble(number):
    """A bijection of 32-bit numbers: each bit that changes flips about half of the result's.

        number   (...)  uint32
        returns  (...)  uint32

    The shifts and factors are those of "lowbias32" (Wellons, hash-prospector,
    https://github.com/skeeto/hash-prospector).
    """
    number = ops.bitwise_xor(number, ops.right_shift(number, _word(16)))
    number = number * _word(0x7FEB352D)
    number = ops.bitwise_xor(number, ops.right_shift(number, _word(15)))
    number = number * _word(0x846CA68B)
    return ops.bitwise_xor(number, ops.right_shift(number, _word(16)))


def _word(number: int):
    return ops.convert_to_tensor(number, dtype="uint32")


def random_words(shape, seed):
    """A random 32-bit number for each element: its index, scrambled by the seed.

        seed     (2,)   uint32
        returns  shape  uint32

    A hash of a counter, as Salmon et al. 2011 (https://doi.org/10.1145/2063384.2063405) propose,
    of far fewer operations than theirs, which is all that dropout needs.
    """
    first = scramble(seed[0])
    second = scramble(ops.bitwise_xor(first, seed[1]))
    size = 1
    for axis in shape:
        size = size * axis
    index = ops.reshape(ops.cast(ops.arange(size, dtype="int32"), "uint32"), shape)
    return scramble(index * ops.bitwise_or(first, _word(1)) + second)


@keras.saving.register_keras_serializable(package="kerasbert")
class Dropout(keras.layers.Dropout):
    """Set a share of the numbers to 0 in training, and scale the others so that the mean stays.

        inputs   (...)  float
        returns  (...)  dtype of `inputs`

    As `keras.layers.Dropout`, with cheaper random numbers: a hash of a few operations on JAX and
    TensorFlow, PyTorch's own on PyTorch. The same seed drops the same numbers on the same backend.

    Source: Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html, section 4.
    """

    def call(self, inputs, training=False):
        if not training or not 0 < self.rate < 1 or self.noise_shape is not None:
            return super().call(inputs, training=training)
        seed = self.seed_generator.next()
        if keras.backend.backend() == "torch":
            from kerasbert.layers.torch import drop

            return drop(inputs, self.rate, seed)
        words = random_words(ops.shape(inputs), ops.cast(seed, "uint32"))
        kept = ops.less(words, _word(round((1 - self.rate) * 2**32)))
        return ops.where(kept, inputs / (1 - self.rate), ops.zeros_like(inputs))
