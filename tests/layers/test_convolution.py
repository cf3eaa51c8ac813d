import keras
import numpy as np
import pytest

from kerasbert.layers.convolution import Conv1D

RNG = np.random.default_rng(0)
STATES = RNG.normal(size=(2, 7, 3)).astype(np.float32)


def by_hand(states, kernel, bias):
    """Each output from the positions around it, the text between zeros."""
    width = len(kernel)
    padded = np.pad(states, ((0, 0), ((width - 1) // 2, width // 2), (0, 0)))
    windows = [padded[:, place : place + states.shape[1]] for place in range(width)]
    return sum(window @ tap for window, tap in zip(windows, kernel, strict=True)) + bias


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5])
def test_it_is_a_sum_over_the_window(width):
    layer = Conv1D(4, width, bias_initializer=keras.initializers.RandomNormal(seed=1))
    found = keras.ops.convert_to_numpy(layer(STATES))
    kernel, bias = (keras.ops.convert_to_numpy(weight) for weight in layer.weights)
    np.testing.assert_allclose(found, by_hand(STATES, kernel, bias), atol=1e-5)
    plain = keras.layers.Conv1D(4, width, padding="same")
    plain.build(STATES.shape)
    plain.set_weights([kernel, bias])
    np.testing.assert_allclose(found, keras.ops.convert_to_numpy(plain(STATES)), atol=1e-5)


def test_the_format_of_images_does_not_matter():
    layer = Conv1D(4, 3)
    expected = keras.ops.convert_to_numpy(layer(STATES))
    keras.config.set_image_data_format("channels_first")
    try:
        again = Conv1D(4, 3)
        again.build(STATES.shape)
        again.set_weights(layer.get_weights())
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(again(STATES)), expected)
        config = layer.get_config() | {"data_format": "channels_first"}  # of a saved model
        assert Conv1D.from_config(config).data_format == "channels_last"
    finally:
        keras.config.set_image_data_format("channels_last")


@pytest.mark.parametrize("width", [2, 3])
def test_it_trains_and_is_saved(check_layer, width):
    check_layer(Conv1D(4, width, kernel_initializer=keras.initializers.Ones()), STATES)


def test_it_computes_in_the_layers_precision():
    layer = Conv1D(4, 2, dtype="mixed_bfloat16")
    assert keras.backend.standardize_dtype(layer(STATES).dtype) == "bfloat16"


def test_weights_of_the_layer_of_keras_load(tmp_path):
    """Runs made before this layer was there have them."""

    def model(convolution):
        return keras.Sequential([keras.Input((7, 3)), convolution])

    theirs, mine = model(keras.layers.Conv1D(4, 2, padding="same")), model(Conv1D(4, 2))
    theirs.save_weights(tmp_path / "a.weights.h5")
    mine.load_weights(tmp_path / "a.weights.h5")
    np.testing.assert_allclose(
        mine.predict(STATES, verbose=0), theirs.predict(STATES, verbose=0), atol=1e-6
    )
