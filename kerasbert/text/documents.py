"""Readers: lines of a file, documents of a raw corpus, labelled documents.

What is harmless (Windows line ends, a byte-order mark, a missing last newline, trailing spaces,
gzip) is dealt with in `read_lines` alone; what is wrong is named `file:line: what, what was
expected`.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from kerasbert.errors import InputError

LABEL_PREFIX = "__label__"
CORPUS_FORMATS = ("lines", "sentences")

_GZIP_MAGIC = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

# A run of end marks with the quotes that close behind it. The look-behind and the possessive
# quantifiers keep the search linear on hostile text such as a million dots.
_SENTENCE_END = re.compile(r"(?<![.!?。！？])[.!?。！？]++[\"'”’)\]）】」』》]*+")
_CHINESE_MARKS = frozenset("。！？")


@dataclass
class LineProblems:
    """What to do with a line that cannot be read: stop (default), or leave it out and count it.

    Attributes:
        skip: leave bad lines out instead of stopping.
        skipped: number of lines left out so far.
        examples: the first five messages, for the report at the end.
    """

    skip: bool = False
    skipped: int = 0
    examples: list[str] = field(default_factory=list)

    def report(self, path: str | Path, line: int, message: str) -> None:
        """Count one bad line, or raise.

        Raises:
            InputError: unless `skip` is set.
        """
        text = f"{path}:{line}: {message}"
        if not self.skip:
            raise InputError(f"{text} (--skip-bad-lines leaves such lines out)")
        self.skipped += 1
        if len(self.examples) < 5:
            self.examples.append(text)


@dataclass
class CorpusCounts:
    """What `read_corpus` met: filled while its iterator runs.

    `empty` counts lines with nothing but white space or labels, where they are no document
    (corpus format "lines") or are removed by stripping (a line of labels only).
    """

    documents: int = 0
    sentences: int = 0
    stripped_labels: int = 0
    empty: int = 0


@dataclass(frozen=True)
class LabeledDocument:
    """One text (or a pair) with its labels.

    Attributes:
        texts: one text, or two for a pair.
        labels: names without the `__label__` prefix, in file order, without duplicates.
        line: 1-based line number in its file.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    line: int


def check_file(path: str | Path) -> Path:
    """Return `path` if it is a file that can be opened.

    Raises:
        InputError: it is missing, a folder, or not readable.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path}: this is a folder, a text file was expected. Name its files.")
    try:
        with path.open("rb"):
            return path
    except FileNotFoundError:
        raise InputError(f"{path}: no such file. Check the path.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: cannot be opened ({reason}). Check its permissions.") from None


def read_lines(path: str | Path, problems: LineProblems | None = None) -> Iterator[tuple[int, str]]:
    r"""Yield `(line number from 1, text without trailing white space)` of a UTF-8 file, `.gz` too.

    Lines end at `\n` only. Memory is bounded by the longest line.

    Raises:
        InputError: the file cannot be read, or a line is not UTF-8 (unless `problems` skips).
    """
    problems = problems or LineProblems()
    path = check_file(path)
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == _GZIP_MAGIC
            raw.seek(0)
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
            for number, data in enumerate(stream, start=1):
                if number == 1:
                    _refuse_utf16(path, data)
                    data = data.removeprefix(_UTF8_MARK)
                try:
                    text = data.decode("utf-8")
                except UnicodeDecodeError as error:
                    problems.report(
                        path,
                        number,
                        f"byte 0x{data[error.start]:02x} at position {error.start + 1} is not UTF-8"
                        f" ({error.reason}), UTF-8 text was expected; convert the file",
                    )
                    continue
                yield number, text.rstrip()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(
            f"{path}: the gzip file is damaged or cut short ({error}). Fetch or pack it again."
        ) from None
    except OSError as error:
        raise InputError(f"{path}: reading failed ({error.strerror or error}).") from None


def _refuse_utf16(path: Path, first: bytes) -> None:
    if first.startswith(_UTF16_MARKS):
        raise InputError(
            f"{path}:1: the file is UTF-16, UTF-8 was expected."
            " Convert it: iconv -f UTF-16 -t UTF-8."
        )


def split_sentences(text: str) -> list[str]:
    """Split at `. ! ?` before white space or the end, and after Chinese 。！？ anywhere.

    Quotes and brackets that close directly behind the mark stay with the sentence. There is no list
    of abbreviations. Nothing but white space between sentences is lost.
    """
    sentences = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        end = match.end()
        at_gap = end == len(text) or text[end].isspace()
        if at_gap or not _CHINESE_MARKS.isdisjoint(match.group()):
            sentences.append(text[start:end].strip())
            start = end
    rest = text[start:].strip()
    if rest:
        sentences.append(rest)
    return sentences


def _split_labels(text: str) -> tuple[str, list[str]]:
    """Part the words that start with `__label__` at the end of `text` from what stands before."""
    if LABEL_PREFIX not in text:
        return text.strip(), []
    words = text.split()
    first = len(words)
    while first and words[first - 1].startswith(LABEL_PREFIX):
        first -= 1
    labels = words[first:]
    if not labels:
        return text.strip(), []
    return (text.rsplit(None, len(labels))[0].strip() if first else ""), labels


def strip_labels(line: str) -> tuple[str, bool]:
    """Return the line without trailing `__label__x` words, and whether there were any."""
    text, labels = _split_labels(line)
    return text, bool(labels)


def read_corpus(
    paths: Sequence[str | Path],
    corpus_format: str = "lines",
    problems: LineProblems | None = None,
    limit: int | None = None,
    counts: CorpusCounts | None = None,
) -> Iterator[list[str]]:
    """Yield each document of the files as its list of sentences.

    Args:
        paths: raw text files, read in this order.
        corpus_format: "lines", a document a line, split by `split_sentences`; or "sentences", a
            sentence a line, an empty line (and the end of a file) ends a document.
        problems: what to do with lines that cannot be read.
        limit: stop after so many documents.
        counts: filled while reading; labels at the end of a line are stripped and counted in it.

    Raises:
        InputError: a file cannot be read, the format is unknown, or there is no document at all.
    """
    if corpus_format not in CORPUS_FORMATS:
        raise InputError(
            f"unknown corpus format {corpus_format!r}, expected one of {', '.join(CORPUS_FORMATS)}."
        )
    if limit is not None and limit < 1:
        raise InputError(f"limit must be at least 1 document, received {limit}.")
    counts = counts if counts is not None else CorpusCounts()
    for path in paths:
        for document in _file_documents(path, corpus_format, problems, counts):
            counts.documents += 1
            counts.sentences += len(document)
            yield document
            if limit is not None and counts.documents >= limit:
                return
    if not counts.documents:
        names = ", ".join(str(path) for path in paths) or "no file was named"
        raise InputError(
            f"the corpus has no document ({names}): every line is empty."
            " Expected a document a line, or with --corpus-format sentences a sentence a line."
        )


def _file_documents(
    path: str | Path, corpus_format: str, problems: LineProblems | None, counts: CorpusCounts
) -> Iterator[list[str]]:
    document: list[str] = []
    for _, line in read_lines(path, problems):
        text, stripped = strip_labels(line)
        counts.stripped_labels += stripped
        if corpus_format == "lines":
            sentences = split_sentences(text)
            if sentences:
                yield sentences
            else:
                counts.empty += 1
        elif text:
            document.append(text)
        elif stripped:  # a line of labels is no empty line: it does not end a document
            counts.empty += 1
        elif document:
            yield document
            document = []
    if document:
        yield document


def parse_labeled(line: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Parse `text __label__a __label__b`, or `text TAB text __label__a`, into texts and labels.

    Raises:
        ValueError: with the reason, when the line does not have this form.
    """
    fields = line.rstrip().split("\t")
    if len(fields) > 2:
        raise ValueError(
            f"{len(fields) - 1} TABs, expected none (one text) or one (between a pair of texts)"
        )
    last, words = _split_labels(fields[-1])
    texts = (*(text.strip() for text in fields[:-1]), last)
    for text in texts:
        if LABEL_PREFIX in text:
            for word in text.split():
                if word.startswith(LABEL_PREFIX):
                    raise ValueError(
                        f"the label {word!r} stands before the end of the text,"
                        " labels were expected last"
                    )
    if not any(texts):
        raise ValueError("no text before the labels, expected: text __label__a __label__b")
    if not all(texts):
        raise ValueError(
            "one text of the pair is empty: a TAB parts two texts, labels are parted by spaces"
        )
    names = tuple(dict.fromkeys(word.removeprefix(LABEL_PREFIX) for word in words))
    if "" in names:
        raise ValueError(f"a label without a name, expected {LABEL_PREFIX}name")
    return texts, names


def read_labeled(
    path: str | Path, problems: LineProblems | None = None, limit: int | None = None
) -> list[LabeledDocument]:
    """Read a labelled file (see `parse_labeled`); blank lines are ignored, no label is legal.

    Raises:
        InputError: a line that cannot be read (unless `problems` skips), singles and pairs in one
            file, no document, or not one label in the whole file.
    """
    documents: list[LabeledDocument] = []
    for document in iterate_labeled(path, problems):
        documents.append(document)
        if limit is not None and len(documents) >= limit:
            return documents
    if not documents:
        raise InputError(
            f"{path}: no document in this file. Expected lines: text __label__a __label__b."
        )
    if not any(document.labels for document in documents):
        raise InputError(
            f"{path}: a label file without labels ({len(documents)} documents, none has one)."
            " Expected lines: text __label__a __label__b."
        )
    return documents


def iterate_labeled(
    path: str | Path, problems: LineProblems | None = None
) -> Iterator[LabeledDocument]:
    """Yield the documents of a labelled file, one at a time, in memory that does not grow with it.

    Raises:
        InputError: a line that cannot be read (unless `problems` skips), singles and pairs in one
            file.
    """
    problems = problems or LineProblems()
    first: LabeledDocument | None = None
    for number, line in read_lines(path, problems):
        if not line:
            continue
        try:
            texts, labels = parse_labeled(line)
        except ValueError as error:
            problems.report(path, number, str(error))
            continue
        document = LabeledDocument(texts, labels, number)
        first = first or document
        if len(texts) != len(first.texts):
            problems.report(
                path,
                number,
                f"{_form(len(texts))}, expected {_form(len(first.texts))}"
                f" as in line {first.line}: a file holds singles or pairs, not both",
            )
            continue
        yield document


def _form(texts: int) -> str:
    return "a pair of texts (one TAB)" if texts == 2 else "one text (no TAB)"
