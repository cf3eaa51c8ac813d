"""What the report of a run of regression shows of documents."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasbert.text.documents import LabeledDocument

WORST = 30  # documents with the largest errors
SHOWN = 2000  # documents in a picture


def number_rows(
    outputs: np.ndarray, gold: np.ndarray, names: Sequence[str]
) -> list[dict[str, Any]]:
    """Name, gold and predicted of documents spread over a part, (N, K) each."""
    chosen = np.unique(np.linspace(0, len(gold) - 1, min(SHOWN, len(gold))).astype(int))
    return [
        {"name": name, "gold": gold[row, k].item(), "predicted": outputs[row, k].item()}
        for k, name in enumerate(names)
        for row in chosen
    ]


def worst_rows(
    outputs: np.ndarray,
    gold: np.ndarray,
    errors: np.ndarray,
    documents: Sequence[LabeledDocument],
    names: Sequence[str],
) -> list[dict[str, Any]]:
    """The documents with the largest of N errors: line, texts, gold and predicted."""
    return [
        {
            "line": documents[row].line,
            "texts": list(documents[row].texts),
            "gold": dict(zip(names, gold[row].tolist(), strict=True)),
            "predicted": dict(zip(names, outputs[row].tolist(), strict=True)),
        }
        for row in np.argsort(-errors, kind="stable")[:WORST].tolist()
    ]
