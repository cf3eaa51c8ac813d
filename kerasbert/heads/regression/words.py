"""The intervals of a run of regression in words."""

from collections.abc import Mapping
from typing import Any

from kerasbert.figures import number, short


def interval_sentences(metrics: Mapping[str, Any]) -> str:
    """How wide the intervals of answers are, and how many right numbers they held.

    Args:
        metrics: what metrics.json holds, or `kerasbert evaluate` gives.
    """
    found = metrics.get("intervals")
    if not found:
        return ""
    wanted = f"{found['coverage']:.0%}"
    if found["half_widths"] is None:
        return f"Answers have no intervals: {found['reason']}."
    names = metrics.get("numbers") or [""] * len(found["half_widths"])
    widths = ", ".join(
        f"{name} ± {short(width)}" if len(names) > 1 else f"± {short(width)}"
        for name, width in zip(names, found["half_widths"], strict=True)
    )
    text = f"Intervals of {wanted}: {widths}, fitted on {found['fitted_on']}"
    for part, where in (("test", "test data"), ("data", "these documents")):
        held = number((metrics.get(part) or {}).get("coverage"))
        if held is not None:
            text += f"; on {where} they held {held:.1%}"
    return f"{text}."
