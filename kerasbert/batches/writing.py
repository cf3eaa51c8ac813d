"""Segments of text written into the rows of a batch, all rows at once."""

from dataclasses import dataclass

import numpy as np

from kerasbert.batches.blocks import Table
from kerasbert.batches.encoded import CLS_ID, SEP_ID
from kerasbert.tasks.task import Rows


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


def write_rows(text: np.ndarray, segments: Segments, length: int) -> Rows:
    """Rows `[CLS] a [SEP]`, or `[CLS] a [SEP] b [SEP]`, of `length` positions.

    Args:
        text: (T,) int, the token ids that the ranges are of.
        segments: of B rows.
        length: L.
    """
    batch = len(segments.starts)
    rows = empty_rows(batch, length)
    number = np.arange(batch)
    rows.token_ids[:, 0] = CLS_ID
    at = _write(rows, text, number, np.ones(batch, np.int64), segments.starts, segments.ends)
    if segments.is_pair is not None:
        assert segments.second_starts is not None and segments.second_ends is not None
        pair = np.flatnonzero(segments.is_pair)
        begin, starts, ends = at[pair], segments.second_starts[pair], segments.second_ends[pair]
        stop = _write(rows, text, pair, begin, starts, ends)
        columns = np.arange(length)
        second = (columns >= begin[:, None]) & (columns < stop[:, None])
        rows.segment_ids[pair] = second
        rows.is_pair[:] = segments.is_pair
        rows.is_next[:] = segments.is_next
    return rows


def write_packs(table: Table, packs: np.ndarray, length: int, gap: int) -> Rows:
    """Rows `[CLS] text [SEP] [CLS] text [SEP]`, with `gap` positions between the texts.

    Args:
        table: with packs.
        packs: (B,) int, which of them.
        length: L.
        gap: positions.
    """
    assert table.packs is not None
    rows = empty_rows(len(packs), length)
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
    rows.token_ids[number, at] = CLS_ID
    _write(rows, table.text.token_ids, number, at + 1, starts, ends)
    # Of all positions of a text, [CLS] and [SEP] included:
    within = np.arange(int(taken.sum())) - np.repeat(np.cumsum(taken) - taken, taken)
    place = np.repeat(number * length + at, taken) + within
    rows.document_ids = np.zeros_like(rows.token_ids)
    rows.position_ids = np.zeros_like(rows.token_ids)
    rows.document_ids.ravel()[place] = np.repeat(each - np.repeat(before, counts) + 1, taken)
    rows.position_ids.ravel()[place] = within
    return rows


def empty_rows(batch: int, length: int) -> Rows:
    """Rows of padding."""
    return Rows(
        token_ids=np.zeros((batch, length), np.int32),
        segment_ids=np.zeros((batch, length), np.int32),
        special=np.ones((batch, length), bool),
        is_next=np.zeros(batch, np.int32),
        is_pair=np.zeros(batch, bool),
    )


def _write(
    rows: Rows,
    text: np.ndarray,
    number: np.ndarray,
    at: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
) -> np.ndarray:
    """Write a segment and its [SEP] into rows `number` from `at` on; return where that ends."""
    lengths = ends - starts
    before = np.cumsum(lengths) - lengths
    each = np.arange(int(lengths.sum()))
    flat = number * rows.token_ids.shape[1] + at
    place = each + np.repeat(flat - before, lengths)
    rows.token_ids.ravel()[place] = text[each + np.repeat(starts - before, lengths)]
    rows.special.ravel()[place] = False
    rows.token_ids.ravel()[flat + lengths] = SEP_ID
    return at + lengths + 1
