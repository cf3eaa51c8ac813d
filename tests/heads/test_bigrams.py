"""Pairs of neighbouring tokens: which are counted, and that the layer finds what NumPy finds."""

import keras
import numpy as np
import pytest

from kerasbert.heads.classification.bigrams import Bigrams
from kerasbert.heads.classification.linear_svm import TokenFeatures
from kerasbert.layers import TokenScores
from kerasbert.tokenizer.special_ids import OURS

RNG = np.random.default_rng(0)
VOCABULARY = 60_000  # a key of two such ids would not fit int32
WORDS = np.array([7, 9, 50_000, 59_999, 12, 30_001])


def texts(count):
    return [
        np.r_[2, RNG.choice(WORDS, RNG.integers(1, 12)), 3].astype(np.int32) for _ in range(count)
    ]


def pairs_of(ids):
    return [
        (a, b) for a, b in zip(ids[:-1].tolist(), ids[1:].tolist(), strict=True) if min(a, b) > 4
    ]


def padded(rows):
    length = max(map(len, rows)) + 3
    return np.stack([np.pad(ids, (0, length - len(ids))) for ids in rows])


def test_pairs_of_two_texts_count_and_neither_special_tokens_nor_padding():
    rows = [np.array([2, 7, 9, 7, 3]), np.array([2, 7, 9, 3, 0, 0]), np.array([2, 9, 7, 9, 1, 9])]
    found = Bigrams.count(rows, VOCABULARY)
    assert len(found) == 2  # 7 9 and 9 7; the others hold [CLS], [SEP], [UNK] or [PAD]
    numbers = [found.find(ids).tolist() for ids in rows]
    assert numbers == [[0, 1], [0], [1, 0]]
    assert found.find(np.array([2, 7, 7, 3, 0, 0, 59_999])).tolist() == []
    few = Bigrams.count(rows, VOCABULARY, most=1)
    assert few.find(rows[2]).tolist() == [0] and len(few) == 1  # 7 9, which more texts have
    assert few.find(np.array([9, 7])).tolist() == []
    none = Bigrams.count(rows[:1], VOCABULARY)
    assert len(none) == 0 and none.find(rows[0]).tolist() == []


def test_each_pair_has_a_number_of_its_own():
    rows = texts(80)
    found = Bigrams.count(rows, VOCABULARY)
    assert found.keys.dtype == np.int32 and (np.diff(found.keys) > 0).all()
    held = [set(pairs_of(ids)) for ids in rows]
    counted = {pair for pair in set().union(*held) if sum(pair in one for one in held) >= 2}
    assert len(found) == len(counted) > 20
    numbers = {pair: found.find(np.array(pair)).tolist() for pair in counted}
    assert sorted(numbers.values()) == [[n] for n in range(len(found))]
    for ids in rows:
        expected = [numbers[pair][0] for pair in pairs_of(ids) if pair in counted]
        assert found.find(ids).tolist() == expected


@pytest.mark.parametrize("lead, kept, most", [(0, None, 99), (4, None, 1), (4, 2, 17)])
def test_the_layer_reads_what_numpy_reads(lead, kept, most, tmp_path):
    rows, others = texts(60), [*texts(20), np.array([2, 3], np.int32), np.array([2, 11, 3])]
    features = TokenFeatures(VOCABULARY, lead, OURS, Bigrams.count(rows, VOCABULARY, most=most))
    idf = features.rows(rows).idf
    assert idf[features.first_bigram :].all()
    bigrams, rng = features.bigrams, np.random.default_rng(1)
    layer = TokenScores(VOCABULARY, lead, kept, len(bigrams), name="token_scores")
    inputs = [keras.Input((3,)), keras.Input((None,), dtype="int32")]
    model = keras.Model(inputs, layer(*inputs))
    kernel = rng.normal(size=layer.kernel.shape).astype(np.float32)
    for name in ("first", "second", "keys"):
        getattr(layer, f"bigram_{name}").assign(getattr(bigrams, name))
    layer.idf.assign(idf)
    layer.kernel.assign(kernel)
    layer.share.assign(0.75)
    if kept:  # of label n the weights of labels n and n + 1
        columns = rng.integers(0, 2, len(features))[:, None] + np.arange(kept)
        layer.columns.assign(columns)
        dense = np.zeros((len(features), 3), np.float32)
        np.put_along_axis(dense, columns, kernel, axis=1)
        kernel = dense
    logits = rng.normal(size=(len(others), 3)).astype(np.float32)
    found = model.predict([logits, padded(others)], verbose=0)
    linear = features.rows(others, idf).margins(kernel, np.zeros(3))
    np.testing.assert_allclose(found, 0.25 * logits + 0.75 * linear, atol=1e-5)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict([logits, padded(others)], verbose=0), found)


def test_a_number_of_pairs_below_zero_is_refused():
    with pytest.raises(ValueError, match=r"bigrams.*Received: -1"):
        TokenScores(10, bigrams=-1)
