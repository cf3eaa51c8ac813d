"""Figures of predicted numbers: correlations and errors, as SciPy and scikit-learn count them.

A figure that cannot be computed is NaN here, and why stands in `reasons`: JSON says null and the
reason.
"""

from collections.abc import Sequence

import numpy as np

FIGURES = ("pearson", "spearman", "mae", "rmse", "r2")
_OF_VARIATION = ("pearson", "spearman", "r2")


def number_figures(gold: np.ndarray, predicted: np.ndarray) -> dict[str, float | str]:
    """The figures of K predicted numbers, each the mean of those of the numbers.

    Pearson's correlation, Spearman's (that of the ranks; equal values share the mean of theirs),
    the mean absolute error, the root of the mean squared one, and the share of the variance that
    is explained, 1 - sum of squared errors / sum of squares around the mean.

    Args:
        gold: (N, K) float, what is right.
        predicted: (N, K) float.

    Returns:
        each of `FIGURES`; NaN, with NAME_reason beside, where it is not defined: with one
        document, equal numbers in the gold or (for correlations) in the predictions, or outputs
        that are no finite numbers.

    Sources: `pearsonr` and `spearmanr` of scipy.stats; `mean_absolute_error`,
    `root_mean_squared_error` and `r2_score(force_finite=False)` of scikit-learn, multioutput
    "uniform_average".
    """
    gold, predicted = np.asarray(gold, np.float64), np.asarray(predicted, np.float64)
    columns = [_of_one(gold[:, k], predicted[:, k]) for k in range(gold.shape[1])]
    figures: dict[str, float | str] = {}
    for name in FIGURES:
        figures[name] = float(np.mean([values[name] for values, _ in columns]))
        why = [reasons[name] for _, reasons in columns if name in reasons]
        if why:
            figures[f"{name}_reason"] = why[0]
    return figures


def figures_of_each(
    gold: np.ndarray, predicted: np.ndarray, names: Sequence[str]
) -> dict[str, dict[str, float | str]]:
    """`number_figures` of each of K numbers, by name."""
    return {name: number_figures(gold[:, [k]], predicted[:, [k]]) for k, name in enumerate(names)}


def ranks(values: np.ndarray) -> np.ndarray:
    """(N,) float, from 1; equal values share the mean of their ranks."""
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[group.reshape(-1)]


def pearson(one: np.ndarray, other: np.ndarray) -> float:
    """The correlation of two (N,) floats, neither of which is constant."""
    one, other = one - one.mean(), other - other.mean()
    one, other = one / np.abs(one).max(), other / np.abs(other).max()  # squares stay in range
    found = float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))
    return min(1.0, max(-1.0, found))


def _of_one(gold: np.ndarray, predicted: np.ndarray) -> tuple[dict[str, float], dict[str, str]]:
    nothing = dict.fromkeys(FIGURES, float("nan"))
    if not np.isfinite(predicted).all():
        return nothing, dict.fromkeys(FIGURES, "the model's outputs are no finite numbers")
    error = predicted - gold
    values = nothing | {
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
    }
    if len(gold) < 2:
        return values, dict.fromkeys(_OF_VARIATION, "one document does not vary")
    if np.ptp(gold) == 0:
        return values, dict.fromkeys(_OF_VARIATION, "all documents have the same number")
    values["r2"] = float(1 - (error**2).sum() / ((gold - gold.mean()) ** 2).sum())
    if np.ptp(predicted) == 0:
        why = "the same number was predicted for all documents"
        return values, dict.fromkeys(("pearson", "spearman"), why)
    values["pearson"] = pearson(gold, predicted)
    values["spearman"] = pearson(ranks(gold), ranks(predicted))
    return values, {}
