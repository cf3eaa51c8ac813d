"""Numbers and their intervals as JSON values."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasbert.heads.regression.intervals import Intervals


def number_answers(
    outputs: np.ndarray, decision: Intervals | None, names: Sequence[str]
) -> list[dict[str, Any]]:
    """ "value" and "interval" of each document; of several numbers by their names.

    Args:
        outputs: (N, K) float, in their own unit.
        decision: how wide the intervals are.
        names: of the K numbers.
    """
    known = decision.half_widths if decision is not None else None
    widths: Sequence[float | None] = known or (None,) * len(names)
    answers = []
    for row in outputs.tolist():
        found = {
            name: _answer(value, width, decision)
            for name, value, width in zip(names, row, widths, strict=True)
        }
        answers.append(found if len(names) > 1 else found[names[0]])
    return answers


def _answer(value: float, width: float | None, decision: Intervals | None) -> dict[str, Any]:
    if not np.isfinite(value):
        why = "the model's outputs are no finite numbers"
        return {"value": None, "value_reason": why, "interval": None, "interval_reason": why}
    answer: dict[str, Any] = {"value": _rounded(value)}
    if width is not None:
        return answer | {"interval": [_rounded(value - width), _rounded(value + width)]}
    why = decision.reason if decision is not None else "none was fitted"
    return answer | {"interval": None, "interval_reason": why}


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
