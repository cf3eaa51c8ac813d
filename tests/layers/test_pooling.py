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
        ("mean-max", [[2, -3, 3, -1], [4, 4, 6, 6]]),
    ],
)
def test_by_hand(mode, expected):
    found = keras.ops.convert_to_numpy(Pooling(mode)(HIDDEN, MASK))
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("mode", ["mean", "max", "mean-max"])
def test_a_row_of_padding_alone_is_zero(mode):
    found = keras.ops.convert_to_numpy(Pooling(mode)(HIDDEN, np.zeros((2, 3), bool)))
    assert found.shape[0] == 2 and not found.any()


@pytest.mark.parametrize("mode, width", [("cls", 2), ("mean", 2), ("max", 2), ("mean-max", 4)])
def test_as_a_layer(check_layer, mode, width):
    assert check_layer(Pooling(mode, projection=True), HIDDEN, MASK).shape == (2, width)


@pytest.mark.parametrize("mode, width", [("mean", 4), ("max", 4), ("mean-max", 8)])
def test_the_lead_is_pooled_by_itself_as_well(check_layer, mode, width):
    found = keras.ops.convert_to_numpy(Pooling(mode, lead=2)(HIDDEN, MASK))
    whole = keras.ops.convert_to_numpy(Pooling(mode)(HIDDEN, MASK))
    lead = keras.ops.convert_to_numpy(Pooling(mode)(HIDDEN[:, :2], MASK[:, :2]))
    np.testing.assert_array_equal(found, np.concatenate([whole, lead], axis=-1))
    assert check_layer(Pooling(mode, projection=True, lead=2), HIDDEN, MASK).shape == (2, width)
    longer = keras.ops.convert_to_numpy(Pooling(mode, lead=9)(HIDDEN, MASK))
    np.testing.assert_array_equal(longer, np.concatenate([whole, whole], axis=-1))


def test_a_first_state_has_no_lead():
    with pytest.raises(ValueError, match=r"lead: expected 0.*Received: 2"):
        Pooling("cls", lead=2)


def test_an_unknown_mode_is_named():
    with pytest.raises(ValueError, match=r"cls, mean, max, mean-max.*Received: 'sum'"):
        Pooling("sum")


def test_every_maximum_has_its_gradient_behind_a_normalization():
    """What is found again by comparing must have been computed alike both times."""
    rng = np.random.default_rng(0)
    inputs = [keras.Input((7, 16)), keras.Input((7,), dtype="bool")]
    norm = keras.layers.LayerNormalization(epsilon=1e-12)
    model = keras.Model(inputs, Pooling("max")(norm(inputs[0]), inputs[1]))
    norm.set_weights([rng.normal(size=16), rng.normal(size=16)])
    before = norm.get_weights()[1]
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss=lambda _, found: keras.ops.sum(found))
    hidden = rng.normal(size=(3, 7, 16)).astype("float32")
    model.train_on_batch([hidden, np.ones((3, 7), bool)], np.zeros((3, 16)))
    # The sum over 3 rows has the gradient 3 by the shift of each of the 16 features.
    np.testing.assert_allclose(before - norm.get_weights()[1], np.full(16, 3.0), rtol=1e-5)
