"""`model.quantize` on both encoders: what it saves, and what it costs."""

import gc
import warnings

import keras
import numpy as np
import pytest

from kerasbert.config import CONFIGS
from kerasbert.layers import Pooling
from kerasbert.models import build_classifier, build_embedding, build_encoder

RNG = np.random.default_rng(0)
IDS = RNG.integers(5, 200, (6, 24)).astype(np.int32)
IDS[1, 7:], IDS[2, 12:] = 0, 0
INPUTS = {"token_ids": IDS, "segment_ids": np.zeros_like(IDS)}


def classifier(name, d_model=32):
    small = {"layers": 2, "heads": 4} if name != "text-cnn" else {"widths": (2, 3)}
    config = CONFIGS[name](vocabulary_size=200, d_model=d_model, **small)
    pooling = Pooling("mean-max", projection=True, name="pooling")
    layers = build_embedding(config), build_encoder(config)
    return build_classifier(*layers, 4, pooling, window=12, window_pooling="attention")


def quantized(model, mode="int8"):
    gc.freeze()  # Keras collects garbage for each kernel
    with warnings.catch_warnings():  # of each layer that has no kernel
        warnings.simplefilter("ignore")
        model.quantize(mode)
    gc.unfreeze()
    return model


def size(layer):
    return sum(keras.ops.convert_to_numpy(weight).nbytes for weight in layer.weights)


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_a_quarter_of_the_bits(name, tmp_path):
    model = classifier(name)
    encoder = model.get_layer("encoder")
    before, whole = model.predict(INPUTS, verbose=0), size(encoder)
    quantized(model)
    kernels = [w for w in model.weights if w.name == "kernel"]
    assert len(kernels) > 8
    assert {keras.backend.standardize_dtype(w.dtype) for w in kernels} == {"int8"}
    assert size(encoder) < 0.32 * whole  # biases and normalizations stay
    after = model.predict(INPUTS, verbose=0)
    error = np.abs(after - before).max() / before.std()
    assert 0 < error < 0.15  # the largest error of a logit; 0.08 and 0.07 when this was written
    path = tmp_path / "model.keras"
    for _ in range(2):  # and what is loaded is saved as well
        model.save(path)
        model = keras.models.load_model(path)
        np.testing.assert_array_equal(model.predict(INPUTS, verbose=0), after)


def test_wanted_states_of_a_quantized_encoder():
    encoder = quantized(classifier("transformer")).get_layer("encoder")
    hidden = RNG.normal(size=(2, 6, 32)).astype(np.float32)
    positions = np.array([[5, 0], [2, 2]], np.int32)
    everything = keras.ops.convert_to_numpy(encoder(hidden, np.ones((2, 6), bool)))
    found = keras.ops.convert_to_numpy(encoder(hidden, np.ones((2, 6), bool), positions=positions))
    expected = np.take_along_axis(everything, positions[..., None], axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_twice_is_once():
    """Keras refuses it, after it has come to the convolutions: they stay what they are."""
    model = quantized(classifier("text-cnn"))
    expected = model.predict(INPUTS, verbose=0)
    with pytest.raises(ValueError, match="already quantized"):
        quantized(model)
    np.testing.assert_array_equal(model.predict(INPUTS, verbose=0), expected)


def test_without_the_private_name_of_its_kernel_a_convolution_stays_as_it_is(monkeypatch):
    model = classifier("text-cnn")
    expected = model.predict(INPUTS, verbose=0)
    kinds = {type(layer) for tower in model.get_layer("encoder").towers for layer in tower}
    for kind in kinds:
        hidden = property(lambda self: (_ for _ in ()).throw(AttributeError("_kernel")))
        monkeypatch.setattr(kind, "_kernel", hidden, raising=False)
        monkeypatch.setattr(kind, "kernel", property(lambda self: self.weights[0]))
    with pytest.warns(UserWarning, match="a convolution has no quantization 'int8'"):
        model.quantize("int8")
    found = model.predict(INPUTS, verbose=0)
    assert 0 < np.abs(found - expected).max() < 0.15 * expected.std()


def test_a_convolution_says_which_modes_it_has():
    model = classifier("text-cnn")
    with pytest.warns(UserWarning, match="a convolution has no quantization 'int4'"):
        model.quantize("int4")
