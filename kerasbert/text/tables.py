"""Rows of a table in text: cells parted by commas, TABs or the like, with quotes around some."""

from __future__ import annotations

import csv
import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO

from kerasbert.errors import InputError
from kerasbert.figures import counted
from kerasbert.text.fields import Fields
from kerasbert.text.formats import HEAD, suffix_of
from kerasbert.text.lines import LineProblems, decode, split_lines
from kerasbert.text.separators import Separator, quotes_count, tell_delimiter

MORE = "..."
Opener = Callable[[], AbstractContextManager[BinaryIO]]


class TableRows:
    """A table in a file: its columns, and its rows as often as asked for.

    Attributes:
        columns: the names, from the left.
    """

    def __init__(
        self,
        opened: Opener,
        name: str,
        problems: LineProblems,
        fields: Fields,
        blank_rows: bool = False,
    ):
        """Tell how cells are parted, and read the header.

        Args:
            opened: opens the unpacked file from its beginning.
            name: of it, for messages.
            problems: what to do with rows that cannot be read.
            fields: their `columns`, if any, are those of a table without a header.
            blank_rows: yield rows whose cells are all empty, too; a line without a cell is no row.

        Raises:
            InputError: the table is empty, or has other columns than were named.
        """
        self._opened, self._name, self._problems = opened, name, problems
        self._blank_rows = blank_rows
        self._line = 0  # that was read last
        self._begin = 0  # the line in which the row begins that was yielded last
        wanted = [*fields.text, *fields.label, *fields.keep, *((fields.id,) if fields.id else ())]
        self._has_header = not fields.columns
        self._more = fields.columns[-1:] == (MORE,)  # cells nobody reads may stand behind
        named = fields.columns[:-1] if self._more else fields.columns
        self._separator = self._tell(wanted, len(named))
        records = self._records(LineProblems(offers=False))
        first = next((cells for _, cells in records if _holds_anything(cells)), None)
        if first is None:
            raise InputError(f"{name}: the table is empty. Expected a header and rows.")
        if self._has_header:
            self.columns = tuple(cell.strip() for cell in first)
        else:
            self.columns = tuple(named)
            self._check_columns(first)

    def rows(self, names: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
        """Yield `(row, cells of these columns)` of each row that holds anything (or has cells).

        Rows are counted from 1, the header among them, as a spreadsheet counts.

        Raises:
            InputError: a row that cannot be read (unless problems are skipped).
        """
        width = len(self.columns)
        indexes = [self.columns.index(name) for name in names]
        header = self._has_header
        for row, cells in self._records(self._problems):
            if header:
                header = not _holds_anything(cells)
                continue
            if len(cells) < width or (any(cells[width:]) and not self._more):
                self._problems.report_at(functools.partial(self.place, row), self._ragged(cells))
                continue
            yield row, [cells[index] for index in indexes]

    def place(self, row: int) -> str:
        """How messages name the row that was yielded last."""
        if row == self._begin:
            return f"{self._name}:{row}"
        return f"{self._name}, row {row} (from line {self._begin})"

    def _tell(self, wanted: Sequence[str], count: int) -> Separator:
        with self._opened() as stream:
            head = stream.read(HEAD)
        text = head.decode("utf-8", "replace").removeprefix("\ufeff")
        lines = [f"{line}\n" for line in text.split("\n")]
        if len(head) >= HEAD and len(lines) > 1:
            lines.pop()  # it is cut
        delimiter = tell_delimiter(lines, suffix_of(self._name), wanted, count)
        if delimiter != "\t":
            return Separator(delimiter)
        # Some programs put no quotes around anything, and a text may begin with one.
        quotes = quotes_count(lines, delimiter)
        if quotes is None:
            later = self._text_lines(LineProblems(skip=True))
            width = _width(lines[:1], delimiter)
            quotes = quotes_count(later, delimiter, width)
        return Separator(delimiter, quotes is not False)

    def _text_lines(self, problems: LineProblems) -> Iterator[str]:
        with self._opened() as stream:
            for number, _, data in split_lines(stream, self._name):
                self._line = number + 1
                try:
                    yield f"{decode(data)}\n"
                except ValueError as error:
                    problems.report(self._name, number + 1, str(error))

    def _records(self, problems: LineProblems) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows, the header among them, but those without anything."""
        reader = self._separator.reader(self._text_lines(problems))
        row = self._line = 0
        while True:
            row += 1
            begin = self._line + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._begin = begin
                self._refuse(row, str(error), problems)
                continue
            self._begin = begin
            if (cells and self._blank_rows) or _holds_anything(cells):
                yield row, cells

    def _refuse(self, row: int, error: str, problems: LineProblems) -> None:
        """Say what csv said of a row."""
        if "unexpected end" in error or "larger than" in error:
            # What follows cannot be parted into rows, so leaving out is not possible.
            raise InputError(
                f"{self.place(row)}: a quote opens a cell in this row and is not closed. Close it,"
                ' or write a quote that belongs to the text twice, in quotes: """So"" he said".'
            )
        if "expected after" in error:
            message = (
                f"a cell goes on after its closing quote, {self._separator.delimiter!r} was"
                ' expected; write a quote that belongs to the text twice: "so ""called"" names"'
            )
        else:
            message = f"the row cannot be read ({error}). Put the cell in quotes, or mend it"
        problems.report_at(functools.partial(self.place, row), message)

    def _ragged(self, cells: Sequence[str]) -> str:
        delimiter = self._separator.delimiter
        known = "the header has" if self._has_header else "there are"
        behind = " (or end --columns in ...)" if not self._has_header else ""
        behind = behind if len(cells) > len(self.columns) and self._problems.offers else ""
        return (
            f"the row has {counted(len(cells), 'cell')}, {known}"
            f" {counted(len(self.columns), 'column')}"
            f" ({', '.join(self.columns[:12])}), parted by {delimiter!r}. Mend the row{behind}; a"
            f" cell that holds {delimiter!r} stands in quotes"
        )

    def _check_columns(self, first: Sequence[str]) -> None:
        """Compare the named columns with the first row."""
        if len(first) < len(self.columns) or (len(first) > len(self.columns) and not self._more):
            raise InputError(
                f"{self._name}: {len(self.columns)} columns are named ({', '.join(self.columns)}),"
                f" but its first row has {len(first)}: {' | '.join(cell[:30] for cell in first)}."
                " Name each column, from the left."
            )
        if [cell.strip().lower() for cell in first] == [name.lower() for name in self.columns]:
            raise InputError(
                f"{self._name}: its first row is a header with these columns. Do not name them"
                " again (--columns is for a table without a header)."
            )


def _width(lines: Sequence[str], delimiter: str) -> int:
    """The cells of the first row; none where it cannot be read, which is said later."""
    try:
        return len(next(csv.reader(lines, delimiter=delimiter), ()))
    except csv.Error:
        return 0


def _holds_anything(cells: Sequence[str]) -> bool:
    return any(cell and not cell.isspace() for cell in cells)
