"""Texts with what is right for them, as documents."""

from collections.abc import Sequence
from typing import Any

from kerasbert.figures import counted
from kerasbert.text.documents import LabeledDocument


def documents_of(
    rows: Sequence[tuple[str, ...]], labels: Sequence[tuple[str, ...]], name: str
) -> list[LabeledDocument]:
    """Texts with their labels, counted from 1 as rows of a file are.

    Args:
        rows: N tuples of one text or two.
        labels: of each, as they stand in files.
        name: of the texts, for messages.

    Raises:
        ValueError: unequal lengths, or a text without text.
    """
    if len(rows) != len(labels):
        raise ValueError(unequal(len(rows), len(labels)))
    for number, row in enumerate(rows):
        if not all(part.strip() for part in row):
            raise ValueError(
                f"{name}[{number}]: an empty text. Fill it in, or remove it and its y."
            )
    return [
        LabeledDocument(row, names, number)
        for number, (row, names) in enumerate(zip(rows, labels, strict=True), start=1)
    ]


def length_of(values: Any) -> int | None:
    """How many values there are in a list, an array or a table; None for anything else."""
    if shape := getattr(values, "shape", ()):
        return int(shape[0])
    return len(values) if isinstance(values, list | tuple) else None


def unequal(texts: int, labels: int) -> str:
    """What is said where there are not as many of each."""
    return (
        f"X and y have inconsistent numbers of samples: {counted(texts, 'text')},"
        f" {counted(labels, 'label')}. Give as many of each."
    )
