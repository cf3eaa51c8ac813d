"""Rows of a token store, block by block: a few numbers stand for some hundred rows."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kerasbert.batches.packing import Packs, join_packs, pack_rows
from kerasbert.corpus.store.shards import Documents
from kerasbert.corpus.store.token_store import TokenStore

BLOCK_ROWS = 128  # of text that follows each other; some 500 such blocks are shuffled together
MOST_BLOCKS = 1 << 20  # in memory: of a larger store they are larger
_DOCUMENTS, _SENTENCES = 1 << 16, 1 << 20  # looked at a time while rows are counted
_FEW = 16  # documents for which a loop is faster than arrays


@dataclass(frozen=True)
class Table:
    """Rows of some documents, with their text.

    Attributes:
        text: the documents, in memory.
        starts, ends: (R,) int64, where each row begins and ends in `text.token_ids`.
        documents: (R,) int64, the document of each row.
        packs: P packs of the rows, if they are packed.
        lengths: (R,) or (P,) int64, the positions that each row, or pack, takes.
        offsets: (b + 1,) int64, where the rows, or packs, of each block begin.
        numbers: (R,) or (P,) int64, the number of each row, or pack, among those of the part.
    """

    text: Documents
    starts: np.ndarray
    ends: np.ndarray
    documents: np.ndarray
    packs: Packs | None
    lengths: np.ndarray
    offsets: np.ndarray
    numbers: np.ndarray


@dataclass(frozen=True)
class Packing:
    """Rows share rows of `max_length` positions, `gap` of them between two."""

    max_length: int
    gap: int

    def __call__(self, lengths: np.ndarray) -> Packs:
        """The packs of rows of these lengths (R,)."""
        return pack_rows(lengths, self.max_length, self.gap)


class RowBlocks:
    """The rows of a part of a store, of whole sentences, in blocks of documents behind each other.

    Attributes:
        first, stop: (K,) int64: a block is those of these documents that belong to the part.
        rows: (K,) int64, how many rows, or packs, each block has: about `BLOCK_ROWS`.
        tokens: of all rows.

    Args:
        store: the token store.
        part: "train", "valid" or "all".
        max_length: positions of a row.
        specials: how many of these are not of the text.
        limit: take only the first documents of the part.
        packing: of the rows; those of a block are packed with each other.
    """

    def __init__(
        self,
        store: TokenStore,
        part: str,
        max_length: int,
        specials: int,
        limit: int | None = None,
        packing: Packing | None = None,
    ):
        self.store = store
        self.part = part
        self.room = max_length - specials
        self.specials = specials
        self.packing = packing
        block_rows = max(BLOCK_ROWS, store.tokens // self.room // MOST_BLOCKS)
        blocks: list[np.ndarray] = [np.zeros((0, 3), np.int64)]
        left = store.documents if limit is None else limit
        tokens = 0
        for number, start, stop in self._spans():
            text = store.shards[number].documents
            chosen = np.flatnonzero(self._chosen(text.document_hashes[start:stop]))[:left]
            left -= len(chosen)
            if len(chosen):
                starts, ends, owners = self._cut(text, start, stop, chosen)
                tokens += int((ends - starts).sum())
                lengths = ends - starts + specials
                # A block ends behind the document that fills it, and with what is looked at.
                sizes = np.bincount(owners, lengths / max_length if packing else None)
                full = (np.cumsum(sizes) - sizes) // block_rows
                begins = np.flatnonzero(np.diff(full, prepend=-1))
                last = np.append(begins[1:], len(chosen)) - 1
                bounds = np.searchsorted(owners, np.append(begins, len(chosen)))
                rows = np.diff(bounds)
                if packing is not None:
                    parts = np.split(lengths, bounds[1:-1])
                    rows = np.array([len(packing(part).lengths) for part in parts])
                first = store.first_documents[number] + start + chosen
                blocks.append(np.stack([first[begins], first[last] + 1, rows], axis=1))
            if stop == len(text):
                store.shards[number].release()
            if not left:
                break
        self.tokens = tokens
        self.first, self.stop, self.rows = np.concatenate(blocks).T

    def table(self, blocks: np.ndarray) -> Table:
        """The rows of these blocks (b,), with their text."""
        store = self.store
        shards = np.searchsorted(store.first_documents, self.first[blocks], side="right") - 1
        parts = []
        for shard, block in zip(shards, blocks, strict=True):
            base = store.first_documents[shard]
            mapped = store.shards[shard]
            text = mapped.documents.cut(int(self.first[block] - base), int(self.stop[block] - base))
            parts.append(text.select(self._chosen(text.document_hashes)))
            mapped.release()  # the system maps far more than what is read
        text = Documents.join(parts)
        starts, ends, documents = self._cut(text, 0, len(text), np.arange(len(text)))
        bounds = np.searchsorted(documents, np.cumsum([0, *(len(part) for part in parts)]))
        lengths = ends - starts + self.specials
        packs = None
        if self.packing is not None:
            blocks_packs = [self.packing(part) for part in np.split(lengths, bounds[1:-1])]
            packs = join_packs(blocks_packs, bounds[:-1])
            lengths = packs.lengths
            bounds = np.cumsum([0, *(len(part.lengths) for part in blocks_packs)])
        # The first of each block is behind the rows of all blocks before it.
        first = (np.cumsum(self.rows) - self.rows)[blocks] - bounds[:-1]
        numbers = np.arange(len(lengths)) + np.repeat(first, np.diff(bounds))
        return Table(text, starts, ends, documents, packs, lengths, bounds, numbers)

    def _chosen(self, hashes: np.ndarray) -> np.ndarray:
        """(n,) bool, whether documents with these hashes belong to the part."""
        if self.part == "all":
            return np.ones(len(hashes), bool)
        held_out = self.store.held_out.mask(hashes)
        return held_out if self.part == "valid" else ~held_out

    def _cut(
        self, text: Documents, first: int, stop: int, chosen: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """`cut_rows` of the chosen ones of the documents from `first` to `stop` - 1."""
        sentences = np.asarray(text.document_offsets[first : stop + 1], np.int64)
        offsets = np.asarray(text.sentence_offsets[sentences[0] : sentences[-1] + 1], np.int64)
        bounds = offsets[sentences - sentences[0]]
        return cut_rows(offsets, bounds[chosen], bounds[chosen + 1], self.room)

    def _spans(self) -> Iterator[tuple[int, int, int]]:
        """Shards, and documents of them to look at together."""
        for number, shard in enumerate(self.store.shards):
            offsets = shard.documents.document_offsets
            start, size = 0, len(shard.documents)
            while start < size:
                window = offsets[start : start + _DOCUMENTS + 1].astype(np.int64)
                stop = start + int(np.searchsorted(window, window[0] + _SENTENCES, "right")) - 1
                stop = min(max(stop, start + 1), size)
                yield number, start, stop
                start = stop


def cut_rows(
    offsets: np.ndarray, starts: np.ndarray, stops: np.ndarray, room: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Token ranges of rows of at most `room` tokens: as many whole sentences as fit.

    All documents advance by a row at a time together, so it takes as many passes as the longest
    document has rows, whatever the number of documents.

    Args:
        offsets: (S,) int64, ascending: where sentences begin and end.
        starts: (N,) int64, where each document begins, ascending.
        stops: (N,) int64, where it ends.
        room: tokens.

    Returns:
        starts, ends and documents of the rows, (R,) int64, in the order of the text.
    """
    numbers = np.arange(len(starts))
    found = [np.zeros((3, 0), np.int64)]
    at = starts
    while len(at) > _FEW:
        reach = np.minimum(at + room, stops)
        fits = offsets[np.searchsorted(offsets, reach, side="right") - 1]
        end = np.where(fits > at, np.minimum(fits, stops), reach)  # no whole sentence: cut it
        found.append(np.stack([at, end, numbers]))
        going_on = end < stops
        at, stops, numbers = end[going_on], stops[going_on], numbers[going_on]
    for begin, stop, number in zip(at.tolist(), stops.tolist(), numbers.tolist(), strict=True):
        found.append(_cut_one(offsets, begin, stop, room, number))
    rows = np.concatenate(found, axis=1)
    rows = rows[:, rows[1] > rows[0]]
    return tuple(rows[:, np.argsort(rows[0], kind="stable")])


def _cut_one(offsets: np.ndarray, at: int, stop: int, room: int, number: int) -> np.ndarray:
    """The rows of one document, (3, R) int64."""
    low, high = np.searchsorted(offsets, [at, stop], side="right").tolist()
    ends = offsets[low:high].tolist()
    rows = []
    while at < stop:
        reach = min(at + room, stop)
        place = bisect_right(ends, reach) - 1
        end = ends[place] if place >= 0 and ends[place] > at else reach
        rows.append((at, end, number))
        at = end
    return np.array(rows, np.int64).reshape(-1, 3).T
