"""Where the answers stand among the tokens of rows, and which of them cannot be learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerasbert.figures import counted
from kerasbert.heads.tokens import TokenPlaces
from kerasbert.text.questions import Answer, QuestionDocument


@dataclass(frozen=True)
class RowTarget:
    """What is right for a row.

    Attributes:
        first, last: positions of the answer; 0, that of [CLS], where the row has none.
        length: positions of the row without padding.
    """

    first: int
    last: int
    length: int


@dataclass(frozen=True)
class Covered:
    """The tokens of an answer.

    Attributes:
        first, last: numbers among the document's tokens.
        exact: whether they begin and end with the answer; else a piece crosses its boundary.
    """

    first: int
    last: int
    exact: bool


def covered(answer: Answer, starts: np.ndarray, ends: np.ndarray) -> Covered | None:
    """The tokens that hold an answer; None if it stands nowhere, or no token holds a part of it.

    Args:
        answer: of the context.
        starts: (T,) int, the character with which each token begins.
        ends: (T,) int, the character behind it.
    """
    if answer.start is None:
        return None
    text = answer.text
    begin = answer.start + len(text) - len(text.lstrip())
    end = begin + len(text.strip())
    first = int(np.searchsorted(ends, begin, side="right"))
    last = int(np.searchsorted(starts, end, side="left")) - 1
    if last < first:
        return None
    return Covered(first, last, bool(starts[first] == begin and ends[last] == end))


def row_targets(
    questions: Sequence[QuestionDocument], places: TokenPlaces
) -> list[RowTarget | None]:
    """What is right for each row.

    Of several right answers the first one is learned that stands in the context; a row that does
    not hold it whole learns [CLS], as those of a question without an answer do. None, for all rows
    of a question, where it has answers and no row holds one of them whole.

    Source: Devlin et al. 2019, and the way that its code makes rows of SQuAD 1.1 and 2.0 alike.
    """
    found: list[RowTarget | None] = []
    for number, rows in enumerate(places.by_document()):
        question = questions[number]
        right = None
        for answer in question.answers:
            tokens = covered(answer, places.starts[number], places.ends[number])
            if tokens is not None and any(_holds(places.rows[row], tokens) for row in rows):
                right = tokens
                break
        for row in rows:
            found.append(_of_row(places.rows[row], right, bool(question.answers)))
    return found


def _holds(row, tokens: Covered) -> bool:
    return row.first <= tokens.first and tokens.last < row.first + row.count


def _of_row(row, right: Covered | None, answered: bool) -> RowTarget | None:
    length = row.at + row.count + 1
    if right is None:
        return None if answered else RowTarget(0, 0, length)
    if not _holds(row, right):
        return RowTarget(0, 0, length)
    move = row.at - row.first
    return RowTarget(right.first + move, right.last + move, length)


def token_targets(found: Sequence[RowTarget], length: int) -> np.ndarray:
    """(B, L, 2) float32 as `SpanLoss` takes them."""
    targets = np.zeros((len(found), length, 2), np.float32)
    for number, row in enumerate(found):
        targets[number, row.length :] = -1
        targets[number, row.first, 0] = targets[number, row.last, 1] = 1
    return targets


@dataclass(frozen=True)
class Counts:
    """How many questions of a part can be learned.

    Attributes:
        answered: questions that have an answer.
        nowhere: those whose answers stand nowhere in the context, in words of their own.
        lost: those whose answers no window holds whole.
        crossed: answers where a piece crosses the boundary, so that they cannot be cut out.
        tokens: of each answer that is learned.
    """

    answered: int
    nowhere: int
    lost: int
    crossed: int
    tokens: np.ndarray

    def notes(self) -> list[str]:
        """In words."""
        notes = []
        if self.nowhere:
            notes.append(
                f"{self.nowhere:,} have answers that stand nowhere in their context: nothing is"
                " learned from them"
            )
        if self.lost:
            notes.append(f"the answers of {self.lost:,} are lost: no window holds one whole")
        if self.crossed:
            notes.append(
                f"{counted(self.crossed, 'answer')} cannot be cut out: a piece crosses the boundary"
            )
        return notes


def count_targets(questions: Sequence[QuestionDocument], places: TokenPlaces) -> Counts:
    """What becomes of the answers of a part."""
    answered = nowhere = lost = crossed = 0
    tokens = []
    for number, rows in enumerate(places.by_document()):
        question = questions[number]
        if not question.answers:
            continue
        answered += 1
        starts, ends = places.starts[number], places.ends[number]
        tried = (covered(one, starts, ends) for one in question.answers)
        found = [one for one in tried if one is not None]
        held = [one for one in found if any(_holds(places.rows[row], one) for row in rows)]
        if all(answer.start is None for answer in question.answers):
            nowhere += 1
        elif not held:
            lost += 1
        if held:
            crossed += not held[0].exact
            tokens.append(held[0].last - held[0].first + 1)
    return Counts(answered, nowhere, lost, crossed, np.array(tokens, np.int64))
