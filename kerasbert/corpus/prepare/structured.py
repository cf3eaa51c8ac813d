"""The text of tables and JSON lists: a document a row."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from kerasbert.corpus.prepare.sources import Source, open_source
from kerasbert.text.cells import described, well_formed
from kerasbert.text.fields import Fields, find_fields
from kerasbert.text.lines import LineProblems, reading, unpack
from kerasbert.text.records import JsonDocument
from kerasbert.text.tables import TableRows

STRUCTURED = ("table", "json")  # formats of a `Source` that are read from their beginning only
_DEFAULT = "text"


def read_structured(
    source: Source, field: str, problems: LineProblems, check: Callable[[str], None]
) -> Iterator[tuple[int, str]]:
    """Yield `(row from 1, text)` of each row; an empty text where there is none.

    Args:
        source: a table or a JSON list.
        field: of the text. If it is not there and is "text", which nobody need have named, the text
            is found by the usual names.
        problems: what to do with rows that cannot be read.
        check: raises ValueError for a text that must not pass.

    Raises:
        InputError: the fields are others, or a row cannot be read (unless `problems` skips).
    """

    @contextlib.contextmanager
    def opened() -> Iterator[BinaryIO]:
        with open_source(source) as raw, reading(source.shown):
            yield unpack(raw, source.packing, source.shown)

    table: TableRows | JsonDocument
    if source.format == "table":
        table = TableRows(opened, source.shown, problems, Fields(text=field))
    else:
        table = JsonDocument(opened, source.shown, problems)
    named = field if field in table.columns or field != _DEFAULT else ()
    found = find_fields(Fields(text=named), table.columns, source.shown, labeled=False)
    for row, values in table.rows(found.text):
        try:
            text = "\n".join(map(_text, values, found.text)).strip()
            check(text)
        except ValueError as error:
            problems.report_at(functools.partial(table.place, row), str(error))
            continue
        yield row, text


def _text(value: Any, field: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(
            f"{field!r} holds {described(value)}, text was expected; name the field of the text"
            " with --text-field"
        )
    return well_formed(value)
