"""What a model gives: logits or probabilities, seen in its last layer, its loss, or said."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasbert.heads.classification.losses import AsymmetricLoss
from kerasbert.heads.classification.outputs import gives_logits, to_logits

INPUT = (4,)


def dense(activation=None, **options):
    return layers.Dense(3, activation=activation, **options)


def ends(*steps):
    tensor = inputs = keras.Input(INPUT)
    for step in steps:
        tensor = step(tensor)
    return keras.Model(inputs, tensor)


@pytest.mark.parametrize(
    "steps",
    [
        [dense("sigmoid")],
        [dense("softmax")],
        [dense(ops.sigmoid)],
        [dense(), layers.Activation("softmax")],
        [dense(), layers.Softmax()],
        [dense(), ops.sigmoid],
        [dense(), ops.softmax],
        [dense("sigmoid"), layers.Dropout(0.5)],
        [dense("softmax", dtype="float16"), lambda x: ops.cast(x, "float32")],
        [dense("softmax"), layers.Activation("linear"), layers.Identity()],
        [keras.Sequential([dense(), layers.Activation("sigmoid")])],
        [lambda x: layers.average([dense("softmax")(x), dense("softmax")(x)])],
    ],
)
def test_probabilities_are_seen(steps):
    assert gives_logits(ends(*steps)) is False


@pytest.mark.parametrize(
    "steps",
    [
        [dense()],
        [dense("tanh")],
        [dense("sigmoid"), dense()],
        [layers.Softmax(), dense(), layers.Dropout(0.1)],
        [keras.Sequential([dense("sigmoid"), dense()])],
    ],
)
def test_logits_are_seen(steps):
    assert gives_logits(ends(*steps)) is True


class Own(keras.Model):
    """A model that is no graph of layers."""

    def __init__(self, activation):
        super().__init__()
        self.dense = dense(activation)

    def call(self, inputs):
        return self.dense(inputs)


@pytest.mark.parametrize(
    "loss, expected",
    [
        ("binary_crossentropy", False),
        ("sparse_categorical_crossentropy", False),
        (keras.losses.binary_crossentropy, False),
        (keras.losses.BinaryCrossentropy(from_logits=True), True),
        (keras.losses.CategoricalCrossentropy(), False),
        (AsymmetricLoss(), True),
        ("mse", None),
        (None, None),
    ],
)
def test_where_no_layer_says_it_the_loss_does(loss, expected):
    for model in (Own("sigmoid"), ends(dense(), layers.Lambda(lambda x: x))):
        if loss is not None:
            model.compile(loss=loss)
        assert gives_logits(model) is expected


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_probability_comes_back(dtype):
    said = np.array([[0.1, 0.5, 0.4], [0.98, 0.02, 0.0]], dtype)
    logits = to_logits(said, "multi-label", from_logits=False)
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)), said, atol=1e-6)
    assert ((logits >= 0) == (said >= 0.5)).all() and np.isfinite(logits).all()
    logits = to_logits(said, "multi-class", from_logits=False)
    exp = np.exp(logits.astype(np.float64))
    np.testing.assert_allclose(exp / exp.sum(axis=1, keepdims=True), said, atol=2e-4)


def test_the_order_of_probabilities_stays_to_the_last_bit():
    edge = np.float32(0.5)
    said = np.array([[np.nextafter(edge, np.float32(0)), edge, np.nextafter(edge, np.float32(1))]])
    assert (to_logits(said, from_logits=False) >= 0).tolist() == [[False, True, True]]
    small = np.array([[1e-30, 2e-30, 0.0]], np.float32)
    assert np.argsort(to_logits(small, from_logits=False)[0]).tolist() == [2, 0, 1]


def test_logits_stay_as_they_are():
    logits = np.array([[-3.0, 0.2, 7.0]], np.float32)
    for said in (True, None):
        np.testing.assert_array_equal(to_logits(logits, from_logits=said), logits)


def test_the_one_column_of_two_classes_becomes_two():
    np.testing.assert_allclose(to_logits(np.array([[2.0]]), "binary", True), [[0, 2]])
    logits = to_logits(np.array([[0.75]]), "binary", False)
    assert np.exp(logits[0, 1]) / np.exp(logits[0]).sum() == pytest.approx(0.75)


def test_what_may_be_either_is_asked_for():
    with pytest.raises(ValueError, match="Say from_logits=True or False"):
        to_logits(np.array([[0.2, 0.9]]))
    with pytest.raises(ValueError, match=r"outputs from -1 to 2"):
        to_logits(np.array([[-1.0, 2.0]]), from_logits=False)
