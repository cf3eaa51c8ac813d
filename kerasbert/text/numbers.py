"""Labels that are numbers, as regression reads them: checked where they stand, kept as written."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from kerasbert.text.cells import described, is_missing
from kerasbert.text.fields import FoundFields

MANY = 20  # different ones are no names of classes

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def as_number(text: str) -> float | None:
    """The finite number that a label writes, as programs do: 3.8, -1, 2e-3; else None."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def what_numbers(
    counts: Mapping[str, int], alone: bool = True
) -> Literal["measured", "unclear"] | None:
    """Whether labels are measured numbers, not names.

    Args:
        counts: the documents of each label.
        alone: whether every document has exactly one.

    Returns:
        "measured" where there are many different numbers, half or more of the documents with one
        that is not whole; "unclear" where fewer are; None where there are names among them, few
        different ones, or all are written as whole numbers.
    """
    if not alone or len(counts) <= MANY:
        return None
    values = {label: as_number(label) for label in counts}
    if None in values.values() or not any(set(".eE") & set(label) for label in counts):
        return None
    parts = sum(counts[label] for label, value in values.items() if value and value % 1)
    return "measured" if 2 * parts >= sum(counts.values()) else "unclear"


def names_note(counts: Mapping[str, int], alone: bool = True) -> str | None:
    """A sentence where labels are taken for names of classes that may be meant as numbers.

    Two, such as 0 and 1, are so often names that nothing is said of them.

    Args:
        counts: the documents of each label.
        alone: whether every document has exactly one.
    """
    if not alone or len(counts) < 3 or any(as_number(label) is None for label in counts):
        return None
    such = ", ".join(list(counts)[:3]) + (" ..." if len(counts) > 3 else "")
    return (
        f"the labels are {len(counts):,} different numbers ({such}): they are read as names of "
        "classes. To predict numbers, say --head regression"
    )


class NumberReader:
    """The numbers of the rows of one file, a field each; or a list of them in one field."""

    def __init__(self, found: FoundFields):
        self.names = found.label

    def __call__(self, values: Sequence[Any]) -> tuple[str, ...]:
        """The numbers of a row as they are written, from the values of its label fields.

        Raises:
            ValueError: one is missing, or is no finite number.
        """
        names = self.names
        if len(values) == 1 and isinstance(values[0], list | tuple) and values[0]:
            values, names = values[0], names * len(values[0])
        return tuple(_number(value, name) for value, name in zip(values, names, strict=True))


def number_label(labels: Sequence[str]) -> tuple[str, ...]:
    """The number behind a line: its one label.

    Raises:
        ValueError: there is none, or several, or it is no finite number.
    """
    if len(labels) != 1:
        found = f"{len(labels)} labels" if labels else "no label"
        raise ValueError(f"{found}, one number was expected: text __label__3.8")
    if as_number(labels[0]) is None:
        raise ValueError(
            f"the label {labels[0]!r} is no finite number, one was expected: text __label__3.8"
        )
    return tuple(labels)


def _number(value: Any, name: str) -> str:
    if isinstance(value, float) and math.isnan(value):
        found = "not a number (NaN)"
    elif is_missing(value):
        found = "empty" if isinstance(value, str) else "not there (null)"
    else:
        text = value.strip() if isinstance(value, str) else str(value)
        if not isinstance(value, bool) and as_number(text) is not None:
            return text
        if isinstance(value, str) and "," in text and as_number(text.replace(",", ".")) is not None:
            found = f"{text!r}, with a comma; write a point: {text.replace(',', '.')}"
        else:
            found = repr(text) if isinstance(value, str) else described(value)
        raise ValueError(
            f"{name!r} holds {found}, a finite number was expected. Correct the row, or name"
            " another field"
        )
    raise ValueError(f"the number in {name!r} is {found}. Fill it in or remove the row")
