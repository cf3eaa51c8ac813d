"""When a run says that a question has no answer, in words."""

from collections.abc import Mapping
from typing import Any


def threshold_sentence(metrics: Mapping[str, Any]) -> str:
    """How it was decided, and what was counted.

    Args:
        metrics: what metrics.json holds, or `kerasbert evaluate` gives.
    """
    unit = metrics.get("counted_by", "words")
    rules = "SQuAD's" if unit == "words" else "CMRC 2018's"
    text = f"Exact match and F1 by {unit}, as {rules} script counts them."
    known = metrics.get("no_answer") or {}
    if known.get("lack") is None:
        return f"{text} Every question gets an answer."
    return (
        f"{text} A question gets none where the score of no answer is more than"
        f" {known['lack']:.3g} above that of the best one, fitted on validation data."
    )
