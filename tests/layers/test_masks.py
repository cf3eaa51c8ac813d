"""What a layer takes for a mask, and how it meets Keras' own."""

import warnings

import keras
import numpy as np
import pytest
from keras import ops

from kerasbert.layers import (
    GatherPositions,
    Pooling,
    SelfAttention,
    TextCNNEncoder,
    TextEmbedding,
    TransformerBlock,
    TransformerEncoder,
)
from kerasbert.layers.masks import get_keras_mask
from kerasbert.models.encoder import encode

IDS = np.array([[5, 6, 7, 8, 3, 2], [5, 9, 4, 3, 0, 0]], np.int32)
MASK = IDS != 0
DOCUMENTS = np.array([[1, 1, 2, 2, 2, 3], [1, 1, 0, 2, 0, 0]], np.int32)
HIDDEN = np.random.default_rng(0).normal(size=(2, 6, 8)).astype(np.float32)

LAYERS = {
    "attention": lambda: SelfAttention(2, 4, 4),
    "block": lambda: TransformerBlock(2, 4, 4, 16),
    "transformer": lambda: TransformerEncoder(2, 2, 4, 4, 16),
    "text-cnn": lambda: TextCNNEncoder(5, widths=(1, 2)),
}
OF_STATES = {name: LAYERS[name] for name in ("transformer", "text-cnn")}


def numbers(tensor):
    return np.asarray(ops.convert_to_numpy(tensor))


@pytest.fixture(params=LAYERS)
def layer(request):
    return LAYERS[request.param]()


@pytest.mark.parametrize("make", [*LAYERS.values(), Pooling], ids=[*LAYERS, "pooling"])
def test_what_is_no_mask_is_refused(make):
    layer = make()
    with pytest.raises(ValueError, match=r"Received: None.*token_ids != pad_id"):
        layer(HIDDEN)
    with pytest.raises(ValueError, match=r"Received: float.*padding_mask > 0"):
        layer(HIDDEN, MASK.astype(np.float32))
    with pytest.raises(ValueError, match=r"Received: shape \(2, 5\).*\(2, 6, 8\)"):
        layer(HIDDEN, MASK[:, :5])
    with pytest.raises(ValueError, match=r"Received: float"):  # before anything is computed
        layer(keras.Input((6, 8)), keras.Input((6,)))


@pytest.mark.parametrize("wrong", [IDS, DOCUMENTS - 1, DOCUMENTS * 4, DOCUMENTS[:, ::-1].copy()],
                         ids=["token ids", "below 0", "more than L", "falling"])  # fmt: skip
def test_numbers_that_are_not_those_of_documents_are_refused(layer, wrong):
    with pytest.raises(ValueError, match=r"document: 1, 2, 3.*token_ids != pad_id"):
        layer(HIDDEN, wrong)


@pytest.mark.parametrize("name", OF_STATES)
def test_in_a_compiled_step_they_are_not_numbers(name, monkeypatch):
    from kerasbert.layers import masks

    layer, wrong = OF_STATES[name](), np.stack([IDS[0], DOCUMENTS[1]])
    right = numbers(layer(HIDDEN, DOCUMENTS))
    monkeypatch.setattr(masks, "known_values", lambda tensor: None)
    found = numbers(layer(HIDDEN, wrong))
    assert np.isnan(found[0]).all()
    np.testing.assert_allclose(found[1], right[1], atol=1e-6)


@pytest.mark.parametrize("name", OF_STATES)
def test_as_many_documents_as_positions(name):
    """One document a position: what is computed is that of a row of length 1."""
    layer = OF_STATES[name]() if name == "transformer" else TextCNNEncoder(5, widths=(1,))
    each = np.tile(np.arange(1, 7, dtype=np.int32), (2, 1))
    found = numbers(layer(HIDDEN, each))
    alone = numbers(layer(HIDDEN.reshape(12, 1, 8), np.ones((12, 1), bool)))
    np.testing.assert_allclose(found.reshape(12, 1, 8), alone, atol=1e-5)


def test_the_type_of_the_numbers_does_not_matter(layer):
    expected = numbers(layer(HIDDEN, DOCUMENTS))
    for dtype in ("int8", "uint8", "int64"):
        np.testing.assert_array_equal(numbers(layer(HIDDEN, DOCUMENTS.astype(dtype))), expected)


def test_without_one_it_is_that_of_keras(layer):
    embedding = TextEmbedding(11, 8, dropout=0.0)
    hidden = embedding(IDS)
    np.testing.assert_array_equal(numbers(get_keras_mask(hidden)), MASK)
    expected = numbers(layer(numbers(hidden), MASK))
    implicit = layer(hidden)
    np.testing.assert_array_equal(numbers(implicit), expected)
    np.testing.assert_array_equal(numbers(get_keras_mask(implicit)), MASK)
    shorter = MASK & (np.arange(6) < 3)  # the one that is passed counts, and is handed on
    explicit = layer(hidden, shorter)
    np.testing.assert_array_equal(numbers(explicit), numbers(layer(numbers(hidden), shorter)))
    np.testing.assert_array_equal(numbers(get_keras_mask(explicit)), shorter)
    packed = layer(hidden, DOCUMENTS)
    np.testing.assert_array_equal(numbers(get_keras_mask(packed)), DOCUMENTS != 0)


def test_the_padding_is_that_of_the_tokenizer():
    embedding = TextEmbedding(11, 8, pad_id=3)
    np.testing.assert_array_equal(numbers(get_keras_mask(embedding(IDS))), IDS != 3)
    assert TextEmbedding.from_config(embedding.get_config()).pad_id == 3
    config = embedding.get_config()
    del config["pad_id"]  # of a model that was saved before there was one
    assert TextEmbedding.from_config(config).pad_id == 0


def test_other_states_carry_no_mask():
    embedding = TextEmbedding(11, 8)
    hidden, positions = embedding(IDS), np.zeros((2, 6), np.int32)
    encoder = LAYERS["transformer"]()
    for states in (
        GatherPositions()(hidden, positions),
        encoder(hidden, MASK, positions=positions),
        Pooling("mean")(hidden),
        embedding(hidden, reverse=True),
    ):
        assert get_keras_mask(states) is None


@pytest.mark.parametrize("name", OF_STATES)
def test_layers_of_keras_see_it(name, tmp_path):
    """Behind an encoder, the mean of Keras is that of the text; before it, its mask is used."""
    ids = keras.Input((None,), dtype="int32")
    table = keras.layers.Embedding(11, 8, mask_zero=True)
    states = OF_STATES[name]()(table(ids))
    outputs = [keras.layers.GlobalAveragePooling1D()(states), keras.layers.LSTM(3)(states), states]
    model = keras.Model(ids, outputs)
    mean, last, states = model.predict(IDS, verbose=0)
    np.testing.assert_allclose(mean[1], states[1, :4].mean(axis=0), atol=1e-5)
    longer = model.predict(np.pad(IDS, ((0, 0), (0, 3))), verbose=0)
    np.testing.assert_allclose(longer[0], mean, atol=1e-5)
    np.testing.assert_allclose(longer[1], last, atol=1e-5)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras").predict(IDS, verbose=0)
    np.testing.assert_array_equal(again[0], mean)


def test_an_encoder_that_knows_no_masks_makes_no_noise():
    class Mine(keras.layers.Layer):
        def call(self, hidden, padding_mask):
            return hidden * ops.cast(padding_mask, hidden.dtype)[..., None]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        inputs, _, sequence = encode(TextEmbedding(11, 8, name="embedding"), Mine(name="encoder"))
        model = keras.Model(inputs, sequence)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.predict({"token_ids": IDS, "segment_ids": IDS * 0}, verbose=0)
    assert not [w for w in caught if "mask" in str(w.message)]
