"""From probabilities to labels, and from labels to micro and macro F1.

Every figure equals scikit-learn's `f1_score(..., zero_division=0)` over all labels of the label
set, without needing scikit-learn. With N documents and K labels, `gold` is multi-hot (N, K).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasbert.errors import InputError


class LabelCounts(NamedTuple):
    """True positives, false positives and false negatives of each label, each (K,) int64."""

    tp: np.ndarray
    fp: np.ndarray
    fn: np.ndarray


def checked_probabilities(probabilities: np.ndarray) -> np.ndarray:
    """(N, K), with the lowest of all numbers in the place of NaN.

    Raises:
        InputError: another shape, or no label.
    """
    probabilities = without_nan(probabilities)
    if probabilities.ndim != 2 or probabilities.shape[1] == 0:
        raise InputError(
            "probabilities must have shape (documents, labels) with at least one label. "
            f"Received: {probabilities.shape}"
        )
    return probabilities


def reached_labels(
    probabilities: np.ndarray, threshold: float | np.ndarray = 0.5, *, fallback: bool = True
) -> np.ndarray:
    """The labels of each document that reach the threshold.

    Args:
        probabilities: (N, K) float, or any scores that rise with the probability; NaN counts as
            none at all.
        threshold: one for all labels, or (K,).
        fallback: whether the top label is taken when none reaches the threshold.

    Returns:
        (N, K) bool, with at least one label a document if there is a fallback.

    Raises:
        InputError: a wrong shape, or no label.
    """
    probabilities = checked_probabilities(probabilities)
    # A float64 array, not a Python float: numpy would round the latter to float32 beside float32
    # probabilities, and a fitted threshold would then mean two things in two places.
    limits = np.asarray(threshold, dtype=np.float64)
    if limits.shape not in ((), (probabilities.shape[1],)):
        raise InputError(
            f"threshold must be one number or one for each of the {probabilities.shape[1]} labels. "
            f"Received: shape {limits.shape}"
        )
    reached = probabilities >= np.atleast_1d(limits)  # numpy 1 would round a single one, too
    if not fallback:
        return reached
    return np.where(reached.any(axis=1, keepdims=True), reached, top_labels(probabilities))


def top_labels(probabilities: np.ndarray, count: int = 1) -> np.ndarray:
    """Return (N, K) bool, true at the highest values of each row; the first ones on a tie."""
    top = np.zeros(probabilities.shape, dtype=bool)
    if count == 1:  # no need to sort all labels
        chosen = probabilities.argmax(axis=1)[:, None]
    else:
        chosen = np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
    np.put_along_axis(top, chosen, True, axis=1)
    return top


def without_nan(probabilities: np.ndarray) -> np.ndarray:
    """Return the values with NaN as minus infinity, so that it never counts as the highest."""
    probabilities = np.asarray(probabilities)
    return np.where(np.isnan(probabilities), -np.inf, probabilities)


def label_counts(predicted: np.ndarray, gold: np.ndarray) -> LabelCounts:
    """Count hits and errors of each label.

    Args:
        predicted: (N, K) bool or 0/1.
        gold: (N, K) bool or 0/1.

    Raises:
        InputError: the shapes differ, or there is no document or no label.
    """
    predicted, gold = np.asarray(predicted) > 0, np.asarray(gold) > 0
    if predicted.shape != gold.shape or gold.ndim != 2:
        raise InputError(
            "predicted and gold must have one shape (documents, labels). "
            f"Received: {predicted.shape} and {gold.shape}"
        )
    if 0 in gold.shape:
        raise InputError(
            f"F1 needs at least one document and one label. Received: {gold.shape[0]} documents, "
            f"{gold.shape[1]} labels"
        )
    tp = (predicted & gold).sum(axis=0)
    return LabelCounts(tp, predicted.sum(axis=0) - tp, gold.sum(axis=0) - tp)


def f1_scores(predicted: np.ndarray, gold: np.ndarray, unseen: int = 0) -> dict[str, float | int]:
    """Micro and macro F1 over a whole split.

    Args:
        predicted: (N, K) bool or 0/1.
        gold: (N, K) bool or 0/1.
        unseen: gold labels of these documents that are outside the label set, each occurrence
            counted. No model could predict them: each is a miss in the micro figures.

    Returns:
        micro_f1, macro_f1, f1 (the mean of the two), micro_precision, micro_recall, and
        documents (N).

    Raises:
        InputError: the shapes differ, or there is no document or no label.
    """
    counts = label_counts(predicted, gold)
    tp, fp, fn = (int(count.sum()) for count in counts)
    fn += int(unseen)
    micro = _divide(2 * tp, 2 * tp + fp + fn)
    macro = f1_from_counts(*counts).mean()
    return {
        "micro_f1": float(micro),
        "macro_f1": float(macro),
        "f1": float((micro + macro) / 2),
        "micro_precision": float(_divide(tp, tp + fp)),
        "micro_recall": float(_divide(tp, tp + fn)),
        "documents": len(gold),
    }


def per_label(
    predicted: np.ndarray, gold: np.ndarray, labels: Sequence[str]
) -> list[dict[str, Any]]:
    """The figures of each label, in the order of the label set.

    Args:
        predicted: (N, K) bool or 0/1.
        gold: (N, K) bool or 0/1.
        labels: the K names.

    Returns:
        One dict a label: label, precision, recall, f1, support (documents that have it) and
        predicted (documents said to have it).

    Raises:
        InputError: the shapes differ, there is no document, or not K names.
    """
    tp, fp, fn = label_counts(predicted, gold)
    if len(labels) != len(tp):
        raise InputError(f"expected {len(tp)} label names. Received: {len(labels)}")
    columns = (_divide(tp, tp + fp), _divide(tp, tp + fn), f1_from_counts(tp, fp, fn))
    return [
        {
            "label": label,
            "precision": float(precision),
            "recall": float(recall),
            "f1": float(f1),
            "support": int(support),
            "predicted": int(said),
        }
        for label, precision, recall, f1, support, said in zip(
            labels, *columns, tp + fn, tp + fp, strict=True
        )
    ]


def f1_from_counts(tp: np.ndarray, fp: np.ndarray, fn: np.ndarray) -> np.ndarray:
    """F1 elementwise from counts of one shape; 0 where a label is neither gold nor predicted."""
    return _divide(2 * tp, 2 * tp + fp + fn)


def _divide(numerator: Any, denominator: Any) -> np.ndarray:
    """Divide elementwise; 0 / 0 is 0."""
    return numerator / np.maximum(denominator, 1)
