"""Labelled data as people have it, one document at a time: lines, tables, records, Parquet."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from kerasbert.errors import InputError
from kerasbert.streams import readable, shown
from kerasbert.text.arrow import PARQUET_MAGIC, ParquetRows
from kerasbert.text.cells import LabelReader, is_missing, texts_of
from kerasbert.text.documents import LabeledDocument, label_order, parse_labeled
from kerasbert.text.fields import Fields, find_fields
from kerasbert.text.formats import HEAD, Holds, check_head, form_of
from kerasbert.text.lines import LineProblems, check_file, packing, reading, stream_lines, unpack
from kerasbert.text.numbers import NumberReader, number_label, what_numbers
from kerasbert.text.records import JsonDocument, JsonLines
from kerasbert.text.tables import TableRows

Say = Callable[[str], None]

_ORDER_LINES = 1000  # that tell where the labels stand
_EXPECTED = (
    "Expected lines: text __label__a __label__b; or a table or records with a field of labels"
    " (--label-field NAME, and --columns NAME NAME ... for a table without a header)"
)


class Rows(Protocol):
    """What every reader of rows offers."""

    @property
    def columns(self) -> Sequence[str]:
        """The names of all columns."""

    def rows(self, names: Sequence[str]) -> Iterator[tuple[int, Sequence[Any]]]:
        """Yield `(row from 1, values of these columns)`."""

    def place(self, row: int) -> str:
        """How messages name the row that was yielded last."""


def read_labeled(
    path: str | Path,
    problems: LineProblems | None = None,
    limit: int | None = None,
    fields: Fields | None = None,
    say: Say | None = None,
    labeled: bool = True,
    numbers: bool | None = False,
) -> list[LabeledDocument]:
    """Read labelled data; see `iterate_labeled`. No label is legal where there are several.

    Args:
        path: of the file.
        problems: what to do with lines and rows that cannot be read.
        limit: stop after so many documents.
        fields: of a table or records.
        say: told which fields were found by their names.
        labeled: whether there has to be a label.
        numbers: whether the labels are numbers; None where they are names of classes, whatever
            these look like.

    Raises:
        InputError: as `iterate_labeled`; no document, not one label in the whole file, or numbers
            where labels were expected.
    """
    problems = problems or LineProblems()
    skipped = problems.skipped
    found = iterate_labeled(path, problems, fields, say, labeled, bool(numbers))
    documents = list(itertools.islice(found, limit))
    if not documents:
        raise no_document(path, problems, skipped)
    if labeled and (limit is None or len(documents) < limit):
        check_labels(documents, shown(path), numbers is not False)
    return documents


def check_labels(documents: Sequence[LabeledDocument], name: str, numbers: bool = False) -> None:
    """Refuse a file or table without labels, and one of measured numbers.

    Args:
        documents: of it.
        name: of it, for messages.
        numbers: whether numbers are welcome.

    Raises:
        InputError: saying so.
    """
    counts = Counter(document.labels for document in documents)
    if not any(counts):
        raise InputError(
            f"{name}: a label file without labels ({len(documents)} documents, none has one)."
            f" {_EXPECTED}."
        )
    if not numbers and numbers_among(documents) is not None:
        raise InputError(
            f"{name}: the labels are numbers, such as {next(iter(counts))[0]} ({len(counts):,}"
            " different ones), names of classes were expected. To predict numbers, say --head"
            " regression; or name another field: --label-field NAME."
        )


def numbers_among(documents: Sequence[LabeledDocument]) -> str | None:
    """Whether the labels of documents are measured numbers; see `what_numbers`."""
    alone = all(len(document.labels) == 1 for document in documents)
    return what_numbers(Counter(d.labels[0] for d in documents) if alone else {}, alone)


def no_document(path: str | Path, problems: LineProblems, before: int = 0) -> InputError:
    """What to say of a labelled file that yields nothing.

    Args:
        path: the file.
        problems: what was met in it.
        before: the lines that were skipped in other files.
    """
    if wrong := problems.skipped - before:
        such = f", such as {problems.examples[before]}" if len(problems.examples) > before else ""
        return InputError(
            f"{shown(path)}: none of its {wrong} lines can be read{such}. Mend the file."
        )
    return InputError(f"{shown(path)}: no document in this file. {_EXPECTED}.")


def iterate_labeled(
    path: str | Path,
    problems: LineProblems | None = None,
    fields: Fields | None = None,
    say: Say | None = None,
    labeled: bool = True,
    numbers: bool = False,
) -> Iterator[LabeledDocument]:
    """Yield the documents of labelled data, one at a time, in memory that does not grow with it.

    What the file is follows from how it begins and its name: lines (see `parse_labeled`; empty ones
    are passed over), a table with commas, TABs, semicolons or bars, JSON Lines, a JSON list of
    objects, Parquet. All but Parquet may be packed.

    Args:
        path: of the file.
        problems: what to do with lines and rows that cannot be read.
        fields: of a table or records; where any is named, the file is one.
        say: told which fields were found by their names.
        labeled: whether a table must have labels; those of one that need not are not read.
        numbers: whether the labels are numbers.

    Raises:
        InputError: a line or row that cannot be read (unless `problems` skips), fields that are not
            there, singles and pairs in one file (unless it skips and most are as the first one).
    """
    problems = problems or LineProblems()
    fields = fields or Fields()
    name = shown(path)
    with readable(check_file(path)) as file:
        table = open_rows(file, name, problems, fields)
        if table is None:
            yield from _of_lines(file, name, problems, numbers)
        else:
            yield from documents_of(table, name, problems, fields, say, labeled, numbers=numbers)


def open_rows(
    file: Path,
    name: str,
    problems: LineProblems,
    fields: Fields,
    holds: Holds = "labels",
    blank_rows: bool = False,
) -> Rows | None:
    """The rows of a table or records; None for a file of lines.

    Args:
        file: that can be read again.
        name: of it, for messages.
        problems: what to do with lines and rows that cannot be read.
        fields: as named; where any is, the file is no file of lines.
        holds: what is expected in it: "labels", or "texts" to be answered.
        blank_rows: whether rows of a table whose cells are all empty count.

    Raises:
        InputError: it is none of these.
    """

    @contextlib.contextmanager
    def opened() -> Iterator[BinaryIO]:
        with file.open("rb", HEAD) as raw, reading(name):
            yield unpack(raw, packing(raw), name)

    with file.open("rb") as raw:
        if raw.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC:
            return ParquetRows(file, name)
    with opened() as stream:
        head = stream.read(HEAD)
    check_head(head, name, "lines")
    form, _ = form_of(head, name, holds, fields.given)
    if form == "jsonl":
        return JsonLines(opened, name, problems)
    if form == "json":
        return JsonDocument(opened, name, problems)
    if form == "table" or (fields.given and head.strip()):
        return TableRows(opened, name, problems, fields, blank_rows)
    return None


def documents_of(
    table: Rows,
    name: str,
    problems: LineProblems,
    fields: Fields,
    say: Say | None = None,
    labeled: bool = True,
    flags: bool = True,
    numbers: bool = False,
) -> Iterator[LabeledDocument]:
    """Yield a document for each row.

    Args:
        table: its rows.
        name: of it, for messages.
        problems: what to do with rows that cannot be read.
        fields: as named.
        say: told which fields were found by their names.
        labeled: whether labels are read.
        flags: whether messages name the flags of the commands.
        numbers: whether the labels are numbers.

    Raises:
        InputError: as `iterate_labeled`.
    """
    found = find_fields(fields, table.columns, name, labeled, flags, numbers)
    if found.note is not None and say is not None:
        say(found.note)
    labels_of = NumberReader(found) if numbers else LabelReader(found, fields.label_separator)
    texts = len(found.text)
    labels = texts + len(found.label)
    rest = labels + (found.id is not None)
    for row, values in table.rows(found.names):
        try:
            document = LabeledDocument(
                texts_of(values[:texts], found.text),
                labels_of(values[texts:labels]),
                row,
                None if rest == labels or is_missing(values[labels]) else str(values[labels]),
            )
        except ValueError as error:
            problems.report_at(functools.partial(table.place, row), str(error))
            continue
        if found.keep:
            kept = dict(zip(found.keep, values[rest:], strict=True))
            object.__setattr__(document, "fields", kept)
        yield document


def _of_lines(
    file: Path, name: str, problems: LineProblems, numbers: bool = False
) -> Iterator[LabeledDocument]:
    with file.open("rb", HEAD) as raw:
        stream = unpack(raw, packing(raw), name)
        yield from _parsed(stream_lines(stream, name, problems), name, problems, numbers)


def _parsed(
    numbered: Iterator[tuple[int, str]], name: str, problems: LineProblems, numbers: bool = False
) -> Iterator[LabeledDocument]:
    lines = ((number, line) for number, line in numbered if line)
    begin = list(itertools.islice(lines, _ORDER_LINES))
    orders = Counter(label_order(line) for _, line in begin)
    labels_first = orders["first"] > orders["last"]
    first: LabeledDocument | None = None
    alike = others = 0
    for number, line in itertools.chain(begin, lines):
        try:
            texts, labels = parse_labeled(line, labels_first)
            labels = number_label(labels) if numbers else labels
        except ValueError as error:
            problems.report(name, number, str(error))
            continue
        document = LabeledDocument(texts, labels, number)
        first = first or document
        if len(texts) != len(first.texts):
            problems.report(
                name,
                number,
                f"{_form(len(texts))}, expected {_form(len(first.texts))}"
                f" as in line {first.line}: a file holds singles or pairs, not both",
            )
            others += 1
            continue
        alike += 1
        yield document
    if first is not None and others > alike:
        raise InputError(
            f"{name}:{first.line}: {_form(len(first.texts))}, but {others:,} of the lines after it"
            f" are not; a file holds singles or pairs, not both. Correct line {first.line}."
        )


def _form(texts: int) -> str:
    return "a pair of texts (one TAB)" if texts == 2 else "one text (no TAB)"
