"""Rows of whole sentences, and batches that are functions of (seed, step)."""

import numpy as np
import pytest

from kerasbert.batches import PretrainingBatches
from kerasbert.batches.pretraining import cut_rows
from kerasbert.errors import InputError
from kerasbert.tasks import MaskedLM, NextSentence
from kerasbert.text.held_out import validation_documents


class FakeStore:
    """Just boundaries: documents of given sentence lengths."""

    def __init__(self, *documents: list[int]):
        lengths = [length for document in documents for length in document]
        self.sentence_offsets = np.cumsum([0, *lengths])
        self.document_offsets = np.cumsum([0, *map(len, documents)])


def test_rows_are_as_many_whole_sentences_as_fit():
    store = FakeStore([3, 4, 5], [2], [25, 2])
    starts, ends = cut_rows(store, np.arange(3), room=10)
    # 3 + 4 fit, 5 is the next row; the sentence of 25 is cut twice, its last 5 take in the 2.
    rows = list(zip(starts.tolist(), ends.tolist(), strict=True))
    assert rows == [(0, 7), (7, 12), (12, 14), (14, 24), (24, 34), (34, 41)]


def test_rows_cover_every_token_once():
    rng = np.random.default_rng(0)
    store = FakeStore(*[rng.integers(1, 30, rng.integers(1, 9)).tolist() for _ in range(200)])
    starts, ends = cut_rows(store, np.arange(200), room=20)
    assert starts[0] == 0 and (starts[1:] == ends[:-1]).all()
    assert ends[-1] == store.sentence_offsets[-1] and (ends - starts).max() <= 20


def make(store, **changes):
    tasks = changes.pop("tasks", [MaskedLM(store.tokenizer.vocabulary_size)])
    return PretrainingBatches(store, tasks, **{"max_length": 32, "batch_size": 8} | changes)


def same(one, other) -> bool:
    return all(
        np.array_equal(part[key], again[key])
        for part, again in zip(one, other, strict=True)
        for key in part
    )


def test_a_batch_is_a_function_of_seed_and_step(store):
    in_turn = make(store, seed=5)
    for step in range(7):
        in_turn.batch(step)
    assert same(in_turn.batch(7), make(store, seed=5).batch(7))
    assert not same(in_turn.batch(7), make(store, seed=6).batch(7))


def test_rows_hold_their_text_between_cls_and_sep(store):
    batches = make(store)
    rows = batches.rows(0)
    indices = batches.order.batch(0)
    for row, index in enumerate(indices):
        text = store.token_ids[batches.starts[index] : batches.ends[index]]
        expected = [2, *text, 3]
        assert rows.token_ids[row, : len(expected)].tolist() == expected
        assert not rows.token_ids[row, len(expected) :].any()
        assert rows.special[row].sum() == rows.token_ids.shape[1] - len(text)


def test_validation_documents_are_never_trained_on(store):
    held_out = validation_documents(store.document_hashes)
    starts = np.asarray(store.sentence_offsets)[np.asarray(store.document_offsets)]
    for part, expected in (("train", False), ("valid", True)):
        batches = make(store, part=part)
        documents = np.searchsorted(starts, batches.starts, side="right") - 1
        assert (held_out[documents] == expected).all()
        assert len(np.unique(documents)) == (held_out == expected).sum()


def test_pairs_are_half_next_and_half_from_another_document(store):
    tasks = [NextSentence(), MaskedLM(store.tokenizer.vocabulary_size)]
    batches = make(store, tasks=tasks, batch_size=64)
    share = []
    for step in range(40):
        rows = batches.rows(step)
        share += rows.is_next[rows.is_pair].tolist()
        for row in np.flatnonzero(rows.is_pair)[:3]:
            ids, segments = rows.token_ids[row], rows.segment_ids[row]
            assert (ids == 3).sum() == 2  # [CLS] a [SEP] b [SEP]
            assert (np.diff(segments[: (ids > 0).sum()]) >= 0).all() and segments.max() == 1
    assert len(share) > 1000 and abs(np.mean(share) - 0.5) < 0.05


def test_the_second_segment_is_the_next_text_or_another_documents(store):
    batches = make(store, tasks=[NextSentence()], batch_size=16)
    text = np.asarray(store.token_ids)
    indices = batches.order.batch(0)
    rows = batches.rows(0)
    for row in np.flatnonzero(rows.is_pair):
        ids = rows.token_ids[row]
        first_end, second_end = np.flatnonzero(ids == 3)
        start = batches.starts[indices[row]]
        first, second = ids[1:first_end], ids[first_end + 1 : second_end]
        assert (text[start : start + len(first)] == first).all()
        following = text[start + len(first) : start + len(first) + len(second)]
        assert np.array_equal(following, second) or not rows.is_next[row]
        assert np.array_equal(following, second) or rows.is_next[row] == 0


def test_one_sentence_alone_is_no_pair(store):
    batches = make(store, tasks=[NextSentence()], batch_size=64)
    pairs = 0
    for step in range(batches.steps_per_epoch):
        _, _, weights = batches.batch(step)
        is_pair = batches.rows(step).is_pair
        np.testing.assert_array_equal(weights["next_sentence"], is_pair.astype(np.float32))
        pairs += is_pair.sum()
    assert 0 < pairs < 64 * batches.steps_per_epoch


def test_no_room_for_text_is_an_error(store):
    with pytest.raises(InputError, match="leaves no room"):
        make(store, max_length=2)
