"""Segments of text written into the rows of a batch, all rows at once."""

from dataclasses import dataclass

import numpy as np

from kerasbert.batches.blocks import Table
from kerasbert.tasks.task import Rows
from kerasbert.tokenizer.special_ids import OURS, SpecialIds


@dataclass(frozen=True)
class Segments:
    """Token ranges of the one or two segments of each row, (B,) int64.

    Without `second_starts` all rows have one; else those where `is_pair` is set have two.
    `is_next` says where the second follows the first.
    """

    starts: np.ndarray
    ends: np.ndarray
    second_starts: np.ndarray | None = None
    second_ends: np.ndarray | None = None
    is_pair: np.ndarray | None = None
    is_next: np.ndarray | None = None


def write_rows(
    text: np.ndarray,
    segments: Segments,
    length: int,
    special: SpecialIds = OURS,
    word_starts: np.ndarray | None = None,
) -> Rows:
    """Rows `[CLS] a [SEP]`, or `[CLS] a [SEP] b [SEP]`, of `length` positions.

    Args:
        text: (T,) int, the token ids that the ranges are of.
        segments: of B rows.
        length: L.
        special: the ids of [PAD], [CLS] and [SEP].
        word_starts: (T,) bool, of the text, where objectives ask for it.
    """
    batch = len(segments.starts)
    rows = empty_rows(batch, length, special, word_starts is not None)
    number = np.arange(batch)
    rows.token_ids[:, 0] = special.cls
    starts, ends = segments.starts, segments.ends
    at = _write(rows, text, number, np.ones(batch, np.int64), starts, ends, word_starts)
    if segments.is_pair is not None:
        assert segments.second_starts is not None and segments.second_ends is not None
        pair = np.flatnonzero(segments.is_pair)
        begin, starts, ends = at[pair], segments.second_starts[pair], segments.second_ends[pair]
        stop = _write(rows, text, pair, begin, starts, ends, word_starts)
        columns = np.arange(length)
        second = (columns >= begin[:, None]) & (columns < stop[:, None])
        rows.segment_ids[pair] = second
        rows.is_pair[:] = segments.is_pair
        rows.is_next[:] = segments.is_next
    return rows


def write_packs(
    table: Table,
    packs: np.ndarray,
    length: int,
    gap: int,
    special: SpecialIds = OURS,
    word_starts: np.ndarray | None = None,
) -> Rows:
    """Rows `[CLS] text [SEP] [CLS] text [SEP]`, with `gap` positions between the texts.

    Args:
        table: with packs.
        packs: (B,) int, which of them.
        length: L.
        gap: positions.
        special: as in `write_rows`.
        word_starts: as in `write_rows`.
    """
    assert table.packs is not None
    rows = empty_rows(len(packs), length, special, word_starts is not None)
    first, stop = table.packs.offsets[packs], table.packs.offsets[packs + 1]
    counts = stop - first
    before = np.cumsum(counts) - counts
    each = np.arange(int(counts.sum()))
    members = table.packs.members[each + np.repeat(first - before, counts)]
    starts, ends = table.starts[members], table.ends[members]
    taken = ends - starts + 2
    reached = np.cumsum(taken + gap) - taken - gap
    at = reached - np.repeat(reached[before], counts)
    number = np.repeat(np.arange(len(packs)), counts)
    rows.token_ids[number, at] = special.cls
    _write(rows, table.text.token_ids, number, at + 1, starts, ends, word_starts)
    # Of all positions of a text, [CLS] and [SEP] included:
    within = np.arange(int(taken.sum())) - np.repeat(np.cumsum(taken) - taken, taken)
    place = np.repeat(number * length + at, taken) + within
    rows.document_ids = np.zeros_like(rows.token_ids)
    rows.position_ids = np.zeros_like(rows.token_ids)
    rows.document_ids.ravel()[place] = np.repeat(each - np.repeat(before, counts) + 1, taken)
    rows.position_ids.ravel()[place] = within
    return rows


def empty_rows(
    batch: int, length: int, special: SpecialIds = OURS, with_words: bool = False
) -> Rows:
    """Rows of padding."""
    return Rows(
        token_ids=np.full((batch, length), special.pad, np.int32),
        segment_ids=np.zeros((batch, length), np.int32),
        special=np.ones((batch, length), bool),
        is_next=np.zeros(batch, np.int32),
        is_pair=np.zeros(batch, bool),
        special_ids=special,
        word_starts=np.zeros((batch, length), bool) if with_words else None,
    )


def _write(
    rows: Rows,
    text: np.ndarray,
    number: np.ndarray,
    at: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    word_starts: np.ndarray | None = None,
) -> np.ndarray:
    """Write a segment and its [SEP] into rows `number` from `at` on; return where that ends."""
    lengths = ends - starts
    before = np.cumsum(lengths) - lengths
    each = np.arange(int(lengths.sum()))
    flat = number * rows.token_ids.shape[1] + at
    place = each + np.repeat(flat - before, lengths)
    source = each + np.repeat(starts - before, lengths)
    rows.token_ids.ravel()[place] = text[source]
    rows.special.ravel()[place] = False
    rows.token_ids.ravel()[flat + lengths] = rows.special_ids.sep
    if rows.word_starts is not None and word_starts is not None:
        rows.word_starts.ravel()[place] = word_starts[source]
    return at + lengths + 1
