"""One vector from many states."""

import keras
import numpy as np
import pytest

from kerasbert.layers import Pooling

HIDDEN = np.array([[[1.0, -5], [3, -1], [9, 9]], [[2, 2], [4, 4], [6, 6]]], np.float32)
MASK = np.array([[1, 1, 0], [1, 1, 1]], bool)


@pytest.mark.parametrize(
    "mode, expected",
    [
        ("cls", [[1, -5], [2, 2]]),
        ("mean", [[2, -3], [4, 4]]),
        ("max", [[3, -1], [6, 6]]),
    ],
)
def test_by_hand(mode, expected):
    found = keras.ops.convert_to_numpy(Pooling(mode)(HIDDEN, MASK))
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("mode", ["mean", "max"])
def test_a_row_of_padding_alone_is_zero(mode):
    found = keras.ops.convert_to_numpy(Pooling(mode)(HIDDEN, np.zeros((2, 3), bool)))
    np.testing.assert_array_equal(found, np.zeros((2, 2)))


@pytest.mark.parametrize("mode", ["cls", "mean", "max"])
def test_as_a_layer(check_layer, mode):
    assert check_layer(Pooling(mode, projection=True), HIDDEN, MASK).shape == (2, 2)


def test_an_unknown_mode_is_named():
    with pytest.raises(ValueError, match="cls, mean, max.*Received: 'sum'"):
        Pooling("sum")
