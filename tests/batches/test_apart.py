"""Pairs that are encoded apart: each text as if it stood alone."""

import keras
import numpy as np
import pytest
from keras import ops

import kerasbert as kb
from kerasbert.batches.apart import ApartTexts
from kerasbert.batches.encoded import EncodedTexts
from kerasbert.layers import ComparePairs, FoldPairs
from kerasbert.models.fine_tuning import build_fine_tuning_model

WORDS = "a b c d e f g h"


@pytest.fixture(scope="module")
def tokenizer():
    return kb.train_tokenizer([f"{WORDS} {WORDS}"] * 2, "word", 50)


def test_each_text_of_a_pair_is_a_row_as_if_alone(tokenizer):
    pairs = [("a b", "c"), ("d", "e f g h a b c d")]
    texts = ApartTexts(pairs, tokenizer, 8)
    assert texts.lengths.tolist() == [4, 8] and texts.truncated == 1 and texts.pairs
    both = np.array([0, 1])
    rows = texts.rows(both, texts.padded_length(both))
    folded = ops.convert_to_numpy(FoldPairs()(rows["token_ids"]))
    alone = EncodedTexts([(text,) for pair in pairs for text in pair], tokenizer, 8)
    np.testing.assert_array_equal(folded, alone.rows(np.arange(4), 8)["token_ids"])
    assert not rows["segment_ids"].any()


def test_vectors_are_compared(check_layer):
    pooled = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
    u, v = pooled[::2], pooled[1::2]
    cosine = (u * v).sum(1) / np.linalg.norm(u, axis=1) / np.linalg.norm(v, axis=1)
    expected = np.concatenate([u, v, np.abs(u - v), u * v, cosine[:, None]], axis=1)
    np.testing.assert_allclose(ops.convert_to_numpy(ComparePairs()(pooled)), expected, rtol=1e-4)
    nothing = ops.convert_to_numpy(ComparePairs()(np.zeros((2, 4), "float32")))
    np.testing.assert_array_equal(nothing, np.zeros((1, 17)))


@pytest.mark.parametrize("encoder", ["text-cnn", "transformer"])
def test_padding_and_neighbours_change_no_answer(encoder, tokenizer, tmp_path):
    configs = {"text-cnn": kb.TextCNNConfig, "transformer": kb.TransformerConfig}
    config = configs[encoder](vocabulary_size=tokenizer.vocabulary_size, d_model=16)
    model = build_fine_tuning_model(
        kb.build_embedding(config, 0),
        kb.build_encoder(config, 0),
        lambda pooled, *_: keras.layers.Dense(1)(pooled),
        apart=True,
    )
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    texts = ApartTexts([("a b", "c"), ("d", "e f g h a b c d")], tokenizer, 16)
    rows = [texts.rows(np.array([n]), length) for n, length in ((0, 8), (1, 20))]
    alone = [again.predict_on_batch(inputs) for inputs in rows]
    both = model.predict_on_batch(texts.rows(np.array([0, 1]), 32))
    np.testing.assert_allclose(np.concatenate(alone), both, atol=1e-5)
