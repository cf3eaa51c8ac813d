"""Texts to be answered: a line each, plain or JSON, from a file or a pipe; or given in Python."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from kerasbert.errors import InputError
from kerasbert.streams import is_stream, open_stream, shown
from kerasbert.text.documents import strip_labels
from kerasbert.text.formats import Holds
from kerasbert.text.lines import read_lines, stream_lines


def read_texts(
    file: Path, pairs: bool | None = None, field: str | None = None
) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield each line as a text or pair, and whether labels were stripped from it.

    An empty line is an empty text, so that line numbers stay the same.

    Args:
        file: UTF-8 text, packed or not; or a stream such as `-`, standard input.
        pairs: whether pairs are expected (a TAB between the two); as the first line unless given.
        field: each line is a JSON object, whose field of this name holds the text, or a list of the
            two texts of a pair; nothing is stripped from it.

    Raises:
        InputError: a file or line that cannot be read, naming the line.
    """
    name = shown(file)
    holds: Holds = "texts" if field is None else "records"
    for number, line in _lines(file, name, holds):
        if field is not None:
            parts, had_labels = _from_json(line, field, f"{name}:{number}"), False
        else:
            text, had_labels = strip_labels(line)
            parts = tuple(text.split("\t")) if text else (("", "") if pairs else ("",))
        if len(parts) > 2:
            raise InputError(f"{name}:{number}: expected at most one TAB, found {len(parts) - 1}.")
        if pairs is None:
            pairs = len(parts) == 2
        check_texts(len(parts), pairs, f"{name}:{number}")
        yield parts, had_labels


def _lines(file: Path, name: str, holds: Holds) -> Iterator[tuple[int, str]]:
    """Of a stream as they arrive: whoever sends them may wait for the answers."""
    if not is_stream(file):
        yield from read_lines(file, holds=holds)
        return
    with open_stream(file) as stream:
        yield from stream_lines(stream, name, holds=holds)


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


def _from_json(line: str, field: str, where: str) -> tuple[str, ...]:
    """The text or texts in a field of a line of JSON."""
    try:
        values = json.loads(line)
    except ValueError as error:
        raise InputError(f"{where}: expected a JSON object, found no JSON ({error}).") from None
    if not isinstance(values, dict) or field not in values:
        found = f"the fields {', '.join(values)}" if isinstance(values, dict) else "none"
        raise InputError(
            f"{where}: expected a JSON object with the field {field!r}, found {found}. Name the "
            "field that holds the text: --text-field NAME."
        )
    value = values[field]
    parts = [value] if isinstance(value, str) else value
    if (
        not isinstance(parts, list)
        or len(parts) not in (1, 2)
        or not all(isinstance(part, str) for part in parts)
    ):
        raise InputError(
            f"{where}: expected text in {field!r}, or a list of two, found {json.dumps(value)[:80]}"
        )
    return tuple(parts)
