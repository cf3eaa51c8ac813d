"""How logits become labels: what a fine-tuning run saves, and whatever predicts with it honours."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np

from kerasbert.errors import InputError
from kerasbert.evaluation.calibration import fit_temperature
from kerasbert.evaluation.f1 import predict_labels
from kerasbert.evaluation.scores import probabilities
from kerasbert.evaluation.thresholds import fit_label_thresholds, fit_threshold

Rule = Literal["at-least-one", "threshold", "top-k"]
Thresholds = Literal["common", "label", "half"]


@dataclass(frozen=True)
class Decision:
    """Temperature, thresholds and rule of a classifier.

    Attributes:
        kind: "multi-label", "multi-class" or "binary"; the last two take the most probable label.
        rule: for "multi-label": every label that reaches its threshold and, where none does, the
            most probable one ("at-least-one") or none ("threshold"); or the `top_k` most probable.
        threshold: of the probability; one for all labels, or one for each.
        temperature: what logits are divided by before they become probabilities.
        top_k: for the rule "top-k".
    """

    kind: str
    rule: Rule = "at-least-one"
    threshold: float | tuple[float, ...] = 0.5
    temperature: float = 1.0
    top_k: int | None = None

    @property
    def common(self) -> float:
        """The threshold, or the mean of those of all labels."""
        return float(np.mean(self.threshold))

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """(N, K) float32, of logits (N, K)."""
        return probabilities(logits, self.kind, self.temperature)

    def choose(self, probabilities: np.ndarray) -> np.ndarray:
        """(N, K) bool, of probabilities (N, K)."""
        return predict_labels(
            probabilities,
            self.kind,
            np.asarray(self.threshold),
            fallback=self.rule != "threshold",
            top_k=self.top_k if self.rule == "top-k" else None,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values, for metrics.json."""
        return {name: value for name, value in asdict(self).items() if name != "kind"}

    @classmethod
    def of_metrics(cls, metrics: Mapping[str, Any], kind: str) -> "Decision":
        """That of a run's metrics.json; runs of version 0.1.0 have a threshold alone.

        Raises:
            InputError: there is neither, or it is no decision.
        """
        try:
            saved = dict(metrics.get("decision") or {"threshold": metrics["threshold"]})
            if isinstance(saved["threshold"], list):
                saved["threshold"] = tuple(float(limit) for limit in saved["threshold"])
            decision = cls(kind, **saved)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"metrics.json: 'decision' cannot be read ({error!r}).") from error
        if decision.rule not in get_args(Rule) or not decision.temperature > 0:
            raise InputError(f"metrics.json: 'decision' cannot be read. Received: {saved}")
        return decision


def fit_decision(
    logits: np.ndarray,
    gold: np.ndarray,
    kind: str,
    *,
    unseen: int = 0,
    thresholds: Thresholds = "label",
    rule: Rule = "at-least-one",
    top_k: int | None = None,
) -> Decision:
    """Fit temperature, then thresholds, on validation data.

    Args:
        logits: (N, K) float.
        gold: (N, K) bool or 0/1.
        kind: "multi-label", "multi-class" or "binary".
        unseen: gold occurrences outside the label set, as in `f1_scores`.
        thresholds: one for all labels, one for each, or one half.
        rule: see `Decision`; only "multi-label" has a choice.
        top_k: for the rule "top-k".
    """
    temperature = fit_temperature(logits, gold, kind)
    if kind != "multi-label":
        return Decision(kind, temperature=temperature)
    if rule == "top-k":
        return Decision(kind, rule, temperature=temperature, top_k=top_k)
    if thresholds == "half":
        return Decision(kind, rule, temperature=temperature)
    said = probabilities(logits, kind, temperature)
    common = fit_threshold(said, gold, unseen, fallback=rule == "at-least-one")
    if thresholds == "common":
        return Decision(kind, rule, common, temperature)
    limits = fit_label_thresholds(said, gold, common)
    return Decision(kind, rule, tuple(float(limit) for limit in limits), temperature)
