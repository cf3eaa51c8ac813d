"""Documents as rows of tokens: which row holds which tokens, and where these stand in the text.

For heads whose answers are about tokens (`Head.by_token`). A document that is longer than a row is
several rows, windows that overlap, so that nothing is lost. What a model says of rows is joined to
what it says of documents here. NumPy only; `kerasbert.batches.token_rows` makes the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A window of a document, in a row of its own.

    Attributes:
        document: its number.
        first: the first of the document's tokens that the row holds.
        count: how many it holds.
        at: the position in the row where the first one stands.
    """

    document: int
    first: int
    count: int
    at: int


@dataclass(frozen=True)
class TokenPlaces:
    """Where the tokens of N documents stand.

    Tokens are those of the text that is cut into windows: the one text, or the second one of a
    pair, whose first text stands at the beginning of every row.

    Attributes:
        texts: N tuples of one text or two, as they were given.
        starts: N arrays (T,) int64, the character of that text with which each token begins.
        ends: N arrays (T,) int64, the character behind it.
        rows: R windows, those of a document together and in order.
    """

    texts: Sequence[tuple[str, ...]]
    starts: Sequence[np.ndarray]
    ends: Sequence[np.ndarray]
    rows: Sequence[TokenRow]

    def __len__(self) -> int:
        return len(self.texts)

    def by_document(self) -> Iterator[list[int]]:
        """The numbers of the rows of each document."""
        numbers: list[list[int]] = [[] for _ in self.texts]
        for number, row in enumerate(self.rows):
            numbers[row.document].append(number)
        yield from numbers

    def best_rows(self, numbers: Sequence[int]) -> np.ndarray:
        """(T,) int: of a document's rows the one that shows most on both sides of each token.

        Args:
            numbers: of the rows of a document, in order.

        Returns:
            places in `numbers`; of equally good rows the first.
        """
        rows = [self.rows[number] for number in numbers]
        tokens = np.arange(len(self.starts[rows[0].document]))
        shown = np.full((len(rows), len(tokens)), -1)
        for place, row in enumerate(rows):
            held = np.arange(row.first, row.first + row.count)
            # Beyond the ends of the text there is nothing that a row could fail to show.
            before = held - row.first if row.first else np.full(len(held), len(tokens))
            after = row.first + row.count - 1 - held
            if row.first + row.count == len(tokens):
                after = np.full(len(held), len(tokens))
            shown[place, held] = np.minimum(before, after)
        return shown.argmax(axis=0)


@dataclass(frozen=True)
class TokenOutputs:
    """What a model says of the rows of N documents.

    Attributes:
        places: of the documents.
        rows: R arrays, the outputs of each row; where these are one a position, (M, ...) of its
            positions without padding. What a model puts before the first position stays there.
    """

    places: TokenPlaces
    rows: Sequence[np.ndarray]

    def __len__(self) -> int:
        return len(self.places)

    def joined(self, lead: int = 0) -> Iterator[np.ndarray]:
        """(T, ...) of each document: of every token, from the row that shows most around it.

        Args:
            lead: how much of a row's outputs stands before its first position.
        """
        for numbers in self.places.by_document():
            rows = [self.places.rows[number] for number in numbers]
            parts = [
                self.rows[number][lead + row.at : lead + row.at + row.count]
                for number, row in zip(numbers, rows, strict=True)
            ]
            if len(parts) == 1:
                yield parts[0]
                continue
            best = self.places.best_rows(numbers)
            firsts = np.array([row.first for row in rows])
            starts = np.cumsum([0, *map(len, parts[:-1])])
            yield np.concatenate(parts)[starts[best] + np.arange(len(best)) - firsts[best]]


def object_array(values: Sequence) -> np.ndarray:
    """(N,) of objects, one for each document, whatever these are: a `gold` of such heads."""
    array = np.empty(len(values), object)
    for place, value in enumerate(values):
        array[place] = value
    return array
