"""Dropout whose random numbers cost little: the one place that chooses how each backend drops."""

import math

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


def random_words(index, seed):
    """A random 32-bit number for each element: its index, scrambled by the seed.

        index    (...)  uint32
        seed     (2,)   uint32
        returns  (...)  uint32

    A hash of a counter, as Salmon et al. 2011 (https://doi.org/10.1145/2063384.2063405) propose,
    of far fewer operations than theirs, which is all that dropout needs.
    """
    first = scramble(seed[0])
    second = scramble(ops.bitwise_xor(first, seed[1]))
    return scramble(index * ops.bitwise_or(first, _word(1)) + second)


def drop(inputs, index, rate: float, seed):
    """Set a share of the numbers to 0, and scale the others so that the mean stays.

    inputs   (...)  float
    index    (...)  uint32, of each number: 0, 1, 2, ...
    seed     (2,)   uint32
    returns  (...)  dtype of `inputs`
    """
    kept = ops.less(random_words(index, seed), _word(round((1 - rate) * 2**32)))
    return ops.where(kept, inputs / (1 - rate), ops.zeros_like(inputs))


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
        seed, backend = self.seed_generator.next(), keras.backend.backend()
        if backend == "torch":
            from kerasbert.layers.torch import drop as by_torch

            return by_torch(inputs, self.rate, seed)
        seed = ops.cast(seed, "uint32")
        if backend == "tensorflow":
            from kerasbert.layers.tensorflow import drop as by_tensorflow

            return by_tensorflow(inputs, self.rate, seed)
        index = ops.reshape(ops.arange(math.prod(inputs.shape), dtype="uint32"), inputs.shape)
        return drop(inputs, index, self.rate, seed)

    def save_own_variables(self, store):
        """How far the random numbers have come: Keras' own begins anew after loading."""
        super().save_own_variables(store)
        if self.rate > 0:
            store["seed_state"] = self.seed_generator.state

    def load_own_variables(self, store):
        if self.rate > 0 and "seed_state" in store.keys():  # noqa: SIM118  (no dictionary)
            self.seed_generator.state.assign(store["seed_state"])
