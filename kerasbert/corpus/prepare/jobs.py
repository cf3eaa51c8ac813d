"""The work of preparing, cut into jobs that depend on nothing but their arguments.

A job reads a piece of the input and writes spills, or reads spills and writes a shard; its files
appear under their names when they are complete, and its record last. So a job may be killed, done
twice or by several workers at once: the files are the same. Everything here runs in a worker
process, perhaps on another machine that sees the same folder.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerasbert.corpus.prepare.cleaning import Cleaning, clean
from kerasbert.corpus.prepare.cutting import Piece
from kerasbert.corpus.prepare.duplicates import signatures
from kerasbert.corpus.prepare.pieces import CorpusCounts, Document, ReadOptions, read_piece
from kerasbert.corpus.prepare.sources import Source
from kerasbert.corpus.store.shards import Documents, ShardCounts, join_starts, offsets, write_shard
from kerasbert.corpus.store.token_store import file_sha256
from kerasbert.errors import InputError, Unfinished
from kerasbert.files import atomic_path, write_json
from kerasbert.text.lines import LineProblems
from kerasbert.tokenizer.tokenizer import Tokenizer
from kerasbert.tokenizer.unknown import Unknown, unknown_characters
from kerasbert.tokenizer.word_cache import WordCache, batches

SPILL_CHARACTERS = 16 << 20  # of text in a spill: what a worker holds in memory at a time


@dataclass(frozen=True)
class PieceJob:
    """Encode one piece.

    Attributes:
        number: of the piece.
        stamp: (size, time of the last change) of its file when its checksum was taken; None for
            one that is not on this machine.
        folder: where spills and record go.
        tokenizer: the `tokenizer.json`, in the same folder; `segmenter` belongs to it.
        limit: read the first documents only.
        looked_at: the share of the documents whose unknown characters are counted.
    """

    number: int
    piece: Piece
    stamp: tuple[int, int] | None
    folder: Path
    tokenizer: Path
    segmenter: str | None
    reading: ReadOptions
    cleaning: Cleaning
    skip_bad_lines: bool
    limit: int | None = None
    looked_at: float = 0.0

    @property
    def record(self) -> Path:
        """The file that says that the job is done."""
        return self.folder / f"{self.number:06d}.json"

    def spill(self, number: int) -> Path:
        """The file of one of its spills."""
        return self.folder / f"{self.number:06d}-{number:04d}.npz"


def encode_piece(job: PieceJob) -> dict[str, Any]:
    """Encode the documents of a piece into spills, and return its record.

    Raises:
        InputError: naming file and line, whatever failed.
    """
    where = job.piece.source.shown
    problems, counts = LineProblems(skip=job.skip_bad_lines), CorpusCounts()
    dropped: Counter[str] = Counter()
    read = 0

    def documents() -> Iterator[Document]:
        nonlocal read
        for document in itertools.islice(
            read_piece(job.piece, job.reading, problems, counts), job.limit
        ):
            read += 1
            yield document

    try:
        check_unchanged(job.piece.source, job.stamp)
        encoder = _encoder(job.tokenizer, job.segmenter)
        kept = clean(documents(), job.cleaning, dropped)
        spills, unknown = 0, Unknown()
        for spills, spill in enumerate(_spills(kept), start=1):
            unknown += _write_spill(job, spills - 1, spill, encoder, dropped)
        check_unchanged(job.piece.source, job.stamp)
        record = {
            "limit": job.limit,
            "chunks": spills,
            "read": read,
            "stripped_labels": counts.stripped_labels,
            "skipped_lines": problems.skipped,
            "skipped_examples": problems.examples,
            "dropped": dict(sorted(dropped.items())),
            "unknown": vars(unknown),
        }
        write_json(job.record, record)
    except InputError:
        raise
    except OSError as error:
        raise disk_trouble(job.folder, error) from error
    except Exception as error:
        raise Unfinished(
            f"{where}: the piece from {job.piece.start} to {job.piece.stop} failed behind document"
            f" {read} of it ({type(error).__name__}: {error}). What is done is kept."
        ) from error
    return record


def check_unchanged(source: Source, stamp: tuple[int, int] | None) -> None:
    """Refuse a file that is not what it was when its checksum was taken."""
    if stamp is not None and file_stamp(source.path) != stamp:
        raise InputError(
            f"{source.shown}: changed while it was read. Run the command again when nothing"
            " writes to it."
        )


def file_stamp(path: str) -> tuple[int, int] | None:
    """Size and time of the last change; None for what is not a file of this machine."""
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def disk_trouble(folder: Path, error: OSError) -> Unfinished:
    """What to say when writing failed."""
    return Unfinished(
        f"{folder}: writing failed ({error.strerror or error}). What is done is kept: make room on"
        " that disk, then run the same command again to go on."
    )


def _spills(documents: Iterator[Document]) -> Iterator[list[Document]]:
    """Documents in lists of at most so many characters, or of one document."""
    spill: list[Document] = []
    characters = 0
    for document in documents:
        if spill and characters + len(document.text) > SPILL_CHARACTERS:
            yield spill
            spill, characters = [], 0
        spill.append(document)
        characters += len(document.text)
    if spill:
        yield spill


def _write_spill(
    job: PieceJob, number: int, spill: list[Document], encoder: WordCache, dropped: Counter[str]
) -> Unknown:
    """Encode some documents into a file, and return what is unknown of those looked at."""
    parts, unknown = [], Unknown()
    for texts in batches(document.text for document in spill):
        part = encoder.encode(texts, job.reading.corpus_format)
        parts.append(part)
        # Chosen by their text: the same ones for any cut into pieces.
        chosen = np.flatnonzero(part.hashes < job.looked_at * 2.0**64)
        unknown += unknown_characters(encoder.tokenizer, [texts[i] for i in chosen])
    sentences = np.concatenate([part.document_lengths for part in parts])
    filled = sentences > 0
    if empty := int((~filled).sum()):
        dropped["no token"] += empty
    dtype = np.uint16 if encoder.tokenizer.vocabulary_size < 1 << 16 else np.uint32
    path = job.spill(number)
    if job.cleaning.duplicates is not None:
        with atomic_path(path.with_suffix(".npy")) as temporary:
            np.save(temporary, signatures(parts, job.cleaning.duplicates))
    arrays: dict[str, Any] = {}
    if (starts := join_starts([part.word_starts for part in parts])) is not None:
        arrays["word_starts"] = starts.astype(np.uint8)
    with atomic_path(path) as temporary:
        np.savez(
            temporary,
            token_ids=np.concatenate([part.token_ids for part in parts]).astype(dtype),
            sentence_lengths=np.concatenate([part.sentence_lengths for part in parts]),
            document_lengths=sentences[filled],
            hashes=np.concatenate([part.hashes for part in parts])[filled],
            **arrays,
        )
    return unknown


def read_spill(path: Path, first: int = 0, stop: int | None = None) -> Documents:
    """Documents first to stop - 1 of a spill, less those of its `.dropped.npy`."""
    with np.load(path) as arrays:
        whole = Documents(
            arrays["token_ids"],
            offsets(arrays["sentence_lengths"]),
            offsets(arrays["document_lengths"]),
            arrays["hashes"],
            arrays.get("word_starts"),
        )
    keep = _kept(path, len(whole))
    return whole.select(keep).cut(first, stop if stop is not None else int(keep.sum()))


def _read_bounds(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """(N + 1,) where the documents of a spill begin, in sentences and in tokens, less as above."""
    with np.load(path) as arrays:  # not the ids, which are most of it
        sentences, tokens = arrays["document_lengths"], offsets(arrays["sentence_lengths"])
    keep = _kept(path, len(sentences))
    lengths = np.diff(tokens[offsets(sentences)])
    return offsets(sentences[keep]), offsets(lengths[keep])


def _kept(path: Path, documents: int) -> np.ndarray:
    dropped = path.with_suffix(".dropped.npy")
    return ~np.load(dropped) if dropped.exists() else np.ones(documents, bool)


@dataclass(frozen=True)
class ShardJob:
    """Write one shard.

    Attributes:
        path: of the shard.
        parts: spills, and which of their documents (first, stop).
        counts: what comes together.
    """

    path: Path
    parts: tuple[tuple[Path, int, int], ...]
    counts: ShardCounts
    vocabulary_size: int

    @property
    def record(self) -> Path:
        """The file that says that the job is done."""
        return self.path.with_suffix(".json")


def write_shard_of(job: ShardJob) -> dict[str, Any]:
    """Write a shard, and return its entry in the manifest.

    Raises:
        InputError: writing failed.
    """
    try:
        parts = (read_spill(*part) for part in job.parts)
        write_shard(job.path, parts, job.counts, job.vocabulary_size)
        entry = {
            "name": job.path.name,
            **vars(job.counts),
            "bytes": job.path.stat().st_size,
            "sha256": file_sha256(job.path),
        }
        write_json(job.record, entry)
    except OSError as error:
        raise disk_trouble(job.path.parent, error) from error
    return entry


def plan_shards(
    spills: Iterator[Path], folder: Path, shard_size: int, vocabulary_size: int
) -> Iterator[ShardJob]:
    """Deal documents out to shards of at most `shard_size` tokens, or of one document."""
    from kerasbert.corpus.store.manifest import shard_name

    parts: list[tuple[Path, int, int]] = []
    sums = np.zeros(3, np.int64)  # documents, sentences, tokens
    number = 0

    def job() -> ShardJob:
        counts = ShardCounts(*map(int, sums))
        return ShardJob(folder / shard_name(number), tuple(parts), counts, vocabulary_size)

    for path in spills:
        bounds, starts = _read_bounds(path)
        first, documents = 0, len(bounds) - 1
        while first < documents:
            stop = int(np.searchsorted(starts, starts[first] + shard_size - sums[2], "right")) - 1
            if stop <= first and not sums[0]:
                stop = first + 1  # a document that is longer than a shard
            if stop > first:
                parts.append((path, first, stop))
                sums += stop - first, bounds[stop] - bounds[first], starts[stop] - starts[first]
                first = stop
            if first < documents:
                yield job()
                parts, sums, number = [], np.zeros(3, np.int64), number + 1
    if sums[0]:
        yield job()


_of_thread = threading.local()


def _encoder(path: Path, segmenter: str | None) -> WordCache:
    """The encoder of this thread, kept from piece to piece: it remembers words."""
    key = (path, path.stat().st_mtime_ns, segmenter)
    if getattr(_of_thread, "key", None) != key:
        _of_thread.encoder = WordCache(Tokenizer.load(path, segmenter))
        _of_thread.key = key
    return _of_thread.encoder


def read_record(path: Path) -> dict[str, Any] | None:
    """The record of a job that is done, None for one that is not."""
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
