"""How the cells of a table are parted: told from how the table begins."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kerasbert.text.fields import ID_NAMES, LABEL_NAMES, PAIR_NAMES, TEXT_NAMES
from kerasbert.text.formats import TAB_SUFFIXES
from kerasbert.text.lines import LONGEST_LINE

DELIMITERS = ",;\t|"
_TRIED = 50  # rows
_SAMPLE = 1000  # lines
_KNOWN = frozenset((*TEXT_NAMES, *LABEL_NAMES, *ID_NAMES, *itertools.chain(*PAIR_NAMES)))


@dataclass(frozen=True)
class Separator:
    """What parts cells.

    Attributes:
        delimiter: one character.
        quotes: whether quotes around a cell are no part of it.
    """

    delimiter: str
    quotes: bool = True

    def reader(self, lines: Iterable[str], strict: bool = True) -> Iterator[list[str]]:
        """Yield the cells of each row; strictly, `csv.Error` where quotes are out of place."""
        # One number for the whole process, and small at first: it is raised, never lowered.
        csv.field_size_limit(max(csv.field_size_limit(), LONGEST_LINE))
        if self.quotes:
            return csv.reader(lines, delimiter=self.delimiter, strict=strict)
        return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE, strict=strict)


def tell_delimiter(
    lines: Sequence[str], suffix: str, wanted: Sequence[str] = (), count: int = 0
) -> str:
    """Which of `DELIMITERS` parts the cells.

    It is the one that finds the most known names in the first row, or that parts all rows into as
    many cells.

    Args:
        lines: the first ones, with their ends.
        suffix: of the file's name.
        wanted: names of columns that should be there.
        count: of the columns, where it is known and there is no header.
    """
    known = _KNOWN.union(name.strip().lower() for name in wanted)

    def score(delimiter: str) -> tuple[float, ...]:
        rows = _some_rows(lines, delimiter)
        if not rows:
            return (0, 0)
        width = count or len(rows[0])
        names = {cell.strip().lower() for cell in rows[0]} if not count else set()
        alike = sum(len(row) == width for row in rows) / len(rows)
        return len(names & known), alike if width > 1 else 0

    return max(sorted(DELIMITERS, key=lambda d: d != "\t" or suffix not in TAB_SUFFIXES), key=score)


def _some_rows(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    rows = Separator(delimiter).reader(lines, strict=False)
    try:
        return [row for row in itertools.islice(rows, _TRIED) if row]
    except csv.Error:
        return []


def quotes_count(lines: Iterable[str], delimiter: str, width: int = 0) -> bool | None:
    """Whether quotes around cells are no part of them; None where no cell begins with a quote.

    Args:
        lines: of the table.
        delimiter: between cells.
        width: number of columns; that of the first row unless given.
    """
    opening = f'{delimiter}"'
    rows = iter(lines)
    before: list[str] = []
    for line in rows:
        if line.startswith('"') or opening in line:
            sample = [*before, line, *itertools.islice(rows, _SAMPLE)]
            return _faults(sample, Separator(delimiter), width) <= _faults(
                sample, Separator(delimiter, quotes=False), width
            )
        before = before or [line]  # the header
    return None


def _faults(lines: Sequence[str], separator: Separator, width: int) -> int:
    """How many rows cannot be read, or have another number of cells."""
    reader = separator.reader(lines)
    faults = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return faults
        except csv.Error:
            faults += 1
            continue
        width = width or len(cells)
        faults += bool(cells) and len(cells) != width
