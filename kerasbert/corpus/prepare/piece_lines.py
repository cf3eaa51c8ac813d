"""The lines of a piece of a file, and their true numbers when one must be named."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import BinaryIO

from kerasbert.corpus.prepare.cutting import Piece
from kerasbert.corpus.prepare.sources import open_source
from kerasbert.text.lines import LineProblems, reading, split_lines, unpack

_BLOCK = 1 << 18
_NEAR_START = 256 << 20  # bytes that are read again to number a line that is left out


class PieceLines:
    """The lines of a piece, and of what follows it, from the first that begins in it."""

    def __init__(self, piece: Piece, problems: LineProblems) -> None:
        self.piece = piece
        self.problems = problems
        self.first = 0  # offset of the first line
        self.ours = True  # whether wrong lines are this piece's to report

    def __iter__(self) -> Iterator[tuple[int, int, bytes | None]]:
        """Yield (number from 0, offset, line), as `split_lines`."""
        source = self.piece.source
        with open_source(source) as raw, reading(source.shown):
            if self.piece.start:
                self.first = _line_start(raw, self.piece.start, self.piece.stop)
                raw.seek(self.first)
            stream = unpack(raw, source.packing, source.shown)
            yield from split_lines(stream, source.shown, self.first)

    def refuse(self, number: int, message: str) -> None:
        """Report a line as `LineProblems` does."""
        if self.ours:
            self.problems.report_at(lambda: self._place(number), message)

    @functools.cached_property
    def _lines_before(self) -> int:
        with open_source(self.piece.source) as raw, reading(self.piece.source.shown):
            sizes = itertools.chain(
                itertools.repeat(_BLOCK, self.first // _BLOCK), [self.first % _BLOCK]
            )
            return sum(raw.read(size).count(b"\n") for size in sizes)

    def _place(self, number: int) -> str:
        name = self.piece.source.shown
        if self.problems.skip and self.first > _NEAR_START:
            return f"{name}, line {number + 1} from byte {self.first}"
        return f"{name}:{self._lines_before + number + 1}"


def _line_start(raw: BinaryIO, start: int, stop: int) -> int:
    """Offset of the first line that begins at `start` or after it, `stop` if none before does."""
    at = start - 1
    raw.seek(at)
    while at < stop and (block := raw.read(_BLOCK)):
        found = block.find(b"\n")
        if found >= 0:
            return at + found + 1
        at += len(block)
    return stop
