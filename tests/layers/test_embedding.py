"""Token, segment and position embedding."""

import keras
import numpy as np
import pytest

from kerasbert.layers import TextEmbedding


def normalized(x: np.ndarray) -> np.ndarray:
    x = x - x.mean(axis=-1, keepdims=True)
    return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-12)


def tables(layer: TextEmbedding) -> dict[str, np.ndarray]:
    return {weight.name: keras.ops.convert_to_numpy(weight) for weight in layer.weights}


def test_is_the_normalized_sum_of_three_tables():
    layer = TextEmbedding(vocabulary_size=11, d_model=6, max_positions=8)
    token_ids = np.array([[2, 9, 5], [7, 0, 0]], np.int32)
    segment_ids = np.array([[0, 0, 1], [1, 0, 0]], np.int32)
    found = np.asarray(keras.ops.convert_to_numpy(layer(token_ids, segment_ids)))
    table = tables(layer)
    total = table["token_table"][token_ids] + table["segment_table"][segment_ids]
    np.testing.assert_allclose(found, normalized(total + table["position_table"][:3]), atol=1e-4)


def test_without_segments_all_are_the_first():
    layer = TextEmbedding(vocabulary_size=11, d_model=6)
    ids = np.array([[2, 9, 5]], np.int32)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(layer(ids)),
        keras.ops.convert_to_numpy(layer(ids, np.zeros_like(ids))),
        atol=1e-6,
    )


def test_in_reverse_it_is_the_product_with_the_token_table():
    layer = TextEmbedding(vocabulary_size=11, d_model=6)
    layer(np.array([[2]], np.int32))
    hidden = np.random.default_rng(0).normal(size=(2, 3, 6)).astype(np.float32)
    scores = keras.ops.convert_to_numpy(layer(hidden, reverse=True))
    np.testing.assert_allclose(scores, hidden @ tables(layer)["token_table"].T, atol=1e-5)


@pytest.mark.parametrize("positions", ["learned", "none"])
def test_as_a_layer(check_layer, positions):
    layer = TextEmbedding(vocabulary_size=9, d_model=4, max_positions=5, positions=positions)
    ids = np.array([[2, 3, 8, 1, 4], [5, 6, 7, 0, 0]], np.int32)
    assert check_layer(layer, ids, ids % 2).shape == (2, 5, 4)
    assert ("position_table" in tables(layer)) == (positions == "learned")


def test_order_matters_only_with_positions():
    ids = np.array([[5, 6, 7]], np.int32)
    for positions, expected in (("learned", False), ("none", True)):
        layer = TextEmbedding(vocabulary_size=9, d_model=4, positions=positions)
        forward = keras.ops.convert_to_numpy(layer(ids))
        backward = keras.ops.convert_to_numpy(layer(ids[:, ::-1].copy()))
        assert np.allclose(forward, backward[:, ::-1]) == expected


def test_a_text_longer_than_the_table_says_what_to_do():
    layer = TextEmbedding(vocabulary_size=9, d_model=4, max_positions=5)
    with pytest.raises(ValueError, match=r"6 positions.*5 rows.*--max-length"):
        layer(np.ones((1, 6), np.int32))


def test_dropout_is_repeatable_by_its_seed():
    ids = np.ones((4, 5), np.int32)
    runs = [
        keras.ops.convert_to_numpy(
            TextEmbedding(vocabulary_size=9, d_model=32, dropout=0.5, seed=seed)(ids, training=True)
        )
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])
