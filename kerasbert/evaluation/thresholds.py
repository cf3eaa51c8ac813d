"""The threshold that decides between labels, fitted on validation data, never on test."""

import numpy as np

from kerasbert.errors import InputError
from kerasbert.evaluation.f1 import f1_from_counts, without_nan

GRID = np.round(np.arange(0.02, 0.981, 0.01), 2)


def fit_threshold(
    probabilities: np.ndarray,
    gold: np.ndarray,
    unseen: int = 0,
    *,
    grid: np.ndarray = GRID,
    prefer: float = 0.5,
    fallback: bool = True,
) -> float:
    """Find the one threshold for all labels with the highest F1 (mean of micro and macro).

    Labels are chosen as `predict_labels(probabilities, "multi-label", threshold)` chooses them: a
    document that no label reaches gets its top label, unless `fallback` is off.

    Args:
        probabilities: (N, K) float.
        gold: (N, K) bool or 0/1.
        unseen: gold occurrences outside the label set, as in `f1_scores`.
        grid: (T,) float, the thresholds to try, in rising order; the default is 0.02 to 0.98.
            For decision scores, which aren't probabilities, give a grid of their own.
        prefer: among thresholds with equally high F1, take the one nearest to this.
        fallback: as in `predict_labels`.

    Raises:
        InputError: the shapes differ, or there is no document or no label.
    """
    probabilities, gold = without_nan(probabilities), np.asarray(gold) > 0
    if probabilities.shape != gold.shape or gold.ndim != 2 or 0 in gold.shape:
        raise InputError(
            "a threshold needs probabilities and gold of one shape (documents, labels), neither "
            f"of them 0. Received: {probabilities.shape} and {gold.shape}"
        )
    grid = np.asarray(grid, dtype=np.float64)
    scores = _f1_over_grid(probabilities, gold, int(unseen), grid, fallback)
    best = np.flatnonzero(scores >= scores.max() - 1e-12)
    return float(grid[best[np.abs(grid[best] - prefer).argmin()]])


def fit_label_thresholds(
    probabilities: np.ndarray,
    gold: np.ndarray,
    common: float,
    *,
    strength: float = 50.0,
    grid: np.ndarray = GRID,
) -> np.ndarray:
    """Find a threshold for each label, near the common one where a label is rare.

    A label's own best threshold (its F1 highest; the middle one of equals) counts as much as the
    label has documents, the common one as much as `strength` documents: with five documents a fit
    is mostly chance.

    Args:
        probabilities: (N, K) float.
        gold: (N, K) bool or 0/1.
        common: the threshold of all labels together, as `fit_threshold` finds it.
        strength: documents that the common threshold is worth.
        grid: (T,) float, the thresholds to try, in rising order.

    Returns:
        (K,) float64; `common` for a label without documents.
    """
    probabilities, gold = without_nan(probabilities), np.asarray(gold) > 0
    grid = np.asarray(grid, dtype=np.float64)
    reached = np.searchsorted(grid, probabilities, side="right")
    tp = _predicted_under(reached, gold, len(grid))
    fp = _predicted_under(reached, ~gold, len(grid))
    support = gold.sum(axis=0)
    scores = f1_from_counts(tp, fp, support[:, None] - tp)  # (K, T)
    best = scores >= scores.max(axis=1, keepdims=True) - 1e-12
    own = np.array([np.median(grid[row]) for row in best])
    return (support * own + strength * common) / (support + strength)


def _f1_over_grid(
    probabilities: np.ndarray, gold: np.ndarray, unseen: int, grid: np.ndarray, fallback: bool
) -> np.ndarray:
    """F1 at each of T thresholds, (T,), in one pass over the documents instead of T."""
    # A cell predicts its label under the first `reached` thresholds of the grid.
    reached = np.searchsorted(grid, probabilities, side="right")
    if fallback:
        # The top label of a row is predicted under every threshold: where it reaches it, and, the
        # others being lower, as the fallback where it doesn't.
        reached[np.arange(len(gold)), probabilities.argmax(axis=1)] = len(grid)
    tp = _predicted_under(reached, gold, len(grid))
    fp = _predicted_under(reached, ~gold, len(grid))
    fn = gold.sum(axis=0)[:, None] - tp
    hits = 2 * tp.sum(axis=0)
    micro = hits / np.maximum(hits + fp.sum(axis=0) + fn.sum(axis=0) + unseen, 1)
    return (micro + f1_from_counts(tp, fp, fn).mean(axis=0)) / 2


def _predicted_under(reached: np.ndarray, among: np.ndarray, steps: int) -> np.ndarray:
    """Count, among the cells marked true, those predicted: (K, T) for T thresholds."""
    labels = among.shape[1]
    _, columns = np.nonzero(among)
    cells = columns * (steps + 1) + reached[among]
    counts = np.bincount(cells, minlength=labels * (steps + 1)).reshape(labels, steps + 1)
    return counts[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
