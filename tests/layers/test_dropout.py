import keras
import numpy as np
import pytest

from kerasbert.layers import Dropout
from kerasbert.layers.random_words import scramble

STATES = np.ones((64, 50, 8), np.float32)


def drop(layer, inputs=STATES):
    return keras.ops.convert_to_numpy(layer(inputs, training=True))


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_it_drops_its_share_and_keeps_the_mean(rate):
    dropped = drop(Dropout(rate, seed=3))
    assert set(np.unique(dropped)) == {0.0, np.float32(1) / np.float32(1 - rate)}
    # 25,600 draws: four standard deviations.
    assert np.mean(dropped == 0) == pytest.approx(rate, abs=4 * np.sqrt(rate * (1 - rate) / 25600))


def test_every_call_and_every_layer_drops_others_and_a_seed_repeats_them():
    layer, same, other = Dropout(0.5, seed=3), Dropout(0.5, seed=3), Dropout(0.5, seed=4)
    first, second = drop(layer), drop(layer)
    np.testing.assert_array_equal(first, drop(same))
    for found in (second, drop(other)):
        # Independent of the first: as often together as chance has it.
        together = np.mean((first > 0) & (found > 0))
        assert together == pytest.approx(0.25, abs=0.015)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_neighbours_are_independent(axis):
    kept = drop(Dropout(0.5, seed=1)) > 0
    size = kept.shape[axis]
    both = kept.take(range(size - 1), axis) & kept.take(range(1, size), axis)
    assert np.mean(both) == pytest.approx(0.25, abs=0.015)


def test_the_gradient_is_that_of_what_was_kept():
    class Scaled(keras.layers.Layer):
        """Drops a weight of ones, times a number for each."""

        def build(self, shape):
            self.dropout = Dropout(0.5, seed=3)
            self.numbers = self.add_weight(shape=(50, 8), initializer="ones", name="numbers")

        def call(self, inputs, training=None):
            return self.dropout(self.numbers + 0 * inputs, training=training)

    model = keras.Sequential([keras.Input((50, 8)), Scaled()])
    model.compile(keras.optimizers.SGD(1.0), loss=lambda target, found: keras.ops.sum(found))
    model.fit(np.zeros((1, 50, 8)), np.zeros((1, 1)), verbose=0)
    kept = drop(Dropout(0.5, seed=3), STATES[:1])[0]
    assert 0 < np.mean(kept > 0) < 1
    np.testing.assert_allclose(keras.ops.convert_to_numpy(model.weights[0]), 1 - kept, atol=1e-6)


def test_nothing_is_dropped_in_prediction_or_at_rate_0():
    for layer, training in ((Dropout(0.5), False), (Dropout(0.0), True)):
        found = keras.ops.convert_to_numpy(layer(STATES, training=training))
        np.testing.assert_array_equal(found, STATES)


def test_it_computes_in_the_layers_precision():
    layer = Dropout(0.5, dtype="mixed_bfloat16")
    assert keras.backend.standardize_dtype(layer(STATES, training=True).dtype) == "bfloat16"


@pytest.mark.parametrize("bit", [0, 7, 31])
def test_a_bit_flips_half_of_the_bits(bit):
    if keras.backend.backend() == "torch":
        pytest.skip("PyTorch draws its own numbers")
    numbers = np.arange(5000, dtype=np.uint32)
    changed = keras.ops.convert_to_numpy(scramble(keras.ops.convert_to_tensor(numbers)))
    other = keras.ops.convert_to_numpy(
        scramble(keras.ops.convert_to_tensor(numbers ^ np.uint32(1 << bit)))
    )
    flipped = [bin(int(a) ^ int(b)).count("1") for a, b in zip(changed, other, strict=True)]
    assert np.mean(flipped) == pytest.approx(16, abs=0.3)
