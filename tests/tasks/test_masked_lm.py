"""Masking, checked by counting."""

import keras
import numpy as np
import pytest
from made_rows import VOCABULARY, rows

from kerasbert import PretrainingBatches, TextCNNConfig
from kerasbert.batches.rng import keyed_rng
from kerasbert.models import build_embedding, build_encoder, build_pretrain_model
from kerasbert.tasks import TASKS, MaskedLM, TaskSettings


def test_rates_are_those_of_bert():
    made_of = rows(2000, 102, 100)
    made = MaskedLM(VOCABULARY).make(made_of, keyed_rng(0, 0))
    used = made.weight > 0
    assert (used.sum(axis=1) == 15).all()  # 15% of 100 tokens, in every row
    shown = np.take_along_axis(made.token_ids, made.inputs["masked_positions"], axis=1)[used]
    gold = made.target[used]
    share_mask, share_same = (shown == 4).mean(), (shown == gold).mean()
    # 30,000 draws: three standard deviations are below 0.01. A random token may be the same one.
    assert abs(share_mask - 0.8) < 0.01
    assert abs(share_same - (0.1 + 0.1 / (VOCABULARY - 5))) < 0.01
    other = shown[(shown != 4) & (shown != gold)]
    assert other.min() >= 5 and other.max() < VOCABULARY
    assert len(np.unique(other)) > 190  # all of the vocabulary is drawn from


def test_every_position_is_chosen_equally_often():
    made = MaskedLM(VOCABULARY).make(rows(4000, 22, 20), keyed_rng(1, 0))
    chosen = np.bincount(made.inputs["masked_positions"][made.weight > 0], minlength=22)
    assert chosen[0] == 0 and chosen[21] == 0
    share = chosen[1:21] / 4000
    assert np.abs(share - 0.15).max() < 0.03


def test_targets_are_the_tokens_that_stood_there_and_nothing_else_changes():
    made_of = rows(50, 40, 30)
    before = made_of.token_ids.copy()
    made = MaskedLM(VOCABULARY).make(made_of, keyed_rng(2, 0))
    np.testing.assert_array_equal(made_of.token_ids, before)  # rows are left alone
    for row in range(50):
        positions = made.inputs["masked_positions"][row][made.weight[row] > 0]
        assert len(set(positions)) == len(positions) and (np.diff(positions) > 0).all()
        expected = before[row][positions]
        np.testing.assert_array_equal(made.target[row][made.weight[row] > 0], expected)
        untouched = np.setdiff1d(np.arange(40), positions)
        np.testing.assert_array_equal(made.token_ids[row][untouched], before[row][untouched])


@pytest.mark.parametrize("text, expected", [(1, 1), (2, 1), (10, 2), (100, 15)])
def test_at_least_one_position(text, expected):
    made = MaskedLM(VOCABULARY).make(rows(3, 102, text), keyed_rng(0, 0))
    assert (made.weight.sum(axis=1) == expected).all()


def test_at_most_the_fixed_number():
    made = MaskedLM(VOCABULARY, max_predictions=4).make(rows(3, 102, 100), keyed_rng(0, 0))
    assert made.target.shape == (3, 4) and made.weight.sum() == 12


def test_a_row_of_special_tokens_alone_has_no_weight():
    empty = rows(2, 10, 0)
    made = MaskedLM(VOCABULARY).make(empty, keyed_rng(0, 0))
    assert made.weight.sum() == 0
    np.testing.assert_array_equal(made.token_ids, empty.token_ids)


def test_the_loss_is_nats_per_masked_position():
    """Padded slots change neither the sum nor what it is divided by."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(2, 4, 7)).astype(np.float32)
    target = rng.integers(0, 7, (2, 4))
    weight = np.array([[1, 1, 1, 0], [1, 0, 0, 0]], np.float32)
    log_probability = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    nats = -np.take_along_axis(log_probability, target[..., None], axis=-1)[..., 0]
    expected = (nats * weight).sum() / 4
    found = MaskedLM(7).loss()(target, logits, weight)
    assert float(keras.ops.convert_to_numpy(found)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("task", ["masked-lm", "document-words"])
def test_training_begins_at_what_is_expected_of_a_text_that_was_not_read(store, task, tmp_path):
    batches = PretrainingBatches(store, [made := TASKS[task](store, TaskSettings())])
    config = TextCNNConfig(vocabulary_size=store.tokenizer.vocabulary_size, d_model=8)
    model = build_pretrain_model(build_embedding(config), build_encoder(config), [made])
    inputs, targets, weights = batches.batch(0)
    shares = store.token_shares()
    if task == "document-words":
        shares = shares * made.weights / (shares * made.weights).sum()

    def loss(logits):
        return float(made.loss()(targets[made.name], logits, weights[made.name]))

    bias = model.get_layer(made.name).get_weights()[0]
    np.testing.assert_allclose(np.exp(bias), shares, rtol=1e-5)
    unread = np.broadcast_to(np.log(shares), np.shape(model.predict_on_batch(inputs)[made.name]))
    assert loss(model.predict_on_batch(inputs)[made.name]) == pytest.approx(loss(unread), abs=0.1)
    model.get_layer(made.name).set_weights([bias + 1])
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.get_layer(made.name).get_weights()[0], bias + 1)
