import keras
import numpy as np

from kerasbert.layers.gelu import gelu

NUMBERS = np.linspace(-8, 8, 401).astype(np.float32)


def trained(function):
    """The numbers after a step against the gradient of the sum of what the function makes."""

    class Made(keras.layers.Layer):
        def build(self, shape):
            self.numbers = self.add_weight(shape=NUMBERS.shape, initializer="zeros", name="numbers")
            self.numbers.assign(NUMBERS)

        def call(self, inputs):
            return function(self.numbers + 0 * inputs)

    model = keras.Sequential([keras.Input(NUMBERS.shape), Made()])
    model.compile(keras.optimizers.SGD(1.0), loss=lambda target, found: keras.ops.sum(found))
    model.fit(np.zeros((1, *NUMBERS.shape)), np.zeros((1, 1)), verbose=0)
    return keras.ops.convert_to_numpy(model.weights[0])


def test_it_is_the_exact_gelu():
    from math import erf, sqrt

    expected = [x * (1 + erf(x / sqrt(2))) / 2 for x in NUMBERS.tolist()]
    for training in (False, True):
        found = gelu(keras.ops.convert_to_tensor(NUMBERS), training)
        np.testing.assert_allclose(keras.ops.convert_to_numpy(found), expected, atol=2e-6)


def test_its_gradient_is_that_of_keras():
    of_keras = trained(lambda numbers: keras.ops.gelu(numbers, approximate=False))
    ours = trained(lambda numbers: gelu(numbers, training=True))
    np.testing.assert_allclose(ours, of_keras, atol=2e-6)
    assert np.abs(ours - NUMBERS).max() > 1  # a gradient there was


def test_it_keeps_the_precision():
    numbers = keras.ops.convert_to_tensor(NUMBERS, dtype="bfloat16")
    assert keras.backend.standardize_dtype(gelu(numbers).dtype) == "bfloat16"
