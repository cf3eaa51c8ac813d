"""Tables of Arrow: Parquet files, and whatever speaks Arrow's PyCapsule interface.

pandas, polars, DuckDB and Hugging Face's datasets speak it, and none of them is imported here. See
https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kerasbert.errors import InputError

_ROWS = 1024  # at a time
PARQUET_MAGIC = b"PAR1"


class ParquetRows:
    """A Parquet file: its columns, and the rows of some of them, a thousand in memory at a time.

    Attributes:
        columns: their names.
    """

    def __init__(self, path: Path, name: str):
        """Read the schema.

        Raises:
            InputError: pyarrow is missing, or cannot read the file.
        """
        self._path, self._name = path, name
        with self._opened() as file:
            self.columns = tuple(file.schema_arrow.names)

    def rows(self, names: Sequence[str]) -> Iterator[tuple[int, Sequence[Any]]]:
        """Yield `(row from 1, values of these columns)`.

        Raises:
            InputError: the file is damaged.
        """
        with self._opened() as file:
            yield from _rows(file.iter_batches(_ROWS, columns=list(names)), names)

    def place(self, row: int) -> str:
        """How messages name a row."""
        return f"{self._name}, row {row}"

    @contextlib.contextmanager
    def _opened(self) -> Iterator[Any]:
        pyarrow = _pyarrow(self._name)
        from pyarrow.parquet import ParquetFile

        try:
            # Not read ahead: a column of a row group may be larger than memory allows.
            with ParquetFile(self._path, pre_buffer=False, buffer_size=1 << 16) as file:
                yield file
        except (pyarrow.ArrowException, OSError) as error:
            raise InputError(
                f"{self._name}: the Parquet file cannot be read ({error}). Fetch or write it again."
            ) from None


def speaks_arrow(data: Any) -> bool:
    """Whether an object hands out its rows by the PyCapsule interface."""
    return hasattr(data, "__arrow_c_stream__")


class ArrowRows:
    """A table in memory, or a stream that can be read once.

    Attributes:
        columns: their names.
    """

    def __init__(self, data: Any, name: str = "data"):
        """Ask for the stream.

        Raises:
            InputError: pyarrow is missing, or the object cannot be handed out as Arrow.
        """
        self._name = name
        pyarrow = _pyarrow(name)
        try:
            self._reader = pyarrow.RecordBatchReader.from_stream(data)
        except (pyarrow.ArrowException, TypeError, ValueError) as error:
            said = "; ".join(str(one).splitlines()[0] for one in error.args if str(one))
            raise InputError(
                f"{name}: this {type(data).__name__} cannot be read as an Arrow table"
                f" ({said or type(error).__name__}). Expected columns, each of one type."
            ) from None
        self.columns = tuple(self._reader.schema.names)

    def rows(self, names: Sequence[str]) -> Iterator[tuple[int, Sequence[Any]]]:
        """Yield `(row from 1, values of these columns)`.

        Raises:
            InputError: the stream breaks off.
        """
        pyarrow = _pyarrow(self._name)
        try:
            yield from _rows(_in_small(self._reader), names)
        except (pyarrow.ArrowException, OSError) as error:
            raise InputError(f"{self._name}: the Arrow table cannot be read ({error}).") from None

    def place(self, row: int) -> str:
        """As Python counts."""
        return f"{self._name}, row {row - 1} (from 0)"


def _in_small(batches: Any) -> Iterator[Any]:
    for batch in batches:
        for start in range(0, batch.num_rows, _ROWS):
            yield batch.slice(start, _ROWS)


def _rows(batches: Any, names: Sequence[str]) -> Iterator[tuple[int, Sequence[Any]]]:
    row = 0
    for batch in batches:
        columns = [batch.column(name).to_pylist() for name in names]
        for values in zip(*columns, strict=True):
            row += 1
            yield row, values


def _pyarrow(name: str) -> Any:
    try:
        import pyarrow
    except ImportError:
        raise InputError(
            f"{name}: reading Parquet or an Arrow table needs the package pyarrow, which is not"
            " installed. Install it with: pip install kerasbert[parquet]"
        ) from None
    return pyarrow
