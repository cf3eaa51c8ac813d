"""Rows of whole sentences, and batches that are functions of (seed, step)."""

from collections import Counter

import numpy as np
import pytest

from kerasbert import TokenStore, prepare_store
from kerasbert.batches import PretrainingBatches
from kerasbert.batches.blocks import cut_rows
from kerasbert.corpus.store.held_out import validation_documents
from kerasbert.errors import InputError
from kerasbert.tasks import MaskedLM, NextSentence


def cut(*documents: list[int], room: int):
    """Rows of documents of given sentence lengths."""
    offsets = np.cumsum([0, *(length for document in documents for length in document)])
    bounds = offsets[np.cumsum([0, *map(len, documents)])]
    return cut_rows(offsets, bounds[:-1], bounds[1:], room)


def test_rows_are_as_many_whole_sentences_as_fit():
    starts, ends, numbers = cut([3, 4, 5], [2], [25, 2], room=10)
    # 3 + 4 fit, 5 is the next row; the sentence of 25 is cut twice, its last 5 take in the 2.
    rows = list(zip(starts.tolist(), ends.tolist(), strict=True))
    assert rows == [(0, 7), (7, 12), (12, 14), (14, 24), (24, 34), (34, 41)]
    assert numbers.tolist() == [0, 0, 1, 2, 2, 2]


@pytest.mark.parametrize("few", [0, 10**9])
def test_rows_cover_every_token_once(few, monkeypatch):
    rng = np.random.default_rng(0)
    documents = [rng.integers(1, 30, rng.integers(1, 9)).tolist() for _ in range(200)]
    expected = cut(*documents, room=20)
    monkeypatch.setattr("kerasbert.batches.blocks._FEW", few)  # one document at a time, or all
    starts, ends, numbers = cut(*documents, room=20)
    assert all(map(np.array_equal, expected, (starts, ends, numbers)))
    assert starts[0] == 0 and (starts[1:] == ends[:-1]).all()
    assert ends[-1] == sum(map(sum, documents)) and (ends - starts).max() <= 20


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
    table, chosen = batches.chosen(0)
    for row, number in enumerate(chosen):
        text = table.text.token_ids[table.starts[number] : table.ends[number]]
        expected = [2, *text, 3]
        assert rows.token_ids[row, : len(expected)].tolist() == expected
        assert not rows.token_ids[row, len(expected) :].any()
        assert rows.special[row].sum() == rows.token_ids.shape[1] - len(text)


def texts(batches):
    """The text of every row of an epoch."""
    for step in range(batches.steps_per_epoch):
        for row in batches.rows(step).token_ids:
            yield tuple(row[row > 4].tolist())


def test_an_epoch_holds_every_token_of_the_part_and_no_other(store):
    """Of one shard or of many, in one block or in many."""
    whole = store.read(0, store.documents)
    held_out = validation_documents(whole.document_hashes)
    for part, expected in (("train", ~held_out), ("valid", held_out), ("all", held_out >= 0)):
        batches = make(store, part=part, batch_size=1)
        found = Counter(token for text in texts(batches) for token in text)
        ids = whole.select(expected).token_ids
        assert found == Counter(ids[ids > 4].tolist())
        limited = make(store, part=part, batch_size=1, limit=3)
        first = whole.select(expected).cut(0, 3).token_ids
        found = Counter(token for text in texts(limited) for token in text)
        assert found == Counter(first[first > 4].tolist())


def test_shards_and_blocks_make_no_difference_to_the_rows(store, files, tmp_path, monkeypatch):
    expected = Counter(texts(make(store)))
    prepare_store([files / "raw.txt"], tmp_path / "s", tokenizer=store.tokenizer, shard_size=900)
    shards = TokenStore.open(tmp_path / "s")
    assert len(shards.shards) > 5
    monkeypatch.setattr("kerasbert.batches.blocks.BLOCK_ROWS", 8)
    monkeypatch.setattr("kerasbert.batches.blocks._DOCUMENTS", 50)
    batches = make(shards)
    assert len(batches.blocks.rows) > 20
    again = Counter(texts(batches))
    assert set(again) == set(expected)
    assert sum(again.values()) == sum(expected.values())


def test_processes_share_the_rows(store, monkeypatch):
    monkeypatch.setattr("kerasbert.batches.blocks.BLOCK_ROWS", 8)
    whole = set(texts(make(store)))
    parts = [make(store, process=(number, 2)) for number in range(2)]
    assert parts[0].rows(0).token_ids.shape == parts[1].rows(0).token_ids.shape == (4, 32)
    assert parts[0].steps_per_epoch == parts[1].steps_per_epoch == make(store).steps_per_epoch
    seen = [set(texts(part)) for part in parts]
    assert seen[0] | seen[1] <= whole and len(seen[0] | seen[1]) > 0.9 * len(whole)
    assert not same(parts[0].batch(0), parts[1].batch(0))


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
    table, chosen = batches.chosen(0)
    text = table.text.token_ids
    rows = batches.rows(0)
    for row in np.flatnonzero(rows.is_pair):
        ids = rows.token_ids[row]
        first_end, second_end = np.flatnonzero(ids == 3)
        start = table.starts[chosen[row]]
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
