"""What preparing will take, from a sample of the input: time, room on the disk, memory."""

from __future__ import annotations

import itertools
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from kerasbert.corpus.prepare.jobs import SPILL_CHARACTERS, PieceJob
from kerasbert.corpus.prepare.pieces import read_piece
from kerasbert.corpus.prepare.structured import STRUCTURED
from kerasbert.errors import Unfinished
from kerasbert.text.lines import LineProblems
from kerasbert.tokenizer.tokenizer import Tokenizer
from kerasbert.tokenizer.unknown import Unknown, unknown_in
from kerasbert.tokenizer.word_cache import WordCache

_PIECES = 3  # looked into
_CHARACTERS = 100_000  # of each
_PIECE_TEXTS = 100  # whose unknown characters are counted
_COPIES = 2  # of the tokens on disk: spills and shards, until the store is complete


def estimate(jobs: Sequence[PieceJob], workers: int, folder: Path) -> str:
    """A sentence for people; the store's own size is half of the room that it names.

    Raises:
        Unfinished: that room is not there.
    """
    first = jobs[0]
    encoder = WordCache(Tokenizer.load(first.tokenizer, first.segmenter))
    seconds = read = stored = 0.0
    unknown = Unknown()
    for number in range(0, len(jobs), max(1, len(jobs) // _PIECES)):
        job = jobs[number]
        problems = LineProblems(skip=True)  # the work itself will say where they are
        began = time.perf_counter()
        texts, characters = [], 0
        for document in itertools.islice(read_piece(job.piece, job.reading, problems), job.limit):
            texts.append(document.text)
            characters += len(document.text)
            if characters > _CHARACTERS:
                break
        if not texts:
            continue
        encoded = encoder.encode(texts, job.reading.corpus_format)
        seconds += time.perf_counter() - began
        unknown += unknown_in(encoder.tokenizer, [(text,) for text in texts], _PIECE_TEXTS)
        read += sum(len(text.encode("utf-8", "replace")) for text in texts)
        width = 2 if encoder.tokenizer.vocabulary_size < 1 << 16 else 4
        stored += width * len(encoded.token_ids) + 8 * len(encoded.sentence_lengths)
        stored += 16 * len(texts)
    if not read:
        return "the sample of the input holds no text."
    total = sum(job.piece.bytes for job in jobs)
    packed = any(
        job.piece.source.packing or job.piece.source.format in ("parquet", *STRUCTURED)
        for job in jobs
    )
    needed = _COPIES * stored / read * total
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise Unfinished(
            f"{folder}: the work needs about {needed / 1e9:.1f} GB there, {free / 1e9:.1f} GB are"
            " free. Make room, or name an --out on another disk."
        )
    # What is remembered is less than what is read.
    memory = 8 * SPILL_CHARACTERS + min(encoder.most_bytes, 2 * total // workers)
    sentence = (
        f"{'at least ' if packed else 'about '}{_duration(seconds / read * total / workers)},"
        f" {needed / 1e6:,.0f} MB on disk while it is prepared and {needed / _COPIES / 1e6:,.0f} MB"
        f" as a store, up to {_memory() + memory / 1e6:,.0f} MB of memory for each of"
        f" {workers} worker{'s'[: workers > 1]}"
    )
    return "; ".join([sentence, *unknown.warnings("a sample of the input")])


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _memory() -> float:
    """The most memory this process has held, in MB."""
    try:
        import resource
    except ImportError:  # not on Windows
        return 200.0
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
