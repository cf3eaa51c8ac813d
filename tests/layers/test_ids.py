"""Ids and positions out of range: an error, or where they can't be read, not a number."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasbert.layers import GatherPositions, TextEmbedding, TokenScores, TransformerEncoder

HIDDEN = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
IDS = np.array([[2, 9, 5], [7, 0, 0]], np.int32)


@pytest.fixture
def compiled(monkeypatch):
    """As in a compiled step of JAX or TensorFlow: no numbers are there to be read."""
    from kerasbert.layers import ids, masks

    for module in (ids, masks):
        monkeypatch.setattr(module, "known_values", lambda tensor: None)


def numbers(tensor):
    return np.asarray(ops.convert_to_numpy(tensor))


def embedding():
    layer = TextEmbedding(vocabulary_size=11, d_model=6, max_positions=4, segments=2)
    layer(IDS)
    return layer


@pytest.mark.parametrize("position", [-1, 4, 1000])
def test_a_position_out_of_range_is_refused(position):
    positions = np.array([[0, position], [1, 2]], np.int32)
    with pytest.raises(ValueError, match=rf"positions: .*0 to 3\. Received: .*{position}"):
        GatherPositions()(HIDDEN, positions)
    encoder = TransformerEncoder(1, heads=1, d_k=2, d_v=2, d_ff=4)
    with pytest.raises(ValueError, match="positions"):
        encoder(HIDDEN, np.ones((2, 4), bool), positions=positions)


@pytest.mark.parametrize("position", [-1, 4, 1000])
def test_a_position_out_of_range_reads_no_other_row(compiled, position):
    found = numbers(GatherPositions()(HIDDEN, np.array([[3, position], [0, 1]], np.int32)))
    np.testing.assert_array_equal(found[0, 0], HIDDEN[0, 3])
    assert np.isnan(found[0, 1]).all()
    np.testing.assert_array_equal(found[1], HIDDEN[1, :2])


@pytest.mark.parametrize("name, wrong", [
    ("token_ids", -1), ("token_ids", 11), ("segment_ids", 2), ("segment_ids", -1),
    ("position_ids", 4), ("position_ids", -1),
])  # fmt: skip
def test_ids_that_no_table_has(name, wrong, request):
    layer = embedding()
    places = np.tile(np.arange(3, dtype=np.int32), (2, 1))
    inputs = {"token_ids": IDS, "segment_ids": IDS % 2, "position_ids": places}
    right = numbers(layer(*inputs.values()))
    inputs[name] = inputs[name].copy()
    inputs[name][0, 1] = wrong
    with pytest.raises(ValueError, match=rf"{name}: expected integers from 0 .*{wrong}"):
        layer(*inputs.values())
    request.getfixturevalue("compiled")
    found = numbers(layer(*inputs.values()))
    assert np.isnan(found[0, 1]).all()
    np.testing.assert_allclose(np.delete(found[0], 1, 0), np.delete(right[0], 1, 0), atol=1e-6)
    np.testing.assert_allclose(found[1], right[1], atol=1e-6)


def test_a_token_without_segments(compiled):
    found = numbers(embedding()(np.array([[1, 11, 2]], np.int32)))
    np.testing.assert_array_equal(np.isnan(found).all(axis=-1), [[False, True, False]])


def test_a_compiled_step_says_it():
    """On every backend: an error, or a loss that is not a number; never a number."""
    layer = TextEmbedding(vocabulary_size=11, d_model=6, name="embedding")
    inputs = [keras.Input((None,), dtype="int32") for _ in range(2)]
    model = keras.Model(inputs, layer(*inputs))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    wrong = IDS.copy()
    wrong[1, 2] = 11
    for ids in ([wrong, IDS * 0], [IDS, IDS * 0 + 2]):
        try:
            assert np.isnan(model.train_on_batch(ids, np.zeros((2, 3, 6))))
        except ValueError as error:
            assert "expected integers from 0" in str(error)


def test_scores_of_tokens_count_in_their_own_row(compiled):
    layer = TokenScores(5)
    layer.build((None, 2))
    layer.idf.assign(np.ones(5))
    layer.kernel.assign(np.arange(10).reshape(5, 2))
    rows = np.array([[1, 2, 6], [1, 3, 4]], np.int32)  # 6 would be token 1 of the second row
    logits = np.zeros((2, 2), np.float32)
    alone = numbers(layer(logits[1:], rows[1:]))
    np.testing.assert_allclose(numbers(layer(logits, rows))[1:], alone, rtol=1e-6)
    np.testing.assert_allclose(numbers(layer(logits, rows[::-1].copy()))[:1], alone, rtol=1e-6)
