"""How the cheap rival of a run did, where one was tried."""

from collections.abc import Mapping
from typing import Any

from kerasbert.figures import number
from kerasbert.report.charts import Series

# The parts of labelled data, as people call them.
NAMES = {"valid": "validation", "test": "test", "data": "evaluated"}


def rival_rows(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Its figures of each part, for the table of figures; empty where there is none."""
    rival = metrics.get("rival") or {}
    return [
        {**rival[split], "data": f"{name}, {rival['name']}"}
        for split, name in NAMES.items()
        if rival.get(split)
    ]


def rival_line(metrics: Mapping[str, Any], figure: str, epochs: int) -> list[Series]:
    """A level line in a chart of validation data by epoch."""
    rival = metrics.get("rival") or {}
    height = number((rival.get("valid") or {}).get(figure))
    if height is None or not epochs:
        return []
    ends = [(1.0, height), (float(epochs), height)]
    return [Series(str(rival["name"]), ends, "dashed", color=3)]


def rival_text(metrics: Mapping[str, Any]) -> str:
    """What it took, or why there is none; empty where none was asked for."""
    if "rival" not in metrics:
        return ""
    rival = metrics["rival"]
    if rival is None:
        reason = metrics.get("rival_reason")
        return f"No rival beside it: {reason}" if reason else ""
    seconds = number(rival.get("seconds"))
    took = f", trained in {seconds:.1f} s" if seconds is not None else ""
    return f"{rival['name']}{took}: what one would use instead, on the same documents."
