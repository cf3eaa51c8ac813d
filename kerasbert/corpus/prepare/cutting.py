"""Sources cut into pieces.

Each piece can be read by itself, by any process and in any order; `pieces.py` reads them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kerasbert.corpus.prepare.records import row_group_sizes
from kerasbert.corpus.prepare.sources import Source
from kerasbert.corpus.prepare.structured import STRUCTURED


@dataclass(frozen=True)
class Piece:
    """A part of a source: bytes, or row groups of Parquet, from `start` until before `stop`.

    A packed file, a table and a JSON list are one piece each. `bytes` is how much of the source as
    stored it is, about.
    """

    source: Source
    start: int
    stop: int
    bytes: int


def cut(sources: Sequence[Source], piece_bytes: int) -> list[Piece]:
    """Part the sources into pieces of about so many bytes, in order.

    Raises:
        InputError: a Parquet file cannot be read.
    """
    return [piece for source in sources for piece in _cut(source, piece_bytes)]


def _cut(source: Source, piece_bytes: int) -> Iterator[Piece]:
    if source.packing is not None or source.format in STRUCTURED:
        yield Piece(source, 0, source.size, source.size)
    elif source.format == "parquet":
        ends = list(itertools.accumulate(row_group_sizes(source), initial=0))
        first = 0
        for stop in range(1, len(ends)):
            if stop == len(ends) - 1 or ends[stop + 1] - ends[first] > piece_bytes:
                share = (ends[stop] - ends[first]) / ends[-1]
                yield Piece(source, first, stop, round(share * source.size))
                first = stop
    else:
        for start in range(0, source.size, piece_bytes):
            stop = min(start + piece_bytes, source.size)
            yield Piece(source, start, stop, stop - start)
