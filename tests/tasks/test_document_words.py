"""The words of a row from its pooled vector."""

import keras
import numpy as np
import pytest

from kerasbert import DocumentWords
from kerasbert.batches.rng import keyed_rng
from kerasbert.tasks import Rows

IDS = np.array([[2, 7, 4, 9, 7, 3, 0]], np.int32)  # [CLS] 7 [MASK] 9 7 [SEP] [PAD]
SPECIAL = np.array([[1, 0, 0, 0, 0, 1, 1]], bool)


def made(task):
    nothing = np.zeros(1, np.int32)
    return task.make(Rows(IDS, np.zeros_like(IDS), SPECIAL, nothing, nothing > 0), keyed_rng(0, 0))


def test_targets_are_the_words_that_are_shown():
    found = made(DocumentWords(10))
    np.testing.assert_array_equal(found.target, IDS)
    np.testing.assert_array_equal(found.weight, [[0, 1, 0, 1, 1, 0, 0]])
    assert found.token_ids is None  # the model sees the rows as they are


def test_frequent_words_weigh_less():
    shares = np.full(10, 1e-5)
    shares[7] = 0.04
    weight = made(DocumentWords(10, shares, threshold=1e-4)).weight
    np.testing.assert_allclose(weight, [[0, 0.05, 0, 1, 0.05, 0, 0]], rtol=1e-6)


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
