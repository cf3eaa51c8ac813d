"""Where a classifier is good and where it goes wrong: by label, by pair of labels, by document.

With N documents and K labels; logits, gold and predicted are (N, K).
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasbert.evaluation.calibration import expected_calibration_error, reliability
from kerasbert.evaluation.f1 import per_label, without_nan
from kerasbert.files import write_text
from kerasbert.heads.classification.decision import Decision
from kerasbert.heads.classification.scores import document_losses, probabilities

FIGURES = ("support", "predicted", "precision", "recall", "f1")
LIKELY = 5  # labels that are told of a document, whether they were predicted or not


def label_rows(
    names: Sequence[str],
    train_counts: Sequence[int] | None,
    decision: Decision,
    splits: Mapping[str, tuple[np.ndarray, np.ndarray]],
) -> list[dict[str, Any]]:
    """The rows of labels.tsv, in the order of the label set.

    Args:
        names: the K labels.
        train_counts: documents of the training data that have each; None where that is not known.
        decision: how labels were chosen.
        splits: (predicted, gold) by name, such as "valid" and "test".

    Returns:
        A dict a label: label, train_documents, threshold (None where none is used), and
        SPLIT_support, SPLIT_predicted, SPLIT_precision, SPLIT_recall, SPLIT_f1.
    """
    uses = decision.kind == "multi-label" and decision.rule != "top-k"
    limits = np.broadcast_to(np.asarray(decision.threshold), len(names))
    counts = [None] * len(names) if train_counts is None else train_counts
    rows: list[dict[str, Any]] = [
        {
            "label": name,
            "train_documents": None if count is None else int(count),
            "threshold": round(float(limit), 4) if uses else None,
        }
        for name, count, limit in zip(names, counts, limits, strict=True)
    ]
    for split, (predicted, gold) in splits.items():
        for row, figures in zip(rows, per_label(predicted, gold, names), strict=True):
            row |= {f"{split}_{name}": figures[name] for name in FIGURES}
    return rows


def write_label_rows(path: str | os.PathLike[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """labels.tsv: a heading, then a line a label, split by TABs; nothing is quoted or escaped."""

    def cell(value: Any) -> str:
        text = f"{value:.6g}" if isinstance(value, float) else "" if value is None else str(value)
        return text.replace("\t", " ")

    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    write_text(path, "".join("\t".join(cell(v) for v in line) + "\n" for line in lines))


def confused_pairs(
    predicted: np.ndarray, gold: np.ndarray, names: Sequence[str], most: int = 30
) -> list[dict[str, Any]]:
    """Which labels are mistaken for which: a was missed, and b wrongly predicted.

    With one label a document these are the cells of the confusion matrix beside its diagonal.

    Args:
        predicted: (N, K) bool or 0/1.
        gold: (N, K) bool or 0/1.
        names: the K labels.
        most: the most pairs to give.

    Returns:
        gold, predicted (names), documents, and share (of the documents with the first label), the
        most frequent first.
    """
    predicted, gold = np.asarray(predicted) > 0, np.asarray(gold) > 0
    missed, wrong = gold & ~predicted, predicted & ~gold
    support = gold.sum(axis=0)
    # Row by row: a matrix of all pairs of 50,000 labels would not fit into memory.
    found: dict[int, int] = {}
    for row in np.flatnonzero(missed.any(axis=1) & wrong.any(axis=1)):
        firsts, seconds = np.flatnonzero(missed[row]), np.flatnonzero(wrong[row])
        for key in (firsts[:, None] * len(names) + seconds).ravel().tolist():
            found[key] = found.get(key, 0) + 1
    ordered = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
    return [
        {
            "gold": names[key // len(names)],
            "predicted": names[key % len(names)],
            "documents": times,
            "share": times / int(support[key // len(names)]),
        }
        for key, times in ordered
    ]


def hardest(
    logits: np.ndarray,
    gold: np.ndarray,
    decision: Decision,
    documents: Sequence[Any],
    names: Sequence[str],
    most: int = 20,
) -> list[dict[str, Any]]:
    """The documents with the highest loss.

    Args:
        logits: (N, K) float.
        gold: (N, K) bool or 0/1.
        decision: how labels were chosen.
        documents: N of them, with `texts`, `labels`, `line` and `id`.
        names: the K labels.
        most: how many to give.

    Returns:
        A dict a document, the worst first: line, id where it has one, loss, expected and predicted
        (names, the most probable first), scores (probability of each of these), texts, and likely
        (the most probable labels with their probabilities).
    """
    losses = document_losses(logits, gold, decision.kind)
    order = np.argsort(-without_nan(losses), kind="stable")[:most]
    order = order[~np.isnan(losses[order])]
    return document_rows(logits, losses, order, decision, documents, names)


def document_rows(
    logits: np.ndarray,
    losses: np.ndarray,
    order: np.ndarray,
    decision: Decision,
    documents: Sequence[Any],
    names: Sequence[str],
) -> list[dict[str, Any]]:
    """What was said of some documents, as in `hardest`.

    Args:
        logits: (N, K) float.
        losses: (N,) float, as `document_losses` gives them.
        order: (M,) int, which ones, in which order.
        decision: how labels were chosen.
        documents: N of them.
        names: the K labels.
    """
    said = decision.probabilities(logits[order])
    chosen = decision.choose(said)
    column = {name: i for i, name in enumerate(names)}
    found = []
    for index, row, picked in zip(order, said, chosen, strict=True):
        document = documents[index]
        ranked = np.argsort(-row, kind="stable")
        predicted = [names[i] for i in ranked if picked[i]]
        wanted = [*document.labels, *predicted]
        found.append(
            {
                "line": document.line,
                **({"id": document.id} if document.id is not None else {}),
                "loss": float(losses[index]),
                "expected": list(document.labels),
                "predicted": predicted,
                "scores": {
                    name: round(float(row[column[name]]), 4) for name in wanted if name in column
                },
                "texts": list(document.texts),
                "likely": {names[i]: round(float(row[i]), 4) for i in ranked[:LIKELY]},
            }
        )
    return found


def calibration_of(logits: np.ndarray, gold: np.ndarray, decision: Decision) -> dict[str, Any]:
    """Expected calibration error and the bins of the reliability diagram.

    Returns:
        "before" and "after" the temperature, each with ece and bins (count, confidence and
        accuracy of each bin that has a prediction).
    """
    return {
        name: _calibration(probabilities(logits, decision.kind, temperature), gold, decision.kind)
        for name, temperature in (("before", 1.0), ("after", decision.temperature))
    }


def _calibration(said: np.ndarray, gold: np.ndarray, kind: str) -> dict[str, Any]:
    said, right = decisions_of(said, gold, kind)
    found = reliability(said, right)
    bins = [
        {"count": int(count), "confidence": float(confidence), "accuracy": float(accuracy)}
        for count, confidence, accuracy in zip(*found.values(), strict=True)
        if count
    ]
    return {"ece": expected_calibration_error(said, right), "bins": bins}


def decisions_of(said: np.ndarray, gold: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """The single decisions that calibration looks at: probability (M,) and whether it was so (M,).

    Each label of each document for "multi-label", the most probable label of each document
    otherwise. NaN, of a diverged model, is left out.
    """
    gold = np.asarray(gold) > 0
    if kind != "multi-label":
        top = without_nan(said).argmax(axis=1)[:, None]
        said, gold = np.take_along_axis(said, top, 1), np.take_along_axis(gold, top, 1)
    finite = np.isfinite(said)
    return said[finite], gold[finite]
