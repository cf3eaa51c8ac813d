"""Which documents of a corpus are held out, to validate pre-training on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

_BINS = 1 << 16


@dataclass(frozen=True)
class HeldOut:
    """A choice of documents by the hash of their text; a few bytes, whatever the corpus.

    Attributes:
        last: the largest mixed hash that is chosen; None if nothing is.
        skipped: mixed hashes up to it that are not chosen all the same.
    """

    last: int | None
    skipped: np.ndarray

    def mask(self, hashes: np.ndarray) -> np.ndarray:
        """(N,) bool, True for the documents with these hashes (N,) that are held out."""
        if self.last is None:
            return np.zeros(len(hashes), bool)
        mixed = _mix(np.asarray(hashes, np.uint64))
        chosen = mixed <= np.uint64(self.last)
        return chosen & ~np.isin(mixed, self.skipped) if len(self.skipped) else chosen


def hold_out(
    blocks: Callable[[], Iterable[np.ndarray]], share: float = 0.01, minimum: int = 200
) -> HeldOut:
    """Choose the documents that are never trained on.

    `share` of the documents, at least `minimum`, never more than a fifth of all: those with the
    smallest mixed hash. So duplicates stay together, and the choice depends neither on the order of
    the corpus nor on a seed. Duplicates too many for the fifth stay in training as a whole, so a
    corpus of less than five documents, or of one text only, has no validation documents.

    Args:
        blocks: gives the hashes of all documents, (n,) uint64 at a time; called a few times.
        share: of all documents.
        minimum: number of documents.
    """
    histogram = np.zeros(_BINS, np.int64)  # of the first 16 bits
    for hashes in blocks():
        bins = _mix(np.asarray(hashes, np.uint64)) >> np.uint64(48)
        histogram += np.bincount(bins.astype(np.int64), minlength=_BINS)
    reach = np.cumsum(histogram)
    total = int(reach[-1])
    most = total // 5
    wanted = min(max(int(np.ceil(share * total)), minimum), most)
    end = int(np.searchsorted(reach, wanted)) + 1 if wanted else 0  # bins to look into
    while wanted:
        texts, times = _smallest(blocks, end)
        last, taken = None, 0
        skipped = []
        for text, count in zip(texts, times, strict=True):
            if taken >= wanted:
                break
            if taken + count <= most:
                last, taken = int(text), taken + int(count)
            else:
                skipped.append(text)
        if taken >= wanted or end >= _BINS:
            return HeldOut(last, np.array(skipped, np.uint64))
        end = min(2 * end, _BINS)
    return HeldOut(None, np.empty(0, np.uint64))


def validation_documents(hashes: np.ndarray, share: float = 0.01, minimum: int = 200) -> np.ndarray:
    """(N,) bool, True for the held-out ones of documents with these hashes; see `hold_out`."""
    hashes = np.asarray(hashes, np.uint64)
    return hold_out(lambda: [hashes], share, minimum).mask(hashes)


def _smallest(
    blocks: Callable[[], Iterable[np.ndarray]], bins: int
) -> tuple[np.ndarray, np.ndarray]:
    """The distinct mixed hashes in the first bins, in order, and how often each occurs."""
    texts, times = np.empty(0, np.uint64), np.empty(0, np.int64)
    for hashes in blocks():
        mixed = _mix(np.asarray(hashes, np.uint64))
        found, counts = np.unique(
            mixed[(mixed >> np.uint64(48)) < np.uint64(bins)], return_counts=True
        )
        together, place = np.unique(np.concatenate([texts, found]), return_inverse=True)
        times = np.bincount(place, np.concatenate([times, counts]), len(together)).astype(np.int64)
        texts = together
    return texts, times


def _mix(hashes: np.ndarray) -> np.ndarray:
    """Scramble uint64 values (SplitMix64), so that the choice is independent of how they arose."""
    mixed = hashes + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
