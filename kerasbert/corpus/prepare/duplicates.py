"""Documents that are told again, word for word or nearly: the first one stays.

Each document leaves a signature when it is encoded (`signatures`), in any process and order; when
all are there, `find_duplicates` compares them in memory that does not grow with the corpus.

exact  texts that are equal but for white space
near   texts of which some 70% of the distinct runs of five tokens are common (their Jaccard
       similarity, estimated from 64 minima)

Source: Broder 1997, "On the resemblance and containment of documents"; the search by bands is
Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", section 3.4.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from kerasbert.choices import Duplicates
from kerasbert.files import atomic_path
from kerasbert.tokenizer.word_cache import Encoded

GRAM = 5  # tokens
MINIMA = 64  # of a signature
BAND = 4  # minima; documents with an equal band are compared
SIMILAR = 0.7

_FACTORS = np.array([pow(0x9E3779B97F4A7C15, n + 1, 1 << 64) for n in range(GRAM)], np.uint64)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)
_GRAMS_AT_ONCE = 1 << 14
_ROWS_AT_ONCE = 1 << 16
_BYTES_OF_ROW = 48  # what sorting takes for a document


def signatures(parts: Sequence[Encoded], duplicates: Duplicates) -> np.ndarray:
    """Return the signature of each document that has a token.

    Returns:
        "exact": (D,) uint64, the hash of the text; "near": (D, 64) uint32, the minima.
    """
    if duplicates == "exact":
        hashes = [part.hashes[part.document_lengths > 0] for part in parts]
        return np.concatenate([np.empty(0, np.uint64), *hashes])
    minima = [row for part in parts for row in _minima(part)]
    return np.array(minima, np.uint32).reshape(-1, MINIMA)


def find_duplicates(
    files: Sequence[Path], duplicates: Duplicates, scratch: Path, memory: int = 256 << 20
) -> list[int]:
    """Mark the documents that an earlier one makes superfluous, whether that one stays or not.

    Args:
        files: a `.npy` file of `signatures` each, in the order of the corpus. Beside each a file
            `.dropped.npy` is written, (D,) bool.
        duplicates: what the signatures are for.
        scratch: a folder to make, removed in the end; it takes up to 400 bytes a document.
        memory: bytes that may be used.

    Returns:
        how many were marked, of each file.
    """
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        sizes = [len(np.load(file, mmap_mode="r")) for file in files]
        dropped = _find(files, sum(sizes), duplicates, scratch, memory)
        counts = []
        start = 0
        for file, size in zip(files, sizes, strict=True):
            mask = np.array(dropped[start : start + size])
            with atomic_path(file.with_suffix(".dropped.npy")) as temporary:
                np.save(temporary, mask)
            counts.append(int(mask.sum()))
            start += size
        del dropped
        return counts
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _find(
    files: Sequence[Path], total: int, duplicates: Duplicates, scratch: Path, memory: int
) -> np.ndarray:
    """(D,) bool, mapped from a file."""
    if not total:
        return np.zeros(0, bool)
    dropped = np.memmap(scratch / "dropped", bool, "w+", shape=(total,))
    parts = 1 + total * _BYTES_OF_ROW // memory
    if duplicates == "exact":
        _gather(files, {"keys": lambda rows: rows}, scratch)
        for _, _, later in _repeats(scratch / "keys", parts):
            dropped[later] = True
        return dropped
    bands = {f"band{number}": _band_keys(number * BAND) for number in range(MINIMA // BAND)}
    _gather(files, {"minima": lambda rows: rows, **bands}, scratch)
    minima = np.memmap(scratch / "minima", np.uint32, "r", shape=(total, MINIMA))
    for name in bands:
        for first, before, later in _repeats(scratch / name, parts):
            for start in range(0, len(later), _ROWS_AT_ONCE):
                some = slice(start, start + _ROWS_AT_ONCE)
                rows = minima[later[some]]
                alike = _alike(minima[first[some]], rows) | _alike(minima[before[some]], rows)
                dropped[later[some][alike]] = True
    return dropped


def _gather(
    files: Sequence[Path], columns: dict[str, Callable[[np.ndarray], np.ndarray]], scratch: Path
) -> None:
    """Write what the columns make of all signatures, a file each."""
    with contextlib.ExitStack() as stack:
        targets = {name: stack.enter_context((scratch / name).open("wb")) for name in columns}
        for file in files:
            rows = np.load(file, mmap_mode="r")
            for start in range(0, len(rows), _ROWS_AT_ONCE):
                block = np.ascontiguousarray(rows[start : start + _ROWS_AT_ONCE])
                for name, column in columns.items():
                    targets[name].write(column(block).tobytes())


def _repeats(path: Path, parts: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield (first, before, later): places of equal keys, as many of each.

    `later` are all keys that have been met; `first` is where, `before` is where for the last time.
    Each of the parts holds the keys of a range, so a part is a fraction of all.
    """
    keys = np.memmap(path, np.uint64, "r")
    for part in range(parts):
        found, places = [], []
        for start in range(0, len(keys), _ROWS_AT_ONCE):
            block = np.array(keys[start : start + _ROWS_AT_ONCE])
            mine = (block >> _HALF) * np.uint64(parts) >> _HALF == part
            found.append(block[mine])
            places.append(np.flatnonzero(mine) + start)
        values, where = np.concatenate(found), np.concatenate(places)
        order = np.argsort(values, kind="stable")
        values, where = values[order], where[order]
        again = np.zeros(len(values), bool)
        again[1:] = values[1:] == values[:-1]
        begins = np.maximum.accumulate(np.where(again, 0, np.arange(len(values))))
        yield where[begins][again], where[np.flatnonzero(again) - 1], where[again]


def _band_keys(start: int) -> Callable[[np.ndarray], np.ndarray]:
    def keys(rows: np.ndarray) -> np.ndarray:
        band = rows[:, start : start + BAND].astype(np.uint64)
        return _mixed((band * _FACTORS[:BAND]).sum(axis=1, dtype=np.uint64))

    return keys


def _alike(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(N,) bool: whether the share of equal minima, which estimates the similarity, is enough."""
    return (rows == others).mean(axis=1) >= SIMILAR


def _minima(part: Encoded) -> Iterator[np.ndarray]:
    """The minima (64,) uint32 of each document that has a token."""
    from datasketch import MinHash

    # The scheme is named, so that another version of the library makes the same signatures.
    empty = MinHash(MINIMA, hashfunc=int, scheme="affine32")
    reached = np.append(0, np.cumsum(part.sentence_lengths))
    stops = reached[np.cumsum(part.document_lengths[part.document_lengths > 0])]
    start = 0
    for stop in stops.tolist():
        sketch = empty.copy()
        # In parts, because the library makes a table of 64 columns of what it gets.
        for first in range(start, max(start + 1, stop - GRAM + 1), _GRAMS_AT_ONCE):
            last = min(first + _GRAMS_AT_ONCE + GRAM - 1, stop)
            sketch.update_batch(_grams(part.token_ids[first:last]).tolist())
        yield sketch.hashvalues
        start = stop


def _grams(token_ids: np.ndarray) -> np.ndarray:
    """Hashes (G,) uint32 of the runs of five tokens; a shorter text is one, filled up with 0."""
    ids = np.pad(token_ids, (0, max(0, GRAM - len(token_ids)))).astype(np.uint64)
    runs = np.lib.stride_tricks.sliding_window_view(ids, GRAM)
    return np.unique(_mixed(runs @ _FACTORS) >> _HALF).astype(np.uint32)


def _mixed(values: np.ndarray) -> np.ndarray:
    """Scramble uint64: sums of products are not yet well mixed."""
    values = (values ^ (values >> _HALF)) * _MIX
    return values ^ (values >> _HALF)
