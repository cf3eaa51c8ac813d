"""The losses of regression on NumPy, for figures."""

import numpy as np

from kerasbert.choices import NumberLoss


def mean_loss(name: NumberLoss, targets: np.ndarray, outputs: np.ndarray) -> float:
    """What `build_loss` gives of targets (N, K) and outputs (N, K)."""
    error = np.abs(np.asarray(outputs, np.float64) - targets)
    if name == "squared":
        error = error**2
    elif name == "huber":
        error = np.where(error <= 1, error**2 / 2, error - 0.5)
    return float(error.mean())
