"""The numbers of documents."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kerasbert.errors import InputError
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.lines import LineProblems


def numbers_of(documents: Sequence[LabeledDocument]) -> np.ndarray:
    """(N, K) float64 of their labels.

    Raises:
        InputError: a label is no number, or not all have equally many.
    """
    rows = []
    for document in documents:
        try:
            rows.append([float(label) for label in document.labels])
        except ValueError:
            raise InputError(
                f"line {document.line}: the labels {', '.join(document.labels)} are no numbers, as"
                " regression expects them. Read the file with numbers=True."
            ) from None
        if not rows[-1] or len(rows[-1]) != len(rows[0]):
            raise InputError(
                f"line {document.line}: {len(rows[-1])} numbers, expected"
                f" {len(rows[0]) or 'one or more'}."
            )
    return np.array(rows, np.float64)


def as_wide(
    documents: Sequence[LabeledDocument], width: int, path: str | Path, problems: LineProblems
) -> list[LabeledDocument]:
    """The documents with so many numbers; the others are reported."""
    kept = []
    for document in documents:
        if len(document.labels) == width:
            kept.append(document)
            continue
        problems.report_at(
            f"{path}:{document.line}".__str__,
            f"{len(document.labels)} numbers, expected {width} as in the training data."
            " Correct the row, or name the fields: --label-field NAME ...",
        )
    if not kept:
        raise InputError(f"{path}: no document has {width} numbers. Check the file.")
    return kept
