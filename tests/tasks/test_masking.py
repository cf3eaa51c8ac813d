"""Whole words and spans, checked by counting and against the tokenizer's own words."""

import numpy as np
import pytest
from made_rows import VOCABULARY, rows

from kerasbert import MaskedLM, PretrainingBatches, TokenStore, prepare_store
from kerasbert.batches.rng import keyed_rng
from kerasbert.tasks.masking import LONGEST_SPAN

CONTINUES = np.arange(VOCABULARY) >= 120  # two tokens in five go on with a word


def masked(made):
    """(B, L) bool, the positions that were chosen."""
    chosen = np.zeros_like(made.token_ids, bool)
    row, slot = np.nonzero(made.weight)
    chosen[row, made.inputs["masked_positions"][row, slot]] = True
    return chosen


@pytest.mark.parametrize("unit", ["whole-word", "span"])
def test_the_rate_is_kept_and_no_special_token_is_chosen(unit):
    made_of = rows(2000, 102, 100)
    task = MaskedLM(VOCABULARY, unit=unit, continues=CONTINUES)
    chosen = masked(task.make(made_of, keyed_rng(0, 0)))
    assert not chosen[made_of.special].any()
    counts = chosen.sum(axis=1)
    assert counts.max() <= 15 and counts.min() >= 1 and 14.5 < counts.mean() <= 15


def test_all_pieces_of_a_word_are_chosen_together():
    made_of = rows(500, 102, 100)
    task = MaskedLM(VOCABULARY, unit="whole-word", continues=CONTINUES)
    chosen = masked(task.make(made_of, keyed_rng(1, 0)))
    inner = CONTINUES[made_of.token_ids[:, 2:101]]  # pieces with a token of their text before them
    together = chosen[:, 2:101] == chosen[:, 1:100]
    assert together[inner].all() and not together[~inner].all()


def test_the_words_are_those_of_the_tokenizer(tmp_path):
    """For each style: the pieces that the store counts as one word are one word to the library."""
    texts = ["Unbelievably, the tokenization of preprocessing pipelines differs."] * 40
    texts += ["Untokenized pipes are believable processing differences."] * 40
    corpus = tmp_path / "raw.txt"
    corpus.write_text("\n".join(texts), encoding="utf-8")
    for style in ("wordpiece", "word", "char"):
        prepare_store([corpus], tmp_path / style, style=style, vocabulary_size=75)
        tokenizer = TokenStore.open(tmp_path / style).tokenizer
        words = np.array(tokenizer._tokenizer.encode(texts[0], add_special_tokens=False).word_ids)
        ids = tokenizer.encode(texts[:1])[0]
        np.testing.assert_array_equal(tokenizer.continues[ids][1:], words[1:] == words[:-1])
        assert tokenizer.continues.any() == (style == "wordpiece")


def test_span_lengths_are_geometric():
    """In rows of one-token words, with room for every span: lengths as in SpanBERT, figure 2."""
    made_of = rows(4000, 402, 400)
    task = MaskedLM(VOCABULARY, rate=0.02, unit="span")
    chosen = masked(task.make(made_of, keyed_rng(2, 0)))
    # The first token of each run, and its length; a budget of 8 tokens cuts longer spans.
    edges = np.diff(chosen.astype(int), axis=1)
    runs = np.nonzero(edges == -1)[1] - np.nonzero(edges == 1)[1]
    assert runs.max() <= LONGEST_SPAN
    share_of_one = (runs == 1).mean()
    assert 0.2 <= share_of_one < 0.4  # 0.2, and the rests that a budget leaves
    assert runs.mean() > 2.5


def test_a_span_ends_with_its_segment():
    made_of = rows(800, 42, 40, second=20)
    task = MaskedLM(VOCABULARY, rate=0.3, unit="span")
    chosen = masked(task.make(made_of, keyed_rng(3, 0)))
    assert not chosen[:, 20].any() and chosen[:, 19].any() and chosen[:, 21].any()


def test_all_tokens_of_a_span_are_treated_alike():
    made_of = rows(500, 102, 100)
    made = MaskedLM(VOCABULARY, mask_rate=0.5, random_rate=0.0, unit="span").make(
        made_of, keyed_rng(4, 0)
    )
    chosen, hidden = masked(made), made.token_ids == 4
    assert abs(hidden.sum() / chosen.sum() - 0.5) < 0.05
    neighbours = chosen[:, 1:] & chosen[:, :-1]
    # Two spans may touch, and then differ: rarely.
    assert (hidden[:, 1:] == hidden[:, :-1])[neighbours].mean() > 0.85


@pytest.mark.parametrize("unit", ["whole-word", "span"])
def test_a_word_longer_than_the_budget_still_gives_a_position(unit):
    made_of = rows(20, 12, 6)
    made_of.token_ids[:, 1] = 10
    made_of.token_ids[:, 2:7] = 150  # one word of six pieces
    made = MaskedLM(VOCABULARY, unit=unit, continues=CONTINUES).make(made_of, keyed_rng(0, 0))
    assert (made.weight.sum(axis=1) == 1).all()


def test_an_unknown_unit_is_refused():
    with pytest.raises(ValueError, match="unit: expected one of token, whole-word, span"):
        MaskedLM(VOCABULARY, unit="word")


def test_the_same_step_is_the_same_batch(store):
    tasks = [MaskedLM(store.tokenizer.vocabulary_size, unit="span")]
    first = PretrainingBatches(store, tasks, max_length=32, batch_size=8).batch(5)
    again = PretrainingBatches(store, tasks, max_length=32, batch_size=8).batch(5)
    for one, other in zip(first, again, strict=True):
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])
