"""A table on standard error that grows by a row at a time, as a training does."""

import sys
from collections.abc import Collection, Mapping
from typing import Any

from kerasbert.figures import cell, figure_name
from kerasbert.terminal import NO_BREAK, columns, say

GAP = "  "
KNOWN = "knowing nothing"
MISSING = "–"  # what is no finite number


class GrowingTable:
    """Says rows of figures under one header, which comes again where the columns change.

    On a terminal that is too narrow for them, each row names its figures itself.

    Args:
        known: for a column the one that it is to be compared with, which is the same in all rows:
            it is said once, above them.
        hidden: further columns that are not shown.
    """

    def __init__(self, known: Mapping[str, str] | None = None, hidden: Collection[str] = ()):
        self.known = known or {}
        self.hidden = {*self.known.values(), *hidden}
        self._names: list[str] = []
        self._widths: list[int] = []

    def __call__(self, row: Mapping[str, Any]) -> None:
        """Say a row, below a header if it is the first of its kind."""
        names = [name for name in row if name not in self.hidden]
        cells = [_shown(name, row[name]) or MISSING for name in names]
        known = [_shown(name, row.get(self.known.get(name, ""), "")) for name in names]
        new, self._names = names != self._names, names
        if new:
            self._widths = [
                max(len(text), *map(len, title(name).split()))
                for name, text in zip(names, cells, strict=True)
            ]
        wide = sum(self._widths) + len(GAP) * (len(names) - 1)
        if wide > (columns(sys.stderr) or wide):
            if new and any(known):
                say(f"{KNOWN}: {self._pairs(known)}")
            say(self._pairs(cells))
            return
        if new:
            self._say_header()
            if any(known):
                self._say_known(known)
        say(self._line(cells))

    def _say_header(self) -> None:
        """The titles, a word on a line, standing on the rows."""
        words = [title(name).split() for name in self._names]
        for line in range(max(map(len, words)), 0, -1):
            say(self._line([text[-line] if line <= len(text) else "" for text in words]))

    def _say_known(self, cells: list[str]) -> None:
        line = self._line(cells)
        blank = len(line) - len(line.lstrip())
        say(KNOWN + line[len(KNOWN) :] if len(KNOWN) < blank else f"{line}{GAP}{KNOWN}")

    def _line(self, cells: list[str]) -> str:
        parts = [text.rjust(width) for text, width in zip(cells, self._widths, strict=True)]
        return GAP.join(parts).rstrip()

    def _pairs(self, cells: list[str]) -> str:
        """Names and figures, each beside its own when the line is broken."""
        pairs = [
            f"{title(name)} {text}" for name, text in zip(self._names, cells, strict=True) if text
        ]
        return GAP.join(pair.replace(" ", NO_BREAK) for pair in pairs)


def title(name: str) -> str:
    """A column of history.csv for people: what is judged on validation data has no "val"."""
    if name == "val_loss":
        return "val loss"
    for beginning in ("val_loss_", "val_"):
        name = name.removeprefix(beginning)
    return figure_name(name)


def _shown(name: str, value: Any) -> str:
    return cell(value, name)
