"""Texts to be answered, from a file or a pipe, of every form that labelled data have; or in Python.

What is empty stays in its place, so that answers have the numbers of their lines and rows.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from kerasbert.errors import InputError
from kerasbert.streams import Begun, is_stream, open_stream, shown
from kerasbert.text.arrow import PARQUET_MAGIC
from kerasbert.text.cells import as_json, texts_of
from kerasbert.text.documents import strip_labels
from kerasbert.text.fields import Fields, FoundFields, find_fields
from kerasbert.text.formats import HEAD, check_head, form_of
from kerasbert.text.labeled import Rows, open_rows
from kerasbert.text.lines import (
    LONGEST_LINE,
    LineProblems,
    check_file,
    packing,
    read_lines,
    reading,
    stream_lines,
    unpack,
)
from kerasbert.text.records import JsonLines

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class InputText:
    """A text, or a pair, that is to be answered.

    Attributes:
        texts: one text, or two for a pair; empty strings where there is none.
        place: where it stands, `file:line`.
        stripped: whether labels stood at an end of its line, and were taken off.
        kept: the fields that come along, the id first, as JSON values.
    """

    texts: tuple[str, ...]
    place: str
    stripped: bool = False
    kept: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OwnForm:
    """A form of file that one head alone knows, beside those of every head.

    Attributes:
        begins: whether bytes that begin so, not packed, are of this form.
        read: yields the texts of such a file, packed or not; told its path and its name.
    """

    begins: Callable[[bytes], bool]
    read: Callable[[Path, str], Iterator[InputText]]

    def holds(self, file: Path, name: str) -> bool:
        """Whether a file is of this form."""
        with file.open("rb", HEAD) as raw, reading(name):
            if raw.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC:
                return False
            raw.seek(0)
            return self.begins(unpack(raw, packing(raw), name).read(HEAD))


def is_empty(texts: Sequence[str]) -> bool:
    """Whether there is nothing to be answered: no text, or one missing of a pair."""
    return not all(text and not text.isspace() for text in texts)


def read_texts(
    file: Path,
    pairs: bool | None = None,
    fields: Fields | None = None,
    say: Say | None = None,
    whole: bool = False,
    own: OwnForm | None = None,
) -> Iterator[InputText]:
    """Yield each line, row or record, in memory that does not grow with them.

    What the file is follows from how it begins and its name, as for labelled data: lines of a text
    or a pair (a TAB between the two), a table, JSON Lines, a JSON list, Parquet. Labels are not
    read. Lines and JSON Lines of a stream are yielded as they arrive.

    Args:
        file: a file, or a stream such as `-`, standard input.
        pairs: whether pairs are expected; as the first text unless given.
        fields: of a table or records; usual names are found.
        say: told what was found, and what is not read.
        whole: whether the text of a field keeps white space at its ends, since places count it.
        own: a form beside these; of a stream it is read from a copy.

    Raises:
        InputError: a file, line or row that cannot be read, naming it.
    """
    name, fields = shown(file), fields or Fields()
    say = say or (lambda line: None)
    if not is_stream(file):
        yield from _of_file(check_file(file), name, pairs, fields, say, whole, own)
        return
    with open_stream(file) as stream:
        begun = Begun(stream, LONGEST_LINE)
        head = begun.head[:HEAD]
        form = None
        known = head.startswith(PARQUET_MAGIC) or packing(io.BytesIO(head)) is not None
        if not known and not (own is not None and own.begins(head)):
            check_head(head, name, "lines")
            form, _ = form_of(head, name, "texts", fields.given)
        if form == "lines" and not fields.given:
            lines = stream_lines(cast(Any, begun), name)
            yield from _of_lines(lines, name, pairs)
        elif form == "jsonl":
            rows = _stream_of_records(begun, name)
            yield from _of_rows(rows, name, pairs, fields, say, whole)
        else:
            with begun.kept(name) as copy:
                yield from _of_file(copy, name, pairs, fields, say, whole, own)


def _of_file(
    file: Path,
    name: str,
    pairs: bool | None,
    fields: Fields,
    say: Say,
    whole: bool,
    own: OwnForm | None = None,
) -> Iterator[InputText]:
    if own is not None and own.holds(file, name):
        yield from own.read(file, name)
        return
    problems = LineProblems(offers=False)
    rows = open_rows(file, name, problems, fields, "texts", blank_rows=True)
    if rows is None:
        yield from _of_lines(read_lines(file), name, pairs)
    else:
        yield from _of_rows(rows, name, pairs, fields, say, whole)


def _stream_of_records(begun: Begun, name: str) -> JsonLines:
    """The fields are those of the records that have arrived."""
    streams: list[Any] = [io.BytesIO(begun.head), begun]

    @contextlib.contextmanager
    def opened() -> Iterator[Any]:
        yield streams.pop(0)

    return JsonLines(opened, name, LineProblems(offers=False))


def _of_lines(
    lines: Iterable[tuple[int, str]], name: str, pairs: bool | None
) -> Iterator[InputText]:
    for number, line in lines:
        text, stripped = strip_labels(line)
        place = f"{name}:{number}"
        texts = tuple(text.split("\t"))
        if len(texts) > 2:
            raise InputError(f"{place}: expected at most one TAB, found {len(texts) - 1}.")
        texts, pairs = _as_expected(texts, pairs, place)
        yield InputText(texts, place, stripped)


def _of_rows(
    rows: Rows, name: str, pairs: bool | None, fields: Fields, say: Say, whole: bool
) -> Iterator[InputText]:
    found = find_fields(fields, rows.columns, name, labeled=False)
    if pairs is False and len(found.text) == 2:
        raise InputError(
            f"{name}: the fields {found.text[0]!r} and {found.text[1]!r} make pairs, single texts"
            " were expected. Name one: --text-field NAME."
        )
    for note in (found.note, f"{name}: {found.unread!r} is not read" if found.unread else None):
        if note is not None:
            say(note)
    parts = len(found.text)
    kept_names = [found.id, *found.keep] if found.id is not None else found.keep
    for row, values in rows.rows(found.names):
        try:
            texts = texts_of(values[:parts], found.text, needed=False, whole=whole)
        except ValueError as error:
            raise InputError(f"{rows.place(row)}: {error}.") from None
        place = rows.place(row)
        texts, pairs = _as_expected(texts, pairs, place, found)
        kept = zip(kept_names, values[parts:], strict=True)
        yield InputText(texts, place, kept={name: as_json(value) for name, value in kept})


def _as_expected(
    texts: tuple[str, ...], pairs: bool | None, place: str, found: FoundFields | None = None
) -> tuple[tuple[str, ...], bool | None]:
    """Texts as many as expected, where there are any; the first ones say how many that is."""
    if not any(texts):
        return ("", "") if pairs else ("",), pairs
    if pairs is None:
        pairs = len(texts) == 2
    if found is not None and pairs != (len(texts) == 2):
        expected = "a pair" if pairs else "a single text"
        remedy = (
            "two: --text-field NAME NAME" if pairs else "a field of single texts: --text-field NAME"
        )
        raise InputError(
            f"{place}: {found.text[0]!r} holds {'a pair' if len(texts) == 2 else 'a single text'},"
            f" {expected} was expected. Name {remedy}."
        )
    check_texts(len(texts), pairs, place)
    return texts, pairs


def check_texts(texts: int, pairs: bool, where: str) -> None:
    """Refuse a pair where single texts are expected, and the other way round.

    Raises:
        InputError: naming `where`.
    """
    if (texts == 2) != pairs:
        expected = "a pair of texts (one TAB)" if pairs else "one text (no TAB)"
        raise InputError(f"{where}: expected {expected}, as in the texts before.")


def as_rows(texts: Iterable[str | tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Texts as tuples of one string, or of two for a pair.

    Args:
        texts: strings, or pairs of strings as tuples or lists.

    Raises:
        TypeError: anything else, such as one string, bytes, None, or a record with fields.
    """
    if isinstance(texts, str | bytes | Mapping) or not isinstance(texts, Iterable):
        raise TypeError(
            "expected a list of texts; of a single one make a list: [text]."
            f" Received: {_short(texts)}"
        )
    return [(text,) if isinstance(text, str) else _pair(text, i) for i, text in enumerate(texts)]


def rows_of(texts: Any, name: str = "texts") -> list[tuple[str, ...]]:
    """As `as_rows`, also of arrays, Series and tables: one column of texts, or two of pairs.

    Raises:
        TypeError: something in it is no text.
        ValueError: another shape, or single texts beside pairs.
    """
    if hasattr(texts, "to_numpy"):  # whose iterator may be one of columns
        texts = texts.to_numpy()
    shape: tuple[int, ...] = getattr(texts, "shape", ())
    if len(shape) > 2 or (len(shape) == 2 and shape[1] not in (1, 2)):
        raise ValueError(
            f"{name}: expected texts (N,), or pairs of them (N, 2). Received: shape {shape}"
        )
    rows = as_rows(texts.tolist() if shape else texts)
    for number, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise ValueError(
                f"{name}[{number}]: {_form(len(row))}, expected {_form(len(rows[0]))} as before:"
                " give single texts or pairs, not both."
            )
    return rows


def _form(texts: int) -> str:
    return "a pair of texts" if texts == 2 else "a single text"


def _pair(value: Any, number: int) -> tuple[str, ...]:
    """A tuple or list of one or two strings."""
    if (
        not isinstance(value, tuple | list)
        or len(value) not in (1, 2)
        or not all(isinstance(part, str) for part in value)
    ):
        hint = "; take the field that holds the text" if isinstance(value, Mapping) else ""
        raise TypeError(
            f"text {number}: expected a string, or a pair of strings (a tuple of two){hint}."
            f" Received: {type(value).__name__} {_short(value)}"
        )
    return tuple(value)


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:80]}..."
