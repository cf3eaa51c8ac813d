"""What scikit-learn calls y where it is numbers, and how they stand in files."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasbert.text.cells import described


def numbers_of_y(y: Any, columns: tuple[int, ...] | None = None) -> np.ndarray:
    """(N,) or (N, K) float64.

    Args:
        y: a list, an array, a Series or a table of numbers.
        columns: () or (K,), the shape that a row must have, as in fit.

    Raises:
        ValueError: something is no finite number, or the shape does not fit.
    """
    if y is None:
        raise ValueError(
            "fit requires y to be passed, but the target y is None: expected a number for each"
            " text, or several."
        )
    if hasattr(y, "to_numpy"):  # of pandas and polars
        y = y.to_numpy()
    try:
        values = np.asarray(y)
    except ValueError:
        raise ValueError(
            "y: expected as many numbers for each text. Received: uneven rows"
        ) from None
    if values.ndim not in (1, 2) or 0 in values.shape:
        raise ValueError(
            f"y: expected a number for each text (N,), or several (N, K). Received: shape"
            f" {values.shape}"
        )
    if columns is not None and values.shape[1:] != columns:
        raise ValueError(
            f"y: expected {(len(values), *columns)}, as in fit. Received: shape {values.shape}"
        )
    for value in values.reshape(-1).tolist() if values.dtype.kind not in "iuf" else ():
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            raise ValueError(f"y: expected numbers. Received: {described(value)}")
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        where = tuple(np.argwhere(~np.isfinite(values))[0].tolist())
        what = "NaN or None" if np.isnan(values[where]) else "infinity"
        raise ValueError(f"Input y contains {what}: y[{where[0]}] has no number.")
    return values


def labels_of(numbers: np.ndarray) -> list[tuple[str, ...]]:
    """As they stand in files: each is read back to the bit."""
    return [tuple(map(repr, np.atleast_1d(row).tolist())) for row in numbers]
