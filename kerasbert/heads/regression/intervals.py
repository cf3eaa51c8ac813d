"""The decision of regression: how wide the interval around each number is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasbert.errors import InputError
from kerasbert.evaluation.conformal import covered, fewest, half_width
from kerasbert.evaluation.numbers import number_figures


@dataclass(frozen=True)
class Intervals:
    """Split-conformal intervals, fitted on all of the validation data.

    Attributes:
        coverage: the share of right numbers that they shall hold.
        half_widths: of the K numbers, in their own unit; None where there are too few documents.
        documents: of the validation data.
    """

    coverage: float
    half_widths: tuple[float, ...] | None
    documents: int

    @classmethod
    def fit(cls, gold: np.ndarray, predicted: np.ndarray, coverage: float) -> Intervals:
        """Of validation data (N, K)."""
        errors = np.abs(gold - predicted)
        found = [half_width(errors[:, k], coverage) for k in range(errors.shape[1])]
        known = tuple(width for width in found if width is not None and np.isfinite(width))
        return cls(coverage, known if len(known) == len(found) else None, len(gold))

    @property
    def reason(self) -> str:
        """Why there are none."""
        if self.documents == 0:
            return "the model came without intervals, and none were fitted here"
        if self.documents < fewest(self.coverage):
            return (
                f"{self.documents} validation documents are too few for intervals of coverage"
                f" {self.coverage:g}: {fewest(self.coverage)} are needed"
            )
        return "the model's outputs are no finite numbers"

    def figures(self, gold: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
        """The coverage on documents (N, K)."""
        if self.half_widths is None:
            return {"coverage": None, "coverage_reason": self.reason}
        if not np.isfinite(predicted).all():
            return {
                "coverage": None,
                "coverage_reason": number_figures(gold, predicted)["mae_reason"],
            }
        return {"coverage": covered(gold, predicted, np.array(self.half_widths))}

    def to_json(self) -> dict[str, Any]:
        """For metrics.json."""
        found: dict[str, Any] = {
            "coverage": self.coverage,
            "half_widths": self.half_widths,
            "documents": self.documents,
            "fitted_on": "all of the validation data",
        }
        return found | ({"reason": self.reason} if self.half_widths is None else {})

    @classmethod
    def of_metrics(cls, metrics: Mapping[str, Any], numbers: int) -> Intervals:
        """Those of a run.

        Raises:
            InputError: metrics.json has none, or of other numbers.
        """
        try:
            found = metrics["intervals"]
            widths = found["half_widths"]
            made = cls(found["coverage"], widths and tuple(widths), found["documents"])
        except (KeyError, TypeError):
            raise InputError(
                "metrics.json holds no intervals, as a run of regression has them."
            ) from None
        if made.half_widths is not None and len(made.half_widths) != numbers:
            raise InputError(
                f"metrics.json has {len(made.half_widths)} intervals for {numbers} numbers. Both "
                "must come from one run."
            )
        return made
