"""Hidden states at chosen positions."""

import numpy as np
import pytest

from kerasbert.layers import GatherPositions


def test_takes_the_state_at_each_position():
    hidden = np.array([[[1.0, 1], [2, 2], [3, 3]], [[4, 4], [5, 5], [6, 6]]], np.float32)
    positions = np.array([[2, 0], [1, 1]], np.int32)
    expected = [[[3, 3], [1, 1]], [[5, 5], [5, 5]]]
    np.testing.assert_array_equal(np.asarray(GatherPositions()(hidden, positions)), expected)


def test_is_numpys_take_along_axis():
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(4, 7, 3)).astype(np.float32)
    positions = rng.integers(0, 7, (4, 5)).astype(np.int32)
    expected = np.take_along_axis(hidden, positions[..., None], axis=1)
    np.testing.assert_array_equal(np.asarray(GatherPositions()(hidden, positions)), expected)


def test_as_a_layer(check_layer):
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(2, 6, 4)).astype(np.float32)
    assert check_layer(GatherPositions(), hidden, np.zeros((2, 3), np.int32)).shape == (2, 3, 4)


def test_wrong_shapes_are_named():
    import keras

    with pytest.raises(ValueError, match=r"hidden \(B, L, D\).*Received"):
        GatherPositions()(keras.Input((4,)), keras.Input((3,), dtype="int32"))
