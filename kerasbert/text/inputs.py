"""Texts to be answered: a line each, plain or JSON, from a file or from standard input."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from kerasbert.errors import InputError
from kerasbert.text.documents import strip_labels
from kerasbert.text.lines import read_lines, stream_lines

STANDARD_INPUT = Path("-")


def read_texts(
    file: Path, pairs: bool | None = None, field: str | None = None
) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield each line as a text or pair, and whether labels were stripped from it.

    An empty line is an empty text, so that line numbers stay the same.

    Args:
        file: UTF-8 text, packed or not; `-` is standard input.
        pairs: whether pairs are expected (a TAB between the two); as the first line unless given.
        field: each line is a JSON object, whose field of this name holds the text, or a list of the
            two texts of a pair; nothing is stripped from it.

    Raises:
        InputError: a file or line that cannot be read, naming the line.
    """
    from_pipe = file == STANDARD_INPUT
    name = "standard input" if from_pipe else str(file)
    lines = stream_lines(sys.stdin.buffer, name) if from_pipe else read_lines(file)
    for number, line in lines:
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


def check_texts(texts: int, pairs: bool, where: str) -> None:
    """Refuse a pair where single texts are expected, and the other way round.

    Raises:
        InputError: naming `where`.
    """
    if (texts == 2) != pairs:
        expected = "a pair of texts (one TAB)" if pairs else "one text (no TAB)"
        raise InputError(f"{where}: expected {expected}, as in the texts before.")


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
