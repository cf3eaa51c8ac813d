"""The tokenizer of a corpus of any size: trained on a sample that is drawn piece by piece."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kerasbert.corpus.prepare.cleaning import Cleaning, clean
from kerasbert.corpus.prepare.cutting import Piece
from kerasbert.corpus.prepare.engines import Pool
from kerasbert.corpus.prepare.pieces import Document, ReadOptions, check_any, read_piece
from kerasbert.corpus.prepare.sampling import merge_samples, sample_piece, sample_share
from kerasbert.text.lines import LineProblems
from kerasbert.tokenizer.tokenizer import Tokenizer
from kerasbert.tokenizer.training import train_tokenizer
from kerasbert.tokenizer.vocabulary_change import VocabularyChange, change_vocabulary


@dataclass(frozen=True)
class TokenizerSettings:
    """What a tokenizer is trained with.

    Attributes:
        start: the tokenizer whose vocabulary becomes another one, by `change`; None to train one.
        style, vocabulary_size, lowercase, whole_alphabet: see `train_tokenizer`.
        sample_bytes: of text, about; all of a smaller corpus.
        seed: of the sample.
    """

    start: Tokenizer | None = None
    change: VocabularyChange | None = None
    style: str = "wordpiece"
    vocabulary_size: int = 20000
    lowercase: bool = True
    sample_bytes: int = 100 << 20
    whole_alphabet: bool = False
    seed: int = 0


@dataclass(frozen=True)
class SampleJob:
    """Draw from one piece: `source` is the number of its source, `share` that of `sample_share`."""

    piece: Piece
    source: int
    share: float
    seed: int
    reading: ReadOptions
    cleaning: Cleaning
    skip_bad_lines: bool
    limit: int | None = None


Drawn = tuple[int, LineProblems, list[tuple[int, str]]]


def draw(job: SampleJob) -> Drawn:
    """How many documents were read, what could not be, and the sample of them.

    Raises:
        InputError: as `read_piece`.
    """
    problems = LineProblems(skip=job.skip_bad_lines)
    read = 0

    def documents() -> Iterator[Document]:
        nonlocal read
        for document in itertools.islice(read_piece(job.piece, job.reading, problems), job.limit):
            read += 1
            yield document

    kept = clean(documents(), job.cleaning, Counter())
    sample = sample_piece(kept, job.source, job.share, job.seed)
    return read, problems, sample


def train_on_sample(
    pieces: Sequence[Piece],
    settings: TokenizerSettings,
    reading: ReadOptions,
    cleaning: Cleaning,
    skip_bad_lines: bool,
    limit: int | None,
    pool: Pool,
) -> tuple[Tokenizer, dict[str, Any]]:
    """Train on a uniform sample of the documents; the same for any pool.

    Args:
        pieces: of the corpus.
        settings: of tokenizer and sample.
        reading: of the pieces.
        cleaning: of the documents.
        skip_bad_lines: leave out lines that cannot be read.
        limit: take the first documents only.
        pool: of the workers that read the pieces.

    Returns:
        the tokenizer, and what a change of its vocabulary means, see `change_vocabulary`.

    Raises:
        InputError: a piece that cannot be read, no document, what `train_tokenizer` refuses.
    """
    sources = list(dict.fromkeys(piece.source for piece in pieces))
    numbers = {source: number for number, source in enumerate(sources)}
    share = sample_share(sources, settings.sample_bytes)
    jobs = [
        SampleJob(
            piece, numbers[piece.source], share, settings.seed, reading, cleaning,
            skip_bad_lines,
        )
        for piece in pieces
    ]  # fmt: skip
    total = skipped = 0
    examples: list[str] = []

    def samples() -> Iterator[list[tuple[int, str]]]:
        nonlocal total, skipped
        results = pool.run(draw, jobs) if limit is None else _in_turn(jobs, limit)
        for _, (read, problems, sample) in results:
            total += read
            skipped += problems.skipped
            examples.extend(problems.examples[:1])
            yield sample

    texts = merge_samples(samples(), settings.sample_bytes)
    check_any(total, [source.shown for source in sources], skipped, examples)
    if settings.start is not None and settings.change is not None:
        return change_vocabulary(settings.start, texts, settings.change)
    trained = train_tokenizer(
        texts,
        settings.style,
        settings.vocabulary_size,
        settings.lowercase,
        unicode=cleaning.unicode,
        whole_alphabet=settings.whole_alphabet,
    )
    return trained, {}


def _in_turn(jobs: Sequence[SampleJob], limit: int) -> Iterator[tuple[SampleJob, Drawn]]:
    """One after the other, until so many documents were read."""
    for job in jobs:
        result = draw(replace(job, limit=limit))
        yield job, result
        limit -= result[0]
        if limit <= 0:
            return
