"""Precision and recall at every threshold, in as many points as an eye can follow."""

import numpy as np

Point = tuple[float, int, int]  # threshold, hits, wrongly predicted


def threshold_points(
    said: np.ndarray, gold: np.ndarray, most: int = 100, also: float | None = None
) -> tuple[list[Point], int]:
    """What is found when all that reaches a threshold is predicted, from the highest threshold on.

    Each point is exact; of many thresholds some are left out, so that the points are spread over
    the hits and, beyond, over the number of predictions.

    Args:
        said: (N,) float, probabilities; NaN reaches no threshold.
        gold: (N,) bool or 0/1.
        most: the most points.
        also: a threshold that has a point in any case; the one whose F1 is highest unless given.

    Returns:
        the points, each (threshold, hits, wrongly predicted), and the number of that of `also`.
    """
    said, gold = np.asarray(said, np.float64), np.asarray(gold) > 0
    order = np.argsort(-said[~np.isnan(said)], kind="stable")
    said, right = said[~np.isnan(said)][order], gold[~np.isnan(said)][order]
    if not len(said):
        return [], 0
    ends = np.flatnonzero(np.append(said[1:] != said[:-1], True))  # the last of equal ones
    hits, limits = np.cumsum(right)[ends], said[ends]
    predicted = ends + 1
    kept = np.arange(len(ends))
    if len(ends) > most:
        by_hits = np.searchsorted(hits, np.linspace(hits[0], hits[-1], most // 2))
        by_count = np.searchsorted(predicted, np.geomspace(1, predicted[-1], most // 2))
        kept = np.unique(
            np.concatenate([by_hits, by_count, [0, len(ends) - 1]]).clip(0, len(ends) - 1)
        )
    found = [
        (float(limits[at]), int(hits[at]), int(predicted[at] - hits[at])) for at in kept.tolist()
    ]
    if also is None:
        f1 = [2 * tp / (tp + fp + max(int(gold.sum()), 1)) for _, tp, fp in found]
        return found, int(np.argmax(f1))
    count = int((said >= also).sum())
    tp = int(right[:count].sum())
    at = sum(limit > also for limit, _, _ in found)
    found.insert(at, (float(also), tp, count - tp))
    return found, at
