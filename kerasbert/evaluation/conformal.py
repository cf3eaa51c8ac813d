"""Intervals around predicted numbers: split-conformal ones."""

import math

import numpy as np


def half_width(errors: np.ndarray, coverage: float) -> float | None:
    """How far an interval reaches to either side of what is predicted.

    It holds the right number of a new document with probability `coverage` or more, if that is
    drawn as the documents of the errors were and the model has not learned from these.

    Args:
        errors: (N,) float, absolute ones.
        coverage: from 0 to 1.

    Returns:
        the ceil((N + 1) coverage)-th smallest error; None if N is too small, see `fewest`.

    Source: Lei et al. 2018, https://arxiv.org/abs/1604.04173, algorithm 2.
    """
    place = _place(len(errors), coverage)
    return float(np.sort(errors)[place - 1]) if 0 < place <= len(errors) else None


def fewest(coverage: float) -> int:
    """With how many documents there is an interval."""
    count = max(1, math.floor(coverage / (1 - coverage)))
    return count if _place(count, coverage) <= count else count + 1


def covered(gold: np.ndarray, predicted: np.ndarray, half: np.ndarray) -> float:
    """The share of the numbers (N, K) that lie in their intervals; half widths (K,)."""
    # Of the errors that the widths were fitted on, one is equal to it: rounding must not lose it.
    return float((np.abs(gold - predicted) <= half * (1 + 1e-9)).mean())


def _place(count: int, coverage: float) -> int:
    return math.ceil((count + 1) * coverage - 1e-9)
