"""The text of records: a field of JSON Lines, a column of Parquet."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from kerasbert.corpus.prepare.sources import Source, open_source
from kerasbert.errors import InputError

_BATCH_BYTES = 4 << 20  # in memory at a time, about


def json_text(line: str, field: str) -> str:
    """The text of a record.

    Raises:
        ValueError: the line is no such record.
    """
    try:
        record = json.loads(line)
    except ValueError as error:
        raise ValueError(f"this is no JSON ({error}), a record a line was expected") from None
    except RecursionError:
        raise ValueError("this is JSON nested too deep, a flat record was expected") from None
    if not isinstance(record, dict):
        raise ValueError(
            f"this is a JSON {type(record).__name__}, an object with the field {field!r} was"
            " expected (JSON Lines: a record a line)"
        )
    if field not in record:
        raise ValueError(
            f"the record has no field {field!r}, it has {', '.join(map(repr, record)) or 'none'};"
            " name the field of the text with --text-field"
        )
    text = record[field]
    if text is None:
        return ""
    if not isinstance(text, str):
        raise ValueError(
            f"the field {field!r} holds a {type(text).__name__}, text was expected; name the field"
            " of the text with --text-field"
        )
    return text.encode("utf-8", "replace").decode("utf-8")  # JSON may name lone surrogates


def row_group_sizes(source: Source) -> list[int]:
    """Bytes of each row group, unpacked.

    Raises:
        InputError: pyarrow is missing, or cannot read the file.
    """
    with _opened(source) as file:
        groups = range(file.num_row_groups)
        return [max(1, file.metadata.row_group(group).total_byte_size) for group in groups]


def read_rows(
    source: Source, start: int, stop: int, column: str
) -> Iterator[tuple[int, str | None]]:
    """Yield `(row number in the file from 0, text)` of row groups `start` until before `stop`.

    Raises:
        InputError: the file cannot be read, or has no such column of text.
    """
    with _opened(source) as file:
        names = file.schema_arrow.names
        if column not in names:
            raise InputError(
                f"{source.shown}: there is no column {column!r}, the file has"
                f" {', '.join(names) or 'none'}. Name the column of the text with --text-column."
            )
        kind = str(file.schema_arrow.field(column).type)
        if kind not in ("string", "large_string", "string_view", "null"):
            raise InputError(
                f"{source.shown}: the column {column!r} holds {kind}, text (string) was expected."
                " Name the column of the text with --text-column."
            )
        row = sum(file.metadata.row_group(group).num_rows for group in range(start))
        for number in range(start, stop):
            group = file.metadata.row_group(number)
            rows = _BATCH_BYTES * group.num_rows // max(group.total_byte_size, 1)
            for batch in file.iter_batches(
                max(1, min(rows, 4096)), row_groups=[number], columns=[column]
            ):
                for text in batch.column(0).to_pylist():
                    yield row, text
                    row += 1


@contextlib.contextmanager
def _opened(source: Source) -> Iterator[Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise InputError(
            f"{source.shown}: reading Parquet needs the package pyarrow, which is not installed."
            " Install it with: pip install kerasbert[parquet]"
        ) from None
    try:
        with open_source(source) as raw:
            # Not read ahead: a column of a row group may be larger than memory allows.
            yield pyarrow.parquet.ParquetFile(raw, pre_buffer=False, buffer_size=1 << 16)
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(
            f"{source.shown}: the Parquet file cannot be read ({error}). Fetch or write it again."
        ) from None
