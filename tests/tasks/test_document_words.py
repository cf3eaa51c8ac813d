"""The words of a row from its pooled vector."""

import keras
import numpy as np
import pytest

from kerasbert import DocumentWords, MaskedLM, PretrainingBatches
from kerasbert.batches.rng import keyed_rng
from kerasbert.tasks import Rows

IDS = np.array([[2, 7, 8, 9, 7, 3, 0]], np.int32)  # [CLS] 7 8 9 7 [SEP] [PAD]
SPECIAL = np.array([[1, 0, 0, 0, 0, 1, 1]], bool)


def made(task):
    nothing = np.zeros(1, np.int32)
    return task.make(Rows(IDS, np.zeros_like(IDS), SPECIAL, nothing, nothing > 0), keyed_rng(0, 0))


def test_targets_are_all_words_of_the_row():
    found = made(DocumentWords(10, shown=1))
    np.testing.assert_array_equal(found.target, IDS)
    np.testing.assert_array_equal(found.weight, [[0, 1, 1, 1, 1, 0, 0]])
    assert found.token_ids is None  # the model sees the rows as they are


def window(text, shown, batch=400):
    ids = np.zeros((batch, text + 3), np.int32)
    ids[:, 0], ids[:, text + 1] = 2, 3
    ids[:, 1 : text + 1] = np.arange(5, text + 5)
    special = np.ones(ids.shape, bool)
    special[:, 1 : text + 1] = False
    nothing = np.zeros(batch, np.int32)
    rows = Rows(ids, np.zeros_like(ids), special, nothing, nothing > 0)
    return rows, DocumentWords(text + 5, shown=shown).make(rows, keyed_rng(0, 0))


def test_the_model_sees_a_window_and_the_whole_is_the_target():
    rows, found = window(20, 0.5)
    np.testing.assert_array_equal(found.target, rows.token_ids)
    assert (found.weight[:, 1:21] == 1).all() and found.weight.sum() == 400 * 20
    seen = found.token_ids[:, 1:21] != 0
    assert (seen.sum(axis=1) == 10).all()
    assert (np.diff(seen.astype(int), axis=1) == 1).sum(axis=1).max() == 1  # in one piece
    starts = np.bincount(seen.argmax(axis=1), minlength=11)
    assert (starts > 15).all() and len(starts) == 11  # every place, about 36 times each
    assert (found.token_ids[:, [0, 21]] == [2, 3]).all() and (found.token_ids[:, 22] == 0).all()


def test_short_texts_are_shown_whole():
    rows, found = window(7, 0.5, batch=3)
    np.testing.assert_array_equal(found.token_ids, rows.token_ids)


def test_it_comes_before_what_hides_tokens(store):
    size = store.tokenizer.vocabulary_size
    tasks = [MaskedLM(size), DocumentWords(size)]
    with pytest.raises(ValueError, match="before the objectives that hide tokens"):
        PretrainingBatches(store, tasks, max_length=32).batch(0)
    batches = PretrainingBatches(store, tasks[::-1], max_length=32)
    for step in range(5):
        inputs, targets, weights = batches.batch(step)
        rows = batches.rows(step)
        positions = inputs["masked_positions"][weights["masked_lm"] > 0]
        shown = np.take_along_axis(inputs["token_ids"], inputs["masked_positions"], axis=1)
        assert (shown[weights["masked_lm"] > 0] >= 4).all() and positions.min() >= 1
        np.testing.assert_array_equal(targets["document_words"], rows.token_ids)


def test_frequent_words_weigh_less():
    shares = np.full(10, 1e-5)
    shares[7] = 0.04
    weight = made(DocumentWords(10, shares, threshold=1e-4, shown=1)).weight
    np.testing.assert_allclose(weight, [[0, 0.05, 1, 1, 0.05, 0, 0]], rtol=1e-6)


def test_the_loss_is_nats_per_unit_of_weight():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(2, 6)).astype(np.float32)
    target = np.array([[1, 5, 0], [2, 2, 3]])
    weight = np.array([[1, 0.5, 0], [0.25, 0.25, 1]], np.float32)
    log_probability = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    nats = -np.take_along_axis(log_probability, target, axis=-1)
    expected = (nats * weight).sum() / weight.sum()
    found = float(keras.ops.convert_to_numpy(DocumentWords(6).loss()(target, logits, weight)))
    assert found == pytest.approx(expected, abs=1e-6)
