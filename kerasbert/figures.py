"""Figures, as they are read and as they are shown."""

import math
from typing import Any

FIGURE_NAMES = {
    **{"f1": "F1", "micro_f1": "micro F1", "macro_f1": "macro F1", "entity_f1": "entity F1"},
    **{"pearson": "Pearson", "spearman": "Spearman", "mae": "MAE", "rmse": "RMSE", "r2": "R²"},
}


def figure_name(name: str) -> str:
    """A figure as people write it: "micro F1", "MAE", "val loss"."""
    return FIGURE_NAMES.get(name) or name.replace("_", " ")


def counted(count: float, what: str) -> str:
    """A number with its noun, "1 minute", "1,000 epochs".

    Args:
        count: how many.
        what: the noun in the singular, which takes an s.
    """
    return f"{short(count)} {what}{'' if count == 1 else 's'}"


def number(value: Any) -> float | None:
    """The value as a finite float; None for whatever isn't one."""
    try:
        value = float(value)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def short(value: float) -> str:
    """A number for the eye: 12,000, 0.0132, 3."""
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def cell(value: Any, name: str = "") -> str:
    """What stands in a table: as many decimals in a column, none of them a machine's.

    Args:
        value: of any kind; what is not a number is its text.
        name: of the figure; seconds have one decimal, epochs two unless they are whole.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if name == "epoch":
        return f"{value:.2f}"
    if name.endswith("seconds"):
        return f"{value:,.1f}"
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:,.0f}"
