"""Do probabilities mean what they say? Their error, and one temperature that mends most of it."""

from collections.abc import Iterator

import numpy as np

from kerasbert.errors import InputError

BINS = 15
PIECE = 1 << 22  # scores that `fit_line` looks at together


def reliability(
    probabilities: np.ndarray, right: np.ndarray, bins: int = BINS
) -> dict[str, np.ndarray]:
    """Sort predictions by their probability, and see how often those of a bin were right.

    Args:
        probabilities: (M,) float in [0, 1], of single decisions: of each label of each document for
            multi-label data, of the predicted label of each document otherwise.
        right: (M,) bool, whether it was so.
        bins: of equal width.

    Returns:
        count (bins,), confidence (bins,), the mean probability, and accuracy (bins,), the share
        that was right; NaN in a bin without a prediction.
    """
    probabilities, right = np.asarray(probabilities, np.float64), np.asarray(right) > 0
    if probabilities.shape != right.shape or probabilities.ndim != 1:
        raise InputError(
            "probabilities and outcomes must have one shape (predictions,). "
            f"Received: {probabilities.shape} and {right.shape}"
        )
    index = np.minimum((probabilities * bins).astype(int), bins - 1)
    count = np.bincount(index, minlength=bins)
    with np.errstate(invalid="ignore"):
        return {
            "count": count,
            "confidence": np.bincount(index, probabilities, minlength=bins) / count,
            "accuracy": np.bincount(index, right, minlength=bins) / count,
        }


def expected_calibration_error(
    probabilities: np.ndarray, right: np.ndarray, bins: int = BINS
) -> float:
    """The mean distance of probability and outcome, bin by bin, weighted by the bins' counts.

    Source: Guo et al. 2017, https://arxiv.org/abs/1706.04599, equation 3.
    """
    found = reliability(probabilities, right, bins)
    filled = found["count"] > 0
    if not filled.any():
        return 0.0
    gaps = np.abs(found["confidence"] - found["accuracy"])[filled]
    return float((gaps * found["count"][filled]).sum() / found["count"].sum())


def fit_temperature(logits: np.ndarray, gold: np.ndarray, exclusive: bool) -> float:
    """The number that logits are to be divided by for the lowest loss on these documents.

    It never changes which label is the most probable one.

    Args:
        logits: (N, K) float.
        gold: (N, K) bool or 0/1; documents without a label are left out if labels are exclusive.
        exclusive: one softmax over all labels; otherwise a sigmoid for each label.

    Returns:
        A temperature from 0.05 to 20; 1 where there is nothing to fit on.

    Source: Guo et al. 2017, https://arxiv.org/abs/1706.04599, section 4.2, "Temperature scaling".
    """
    logits, gold = np.asarray(logits, np.float64), np.asarray(gold) > 0
    if exclusive:
        known = gold.any(axis=1)
        logits, gold = logits[known], gold[known]
    if not len(logits) or not np.isfinite(logits).all():
        return 1.0

    def nats(log_temperature: float) -> float:
        x = logits / np.exp(log_temperature)
        if not exclusive:
            return float((np.logaddexp(0, x) - x * gold).mean())
        top = x.max(axis=1, keepdims=True)
        log_sum = top[:, 0] + np.log(np.exp(x - top).sum(axis=1))
        return float((log_sum - x[gold]).mean())

    # The loss is convex in 1 / T, so it has one minimum: golden-section search finds it.
    low, high = np.log(0.05), np.log(20.0)
    ratio = (np.sqrt(5) - 1) / 2
    inner, outer = high - ratio * (high - low), low + ratio * (high - low)
    inner_nats, outer_nats = nats(inner), nats(outer)
    while high - low > 1e-4:
        if inner_nats <= outer_nats:
            high, outer, outer_nats = outer, inner, inner_nats
            inner = high - ratio * (high - low)
            inner_nats = nats(inner)
        else:
            low, inner, inner_nats = inner, outer, outer_nats
            outer = low + ratio * (high - low)
            outer_nats = nats(outer)
    return float(np.exp((low + high) / 2))


def fit_line(scores: np.ndarray, gold: np.ndarray) -> tuple[float, float]:
    """Slope and offset of the line that turns scores, such as an SVM's margins, into logits.

    One line for all labels, for the lowest loss on these documents; the targets are moved a little
    away from 0 and 1, so that it stays finite where the scores part them without an error.

    Args:
        scores: (N, K) float.
        gold: (N, K) bool or 0/1.

    Source: Platt 1999, "Probabilistic Outputs for Support Vector Machines", section 2.2.
    """
    score, right = np.asarray(scores).ravel(), np.asarray(gold).ravel() > 0
    count = right.sum()
    high, low = (count + 1) / (count + 2), 1 / (len(right) - count + 2)

    def pieces() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Scores beside ones (2, n), and targets (n,): float64 of all at once would be much."""
        for start in range(0, len(score), PIECE):
            x = score[start : start + PIECE].astype(np.float64)
            yield np.stack([x, np.ones_like(x)]), np.where(right[start : start + PIECE], high, low)

    def nats(line: np.ndarray) -> float:
        parts = ((line @ x, target) for x, target in pieces())
        return sum(float((np.logaddexp(0, x) - target * x).sum()) for x, target in parts)

    share = sum(target.sum() for _, target in pieces()) / len(right)
    line = np.array([0.0, np.log(share / (1 - share))])
    for _ in range(100):  # Newton's method; a step that overshoots is halved
        curvature, slope = np.zeros((2, 2)), np.zeros(2)
        for x, target in pieces():
            p = 1 / (1 + np.exp(-(line @ x)))
            curvature += (x * (p * (1 - p))) @ x.T
            slope += x @ (p - target)
        step = np.linalg.solve(curvature + 1e-9 * np.eye(2), slope)
        now = nats(line)
        while nats(line - step) > now and np.abs(step).max() > 1e-9:
            step /= 2
        line = line - step
        if np.abs(step).max() < 1e-7:
            break
    return float(line[0]), float(line[1])
