"""How logits become labels: what a fine-tuning run saves, and whatever predicts with it honours."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, get_args

import numpy as np

from kerasbert.choices import RuleName, Thresholds
from kerasbert.errors import InputError
from kerasbert.evaluation.calibration import fit_temperature
from kerasbert.evaluation.f1 import (
    checked_probabilities,
    f1_scores,
    reached_labels,
    top_labels,
)
from kerasbert.evaluation.thresholds import fit_label_thresholds, fit_threshold
from kerasbert.heads.classification.kinds import KINDS
from kerasbert.heads.classification.rule import choose_rule
from kerasbert.heads.classification.scores import probabilities


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
        why: the reason for the rule, in a few words; empty where nobody wrote it down.
    """

    kind: str
    rule: RuleName = "at-least-one"
    threshold: float | tuple[float, ...] = 0.5
    temperature: float = 1.0
    top_k: int | None = None
    why: str = field(default="", compare=False)

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

    def at_half(self) -> "Decision":
        """The same rule at threshold 0.5, for a run that did not save one of its own for it."""
        return replace(self, threshold=0.5, temperature=1.0)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for metrics.json."""
        values = {name: value for name, value in asdict(self).items() if name != "kind"}
        if isinstance(self.threshold, tuple):
            values["threshold"] = list(self.threshold)  # as it will be read again
        return values

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
        if decision.rule not in get_args(RuleName) or not decision.temperature > 0:
            raise InputError(f"metrics.json: 'decision' cannot be read. Received: {saved}")
        return decision


def predict_labels(
    probabilities: np.ndarray,
    kind: str,
    threshold: float | np.ndarray = 0.5,
    *,
    fallback: bool = True,
    top_k: int | None = None,
) -> np.ndarray:
    """Choose the labels of each document.

    Args:
        probabilities: (N, K) float, or any scores that rise with the probability. NaN, which a
            diverged model yields, counts as no probability at all.
        kind: "multi-label" takes every label that reaches the threshold, or the top one when none
            does; "multi-class" and "binary" take the top label.
        threshold: for "multi-label", one for all labels, or (K,).
        fallback: for "multi-label", whether the top label is taken when none reaches the threshold.
        top_k: for "multi-label", take so many of the highest instead, whatever the threshold.

    Returns:
        (N, K) bool, with at least one label a document if there is a fallback.

    Raises:
        InputError: an unknown kind, a wrong shape, or no label.
    """
    if kind not in KINDS:
        raise InputError(f"kind must be one of {', '.join(KINDS)}. Received: {kind!r}")
    probabilities = checked_probabilities(probabilities)
    if kind != "multi-label":
        return top_labels(probabilities)
    if top_k is not None:
        return top_labels(probabilities, top_k)
    return reached_labels(probabilities, threshold, fallback=fallback)


def fit_decision(
    logits: np.ndarray,
    gold: np.ndarray,
    kind: str,
    *,
    unseen: int = 0,
    thresholds: Thresholds = "label",
    rule: RuleName | None = None,
    top_k: int | None = None,
) -> Decision:
    """Fit temperature, then thresholds and rule, on validation data.

    Args:
        logits: (N, K) float.
        gold: (N, K) bool or 0/1.
        kind: "multi-label", "multi-class" or "binary".
        unseen: gold occurrences outside the label set, as in `f1_scores`.
        thresholds: one for all labels, one for each, or one half.
        rule: see `Decision`; what these documents prefer (`choose_rule`) unless given. Only
            "multi-label" has a choice.
        top_k: for the rule "top-k".
    """
    temperature = fit_temperature(logits, gold, exclusive=kind != "multi-label")
    return _fit(
        logits, gold, Decision(kind, temperature=temperature), unseen, thresholds, rule, top_k
    )


def decision_at_half(
    logits: np.ndarray,
    gold: np.ndarray,
    kind: str,
    *,
    unseen: int = 0,
    rule: RuleName | None = None,
    top_k: int | None = None,
) -> Decision:
    """Threshold 0.5 under the rule that validation data prefers there, or the given one.

    What history.csv, the best epoch and every figure called "at half" follow. Arguments as in
    `fit_decision`.
    """
    return _fit(logits, gold, Decision(kind), unseen, "half", rule, top_k)


def _fit(
    logits: np.ndarray,
    gold: np.ndarray,
    begun: Decision,
    unseen: int,
    thresholds: Thresholds,
    rule: RuleName | None,
    top_k: int | None,
) -> Decision:
    """`begun` with rule and thresholds."""
    if begun.kind != "multi-label":
        return begun
    said = begun.probabilities(logits)

    def under(rule: RuleName) -> Decision:
        if rule == "top-k":
            return replace(begun, rule=rule, top_k=top_k)
        if thresholds == "half":
            return replace(begun, rule=rule)
        common = fit_threshold(said, gold, unseen, fallback=rule == "at-least-one")
        if thresholds == "common":
            return replace(begun, rule=rule, threshold=common)
        limits = fit_label_thresholds(said, gold, common)
        return replace(begun, rule=rule, threshold=tuple(float(limit) for limit in limits))

    def score(rule: RuleName) -> float:
        return f1_scores(under(rule).choose(said), gold, unseen)["f1"]

    chosen, why = choose_rule(gold, score, rule)
    return replace(under(chosen), why=why)
