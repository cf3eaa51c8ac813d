"""Documents of raw text, read a piece at a time; the pieces of a corpus together are the corpus.

A document belongs to the piece in which it begins: a line by its first byte, a document of several
lines by the empty line before it. So the result is the same however the inputs were cut.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple, get_args

from kerasbert.choices import CorpusFormat
from kerasbert.corpus.prepare.cutting import Piece, cut
from kerasbert.corpus.prepare.piece_lines import PieceLines
from kerasbert.corpus.prepare.records import json_text, read_rows
from kerasbert.corpus.prepare.sources import find_inputs
from kerasbert.corpus.prepare.structured import read_structured
from kerasbert.errors import InputError
from kerasbert.ranges import check_numbers
from kerasbert.streams import shown
from kerasbert.text.documents import strip_labels
from kerasbert.text.lines import LONGEST_LINE, TOO_LONG, LineProblems, decode
from kerasbert.text.sentences import split_sentences

CORPUS_FORMATS = get_args(CorpusFormat)
LONGEST_RUN = 1 << 19  # characters without white space or the end of a Chinese sentence
_RUN = re.compile(r"[^\s。！？]++")
_PIECE_BYTES = 64 << 20
_NO_EMPTY_LINE = (
    f"the document that begins here is longer than {LONGEST_LINE >> 20} MB, an empty line between"
    " documents was expected; for a document a line, take --corpus-format lines"
)


@dataclass(frozen=True)
class ReadOptions:
    r"""How text is read.

    Attributes:
        corpus_format: "lines", a document a line; or "sentences", a sentence a line, an empty line
            (and the end of a file) ends a document. A JSON or Parquet record is a document, in
            "sentences" its text has a sentence a line.
        text_field: of JSON and tables; a table without it has its text found by usual names.
        text_column: of Parquet.
    """

    corpus_format: str = "lines"
    text_field: str = "text"
    text_column: str = "text"

    def __post_init__(self) -> None:
        if self.corpus_format not in CORPUS_FORMATS:
            raise InputError(
                f"unknown corpus format {self.corpus_format!r}, expected one of"
                f" {', '.join(CORPUS_FORMATS)}."
            )


class Document(NamedTuple):
    r"""One document.

    Attributes:
        text: without labels at its end; in "sentences", `\n` parts the sentences.
        position: rising within its source, the same for any cut.
    """

    text: str
    position: int


@dataclass
class CorpusCounts:
    """What was met while reading, filled while an iterator runs.

    `empty` counts lines with nothing but white space or labels, where they are no document
    (corpus format "lines") or are removed by stripping (a line of labels only).
    """

    documents: int = 0
    sentences: int = 0
    stripped_labels: int = 0
    empty: int = 0


def read_piece(
    piece: Piece,
    options: ReadOptions,
    problems: LineProblems | None = None,
    counts: CorpusCounts | None = None,
) -> Iterator[Document]:
    """Yield the documents that begin in a piece, in memory bounded by the longest of them.

    Args:
        piece: of `cut`.
        options: how it is read.
        problems: what to do with lines that cannot be read.
        counts: its documents, stripped_labels and empty are filled.

    Raises:
        InputError: naming file and line of what cannot be read.
    """
    problems = problems if problems is not None else LineProblems()
    counts = counts if counts is not None else CorpusCounts()
    reader = _READERS[piece.source.format, options.corpus_format]
    for document in reader(piece, options, problems, counts):
        counts.documents += 1
        yield document


def _documents_of_lines(
    piece: Piece, options: ReadOptions, problems: LineProblems, counts: CorpusCounts
) -> Iterator[Document]:
    """A document a line: of text, or a record of JSON."""
    lines = PieceLines(piece, problems)
    stop = piece.stop if piece.source.packing is None else math.inf
    is_json = piece.source.format == "jsonl"
    for number, offset, data in lines:
        if offset >= stop:
            return
        try:
            text = decode(data)
            if is_json and text and not text.isspace():
                text = json_text(text, options.text_field)
            _check_runs(text)
        except ValueError as error:
            lines.refuse(number, str(error))
            continue
        yield from _document(text, offset, is_json, options, counts)


def _documents_of_rows(
    piece: Piece, options: ReadOptions, problems: LineProblems, counts: CorpusCounts
) -> Iterator[Document]:
    """A document a row of Parquet."""
    for row, text in read_rows(piece.source, piece.start, piece.stop, options.text_column):
        try:
            if text is not None and len(text) > LONGEST_LINE:
                raise ValueError(TOO_LONG)
            _check_runs(text or "")
        except ValueError as error:
            problems.report(piece.source.shown, row + 1, str(error))
            continue
        yield from _document(text or "", row, True, options, counts)


def _documents_of_structured(
    piece: Piece, options: ReadOptions, problems: LineProblems, counts: CorpusCounts
) -> Iterator[Document]:
    """A document a row of a table, or a record of a JSON list."""
    for row, text in read_structured(piece.source, options.text_field, problems, _check_runs):
        yield from _document(text, row, True, options, counts)


def _check_runs(text: str) -> None:
    """Refuse what no tokenizer can take apart in bounded memory, such as a packed picture.

    Raises:
        ValueError: saying so.
    """
    if len(text) > LONGEST_RUN and any(
        run.end() - run.start() > LONGEST_RUN for run in _RUN.finditer(text)
    ):
        raise ValueError(
            f"more than {LONGEST_RUN} characters stand without a space between them, text was"
            " expected"
        )


def _document(
    text: str, position: int, is_record: bool, options: ReadOptions, counts: CorpusCounts
) -> Iterator[Document]:
    text, stripped = strip_labels(text)
    counts.stripped_labels += stripped
    if is_record and options.corpus_format == "sentences":
        sentences = (sentence.strip() for sentence in text.split("\n"))
        text = "\n".join(sentence for sentence in sentences if sentence)
    if text:
        yield Document(text, position)
    else:
        counts.empty += 1


def _documents_of_sentences(
    piece: Piece, options: ReadOptions, problems: LineProblems, counts: CorpusCounts
) -> Iterator[Document]:
    """A sentence a line; an empty line ends a document."""
    lines = PieceLines(piece, problems)
    stop = piece.stop if piece.source.packing is None else math.inf
    lines.ours = piece.start == 0
    sentences: list[str] = []
    position = first = size = 0
    for number, offset, data in lines:
        try:
            text, stripped = strip_labels(decode(data))
            _check_runs(text)
        except ValueError as error:
            lines.refuse(number, str(error))
            continue
        if not text and not stripped:
            if sentences:
                yield Document("\n".join(sentences), position)
                sentences = []
            lines.ours = True
            if offset >= stop:
                return
            continue
        if not lines.ours:
            if offset >= stop:
                return
            continue
        counts.stripped_labels += stripped
        counts.empty += stripped and not text  # a line of labels does not end a document
        if text:
            if not sentences:
                position, first, size = offset, number, 0
            sentences.append(text)
            size += len(text.encode())
            if size > LONGEST_LINE:
                lines.refuse(first, _NO_EMPTY_LINE)
                sentences = []
                lines.ours = False  # its rest is passed over
    if sentences:
        yield Document("\n".join(sentences), position)


_READERS: dict[tuple[str, str], Callable[..., Iterator[Document]]] = {
    ("text", "lines"): _documents_of_lines,
    ("text", "sentences"): _documents_of_sentences,
    ("jsonl", "lines"): _documents_of_lines,
    ("jsonl", "sentences"): _documents_of_lines,
    ("parquet", "lines"): _documents_of_rows,
    ("parquet", "sentences"): _documents_of_rows,
    ("json", "lines"): _documents_of_structured,
    ("json", "sentences"): _documents_of_structured,
    ("table", "lines"): _documents_of_structured,
    ("table", "sentences"): _documents_of_structured,
}


def read_corpus(
    paths: Sequence[str | Path],
    corpus_format: str = "lines",
    problems: LineProblems | None = None,
    limit: int | None = None,
    counts: CorpusCounts | None = None,
) -> Iterator[list[str]]:
    """Yield each document of some inputs as its list of sentences.

    Args:
        paths: as in `find_inputs`, read in this order.
        corpus_format: see `ReadOptions`; in "lines" sentences are found by `split_sentences`.
        problems: what to do with lines that cannot be read.
        limit: stop after so many documents.
        counts: filled while reading; labels at the end of a line are stripped and counted in it.

    Raises:
        InputError: a file cannot be read, the format is unknown, or there is no document at all.
    """
    options = ReadOptions(corpus_format)
    check_numbers({"limit": limit}, shown=str)
    problems = problems if problems is not None else LineProblems()
    counts = counts if counts is not None else CorpusCounts()
    for text in islice(read_documents(paths, options, problems, counts), limit):
        sentences = split_sentences(text) if corpus_format == "lines" else text.split("\n")
        counts.sentences += len(sentences)
        yield sentences
    check_any(counts.documents, paths, problems.skipped, problems.examples)


def read_documents(
    paths: Sequence[str | Path],
    options: ReadOptions,
    problems: LineProblems | None = None,
    counts: CorpusCounts | None = None,
) -> Iterator[str]:
    """Yield the text of each document of some inputs.

    Args:
        paths: as in `find_inputs`, read in this order.
        options: how they are read.
        problems: what to do with lines that cannot be read.
        counts: filled while reading.

    Raises:
        InputError: as `read_piece`.
    """
    with tempfile.TemporaryDirectory() as spool:
        for piece in cut(find_inputs(paths, Path(spool)), _PIECE_BYTES):
            for document in read_piece(piece, options, problems, counts):
                yield document.text


def check_any(
    documents: int, paths: Sequence[str | Path], skipped: int = 0, examples: Sequence[str] = ()
) -> None:
    """Refuse a corpus without a document.

    Args:
        documents: that were read.
        paths: of the corpus.
        skipped: lines that were left out because they cannot be read.
        examples: some of them.

    Raises:
        InputError: saying so.
    """
    if documents:
        return
    names = ", ".join(map(shown, paths)) or "empty files only"
    if skipped:
        such = f", such as {examples[0]}" if examples else ""
        raise InputError(
            f"the corpus has no document ({names}): {skipped} lines were left out because they"
            f" cannot be read{such}. Mend the files."
        )
    raise InputError(
        f"the corpus has no document ({names}): there is no text in it."
        " Expected a document a line, or with --corpus-format sentences a sentence a line."
    )
