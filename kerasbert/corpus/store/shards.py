"""A shard: some of a store's documents in one HDF5 file, whose datasets can be mapped.

    token_ids          uint16 or uint32 (T,)  all tokens, one after the other
    sentence_offsets   uint64 (S + 1,)        in tokens; sentence s is token_ids[o[s]:o[s + 1]]
    document_offsets   uint64 (N + 1,)        in sentences; a document never leaves its shard
    document_hashes    uint64 (N,)            of the text, for duplicates
    token_counts       uint64 (V,)            how often each token occurs
    word_starts        uint8 (T,)             1 where a word begins; only where ids don't say it

Contiguous and uncompressed: reading is arithmetic on a mapping. Equal documents give equal bytes.
"""

from __future__ import annotations

import errno
import mmap
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from kerasbert.errors import InputError
from kerasbert.files import atomic_path

OFFSETS = np.dtype("<u8")
BLOCK = 1 << 20  # entries checked at a time
_HEADERS = 1 << 14  # bytes, more than HDF5 takes for its own
REMEDY = "Prepare the store again: kerasbert prepare."
_DATASETS = {
    "token_ids": ("<u2", "<u4"),
    "sentence_offsets": ("<u8",),
    "document_offsets": ("<u8",),
    "document_hashes": ("<u8",),
    "token_counts": ("<u8",),
    "word_starts": ("|u1",),
}
_OPTIONAL = {"word_starts"}


@dataclass(frozen=True)
class Documents:
    """Documents that follow each other, in memory or mapped; the arrays are those of a shard."""

    token_ids: np.ndarray
    sentence_offsets: np.ndarray
    document_offsets: np.ndarray
    document_hashes: np.ndarray
    word_starts: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.document_hashes)

    @property
    def starts(self) -> np.ndarray:
        """(N + 1,) int64, where each document begins, and the last one ends, in tokens."""
        return self.sentence_offsets[self.document_offsets.astype(np.int64)].astype(np.int64)

    def cut(self, first: int, stop: int) -> Documents:
        """Documents first to stop - 1 as arrays of their own, offsets counted from 0."""
        sentences = self.document_offsets[first : stop + 1].astype(np.int64)
        tokens = self.sentence_offsets[sentences[0] : sentences[-1] + 1].astype(np.int64)
        return Documents(
            np.array(self.token_ids[tokens[0] : tokens[-1]]),
            tokens - tokens[0],
            sentences - sentences[0],
            np.array(self.document_hashes[first:stop]),
            self._with_starts(slice(tokens[0], tokens[-1])),
        )

    def select(self, keep: np.ndarray) -> Documents:
        """The documents where the mask (N,) is set, as arrays of their own."""
        if keep.all():
            return self
        sentences, tokens = _lengths(self.document_offsets), _lengths(self.sentence_offsets)
        kept = np.repeat(keep, sentences)
        chosen = np.repeat(kept, tokens)
        return Documents(
            self.token_ids[chosen],
            offsets(tokens[kept]),
            offsets(sentences[keep]),
            self.document_hashes[keep],
            self._with_starts(chosen),
        )

    @classmethod
    def join(cls, parts: Iterable[Documents]) -> Documents:
        """The documents of all parts, one after the other."""
        parts = list(parts)
        return cls(
            np.concatenate([part.token_ids for part in parts]),
            offsets(np.concatenate([_lengths(part.sentence_offsets) for part in parts])),
            offsets(np.concatenate([_lengths(part.document_offsets) for part in parts])),
            np.concatenate([part.document_hashes for part in parts]),
            join_starts([part.word_starts for part in parts]),
        )

    def _with_starts(self, tokens: slice | np.ndarray) -> np.ndarray | None:
        return None if self.word_starts is None else np.array(self.word_starts[tokens])


def offsets(lengths: np.ndarray) -> np.ndarray:
    """Lengths (N,) as the offsets (N + 1,) int64 of what has them."""
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def join_starts(parts: Sequence[np.ndarray | None]) -> np.ndarray | None:
    """Word starts one after the other, None if there are none."""
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if known else None


def _lengths(bounds: np.ndarray) -> np.ndarray:
    """(N,) int64 of what has the offsets (N + 1,)."""
    whole = bounds.astype(np.int64)
    return whole[1:] - whole[:-1]


@dataclass(frozen=True)
class ShardCounts:
    """How much is in a shard."""

    documents: int
    sentences: int
    tokens: int


def write_shard(
    path: Path, parts: Iterator[Documents], counts: ShardCounts, vocabulary_size: int
) -> None:
    """Write a shard from parts whose sum is known; memory is that of one part.

    Raises:
        ValueError: the parts are not what `counts` says, or hold ids beyond the vocabulary.
        OSError: there is no room for it.
    """
    dtype = np.dtype("<u2" if vocabulary_size < 1 << 16 else "<u4")
    offsets_and_hashes = counts.sentences + 2 * counts.documents + vocabulary_size
    _check_room(path, counts.tokens * dtype.itemsize + offsets_and_hashes * OFFSETS.itemsize)
    token_counts = np.zeros(vocabulary_size, np.int64)
    tokens = sentences = documents = 0
    with atomic_path(path) as target, h5py.File(target, "w") as file:

        def dataset(name: str, size: int, kind: np.dtype) -> h5py.Dataset:
            return file.create_dataset(name, (size,), kind, track_times=False)

        ids = dataset("token_ids", counts.tokens, dtype)
        sentence_ends = dataset("sentence_offsets", counts.sentences + 1, OFFSETS)
        document_ends = dataset("document_offsets", counts.documents + 1, OFFSETS)
        hashes = dataset("document_hashes", counts.documents, OFFSETS)
        sentence_ends[0] = document_ends[0] = 0
        starts = None
        for part in parts:
            if not len(part):
                continue
            lowest, highest = int(part.token_ids.min()), int(part.token_ids.max())
            if lowest < 0 or highest >= vocabulary_size:
                raise ValueError(
                    f"token ids from {lowest} to {highest} do not fit the vocabulary of"
                    f" {vocabulary_size}"
                )
            token_counts += np.bincount(part.token_ids, minlength=vocabulary_size)
            ids[tokens : tokens + len(part.token_ids)] = part.token_ids.astype(dtype)
            if part.word_starts is not None:
                if starts is None:
                    starts = dataset("word_starts", counts.tokens, np.dtype("u1"))
                starts[tokens : tokens + len(part.token_ids)] = part.word_starts
            ends = part.sentence_offsets[1:].astype(np.int64) + tokens
            sentence_ends[sentences + 1 : sentences + 1 + len(ends)] = ends.astype(OFFSETS)
            last = part.document_offsets[1:].astype(np.int64) + sentences
            document_ends[documents + 1 : documents + 1 + len(last)] = last.astype(OFFSETS)
            hashes[documents : documents + len(part)] = part.document_hashes
            tokens += len(part.token_ids)
            sentences += len(ends)
            documents += len(part)
        if ShardCounts(documents, sentences, tokens) != counts:
            raise ValueError(f"expected {counts}, received {documents, sentences, tokens}")
        dataset("token_counts", vocabulary_size, OFFSETS)[:] = token_counts


def _check_room(path: Path, size: int) -> None:
    """A disk that is full while HDF5 writes ends the whole process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(path.parent).free < size + _HEADERS:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


class Shard:
    """A mapped shard: opening it costs no memory.

    Attributes:
        documents: all of them, mapped.
        token_counts: (V,) uint64, mapped.

    Raises:
        InputError: the file is no shard, damaged, or cut short.
    """

    def __init__(self, path: Path):
        try:
            arrays, self._map = _map(path)
        except Exception as error:  # whatever HDF5 makes of a damaged file
            raise InputError(f"{path}: damaged or cut short ({error}). {REMEDY}") from None
        self.token_counts = arrays.pop("token_counts")
        self.documents = Documents(**arrays)

    def release(self) -> None:
        """Give the memory of what was read back to the system; it is read again where needed."""
        if hasattr(mmap, "MADV_DONTNEED"):  # not on every system
            self._map.madvise(mmap.MADV_DONTNEED)

    @property
    def counts(self) -> ShardCounts:
        """How much it holds."""
        found = self.documents
        return ShardCounts(len(found), len(found.sentence_offsets) - 1, len(found.token_ids))

    def fits(self) -> bool:
        """Whether its boundaries are those of documents and sentences that are not empty."""
        counts, documents = self.counts, self.documents
        return (
            len(documents.document_offsets) == counts.documents + 1
            and _rises(documents.document_offsets, counts.sentences)
            and _rises(documents.sentence_offsets, counts.tokens)
        )


def _rises(bounds: np.ndarray, last: int) -> bool:
    """Whether offsets begin with 0, rise, and end with `last`."""
    if not len(bounds) or bounds[0] != 0 or bounds[-1] != last:
        return False
    starts = range(0, len(bounds) - 1, BLOCK)
    blocks = (bounds[start : start + BLOCK + 1] for start in starts)
    return all(bool(np.all(block[1:] > block[:-1])) for block in blocks)


def _map(path: Path) -> tuple[dict[str, np.ndarray], mmap.mmap]:
    """Find where each dataset lies in the HDF5 file, and map it."""
    places = {}
    with h5py.File(path, "r") as file:
        for name, dtypes in _DATASETS.items():
            if name in _OPTIONAL and name not in file:
                continue
            data = file[name]
            if data.ndim != 1 or data.dtype.str not in dtypes:
                raise ValueError(f"{name} is {data.dtype} {data.shape}")
            place = data.id.get_offset()
            if place is None and data.size:
                raise ValueError(f"{name} is chunked or compressed")
            places[name] = (data.dtype, data.size, place or 0)
    with path.open("rb") as raw:
        mapped = mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ)
    # An array beyond the end of the mapping is refused by NumPy.
    return {
        name: np.frombuffer(mapped, dtype, size, place) if size else np.empty(0, dtype)
        for name, (dtype, size, place) in places.items()
    }, mapped
