"""What the report lets people look through, as rows: documents, a confusion matrix, thresholds.

With N documents and K labels; logits, gold and predicted are (N, K).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasbert.evaluation.curves import threshold_points
from kerasbert.evaluation.f1 import without_nan
from kerasbert.heads.classification.analysis import document_rows
from kerasbert.heads.classification.decision import Decision
from kerasbert.heads.classification.scores import document_losses
from kerasbert.report.browser import MOST

MATRIX = 12  # labels of the confusion matrix
OTHERS = "(all others)"
TOGETHER = "(all labels together)"
CURVES = 300  # labels that have a curve, the most frequent ones
POINTS = 8000  # of all curves
POOLED = 5_000_000  # decisions at most that are sorted for the curve of all labels together


def browse(
    logits: np.ndarray,
    gold: np.ndarray,
    decision: Decision,
    documents: Sequence[Any],
    names: Sequence[str],
) -> dict[str, list[dict[str, Any]]]:
    """The rows of one part.

    Args:
        logits: (N, K) float.
        gold: (N, K) bool or 0/1.
        decision: how labels were chosen.
        documents: N `LabeledDocument`s.
        names: the K labels.

    Returns:
        "documents" (the first `MOST`: those with a mistake first, each by falling loss), "counts"
        (one row: documents, mistakes), "matrix" (see `confusion_rows`) and "curves" (see
        `curve_rows`).
    """
    gold = np.asarray(gold) > 0
    said = decision.probabilities(logits)
    predicted = decision.choose(said)
    known = set(names)
    unknown = np.array([not known.issuperset(document.labels) for document in documents])
    mistaken = (predicted != gold).any(axis=1) | unknown
    losses = document_losses(logits, gold, decision.kind)
    order = np.lexsort((-without_nan(losses), ~mistaken))  # the last key counts first
    return {
        "documents": document_rows(logits, losses, order[:MOST], decision, documents, names),
        "counts": [{"documents": len(documents), "mistakes": int(mistaken.sum())}],
        "matrix": confusion_rows(predicted, gold, names, decision.kind),
        "curves": curve_rows(said, gold, names, decision),
    }


def confusion_rows(
    predicted: np.ndarray, gold: np.ndarray, names: Sequence[str], kind: str, most: int = MATRIX
) -> list[dict[str, Any]]:
    """What was taken for what: the confusion matrix, or the most confused part of a large one.

    Args:
        predicted: (N, K) bool.
        gold: (N, K) bool.
        names: the K labels.
        kind: "multi-label", "multi-class" or "binary".
        most: the most labels.

    Returns:
        a row a label, with label and cells (documents by label). With one label a document it is
        the expected one, cells are of predicted ones. For "multi-label" a document counts where it
        missed the row's label and was wrongly given the cell's; empty where none did.
    """
    missed, wrong = gold & ~predicted, predicted & ~gold
    if kind == "multi-label":
        both = missed.any(axis=1) & wrong.any(axis=1)
        missed, wrong = missed[both], wrong[both]
        rows, columns = _most_frequent(missed, most), _most_frequent(wrong, most)
        counts = missed[:, rows].T.astype(int) @ wrong[:, columns].astype(int)
        return _named(counts, [names[i] for i in rows], [names[i] for i in columns])
    if len(names) <= most:
        counts = gold.T.astype(int) @ predicted.astype(int)
        return _named(counts, names, names)
    chosen = np.sort(_most_frequent(missed | wrong, most))
    inside = gold[:, chosen].T.astype(int) @ predicted[:, chosen].astype(int)
    counts = np.zeros((len(chosen) + 1, len(chosen) + 1), int)
    counts[:-1, :-1] = inside
    counts[:-1, -1] = gold[:, chosen].sum(axis=0) - inside.sum(axis=1)
    counts[-1, :-1] = predicted[:, chosen].sum(axis=0) - inside.sum(axis=0)
    shown = [*(names[i] for i in chosen), OTHERS]
    counts[-1, -1] = len(gold) - counts.sum()
    return _named(counts, shown, shown)


def _most_frequent(marks: np.ndarray, most: int) -> np.ndarray:
    """The columns with a mark, at most so many, the most frequent first."""
    counts = marks.sum(axis=0)
    order = np.argsort(-counts, kind="stable")[:most]
    return order[counts[order] > 0]


def _named(counts: np.ndarray, rows: Sequence[str], columns: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"label": name, "cells": dict(zip(columns, row, strict=True))}
        for name, row in zip(rows, counts.tolist(), strict=True)
    ]


def curve_rows(
    said: np.ndarray, gold: np.ndarray, names: Sequence[str], decision: Decision
) -> list[dict[str, Any]]:
    """Precision and recall by threshold of each label, the most frequent first.

    Args:
        said: (N, K) probabilities.
        gold: (N, K) bool.
        names: the K labels.
        decision: whose thresholds the curves begin at.

    Returns:
        of each label that a document has: label, support, decisions (N), points and at, as
        `threshold_points` gives them. For "multi-label" all labels together come first.
    """
    several = decision.kind == "multi-label"
    own = several and decision.rule != "top-k"
    limits = np.broadcast_to(np.asarray(decision.threshold, float), len(names))
    support = gold.sum(axis=0)
    chosen = _most_frequent(gold, CURVES).tolist()
    most = min(max(POINTS // (len(chosen) + 1), 20), 200)
    rows = []

    def add(name: str, said: np.ndarray, gold: np.ndarray, limit: float | None) -> None:
        points, at = threshold_points(said, gold, most, limit)
        rows.append(
            {"label": name, "support": int(gold.sum()), "decisions": gold.size}
            | {"points": points, "at": at}
        )

    if several and len(names) > 1 and support.any() and said.size <= POOLED:
        add(TOGETHER, said.ravel(), gold.ravel(), decision.common if own else None)
    for i in chosen:
        add(names[i], said[:, i], gold[:, i], float(limits[i]) if own else None if several else 0.5)
    return rows
