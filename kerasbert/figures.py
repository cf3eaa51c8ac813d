"""Figures, as they are read and as they are shown."""

import math
from typing import Any


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
