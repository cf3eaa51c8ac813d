"""Dropout: the one place that chooses how each backend drops."""

import math

import keras
from keras import ops

from kerasbert.layers.random_words import drop
from kerasbert.ranges import SEEDS


@keras.saving.register_keras_serializable(package="kerasbert")
class Dropout(keras.layers.Dropout):
    """Set a share of the numbers to 0 in training, and scale the others so that the mean stays.

        inputs   (...)  float
        returns  (...)  dtype of `inputs`

    As `keras.layers.Dropout`, with cheaper random numbers: a hash of a few operations on JAX and
    TensorFlow, PyTorch's own on PyTorch. The same seed drops the same numbers on the same backend.

    Source: Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html, section 4.
    """

    def __init__(self, rate, seed=None, **kwargs):
        # What follows from a large seed, by adding to it: PyTorch keeps the state in 31 bits.
        super().__init__(rate, seed=seed if seed is None else seed % SEEDS, **kwargs)

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
