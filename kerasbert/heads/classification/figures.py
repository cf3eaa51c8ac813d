"""What is told of the F1 of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerasbert.choices import KindName, Thresholds
from kerasbert.evaluation.comparison import Judged
from kerasbert.heads.classification.report import classification_sections
from kerasbert.heads.classification.words import decision_text, metrics_table, rule_sentences
from kerasbert.heads.figures import HeadFigures
from kerasbert.heads.verdict import rival_verdict, with_rival
from kerasbert.report.figures import Sections


class LabelFigures(HeadFigures):
    """The part of `Classification` that tells people what its figures are worth."""

    figures = ("micro_f1", "macro_f1", "f1")
    best = "f1"
    kind: KindName  # of the head
    thresholds: Thresholds

    @classmethod
    def table(cls, metrics: Mapping[str, Any]) -> list[list[Any]]:
        return with_rival(metrics_table(metrics), metrics, cls.best)

    @classmethod
    def title(cls, metrics: Mapping[str, Any]) -> str:
        return decision_text(metrics)

    @classmethod
    def verdict(cls, metrics: Mapping[str, Any], advice: str = "train longer") -> str:
        """As others have it; a share of N documents is uncertain by up to 0.5 / sqrt(N)."""
        part = metrics.get("test") or metrics["valid"]
        chance = 0.5 / part["documents"] ** 0.5
        return rival_verdict(metrics, cls.best, cls.mode, chance, advice)

    @classmethod
    def sentences(cls, metrics: Mapping[str, Any]) -> str:
        return rule_sentences(metrics)

    @classmethod
    def results(cls, scores: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [result | {"type": "f1"} for result in super().results(scores)]

    def sections(
        self,
        history: Sequence[Mapping[str, Any]],
        metrics: Mapping[str, Any],
        rows: Mapping[str, Sequence[Mapping[str, Any]]],
    ) -> Sections:
        return classification_sections(history, metrics, rows)

    def judged(self) -> Judged:
        limits = self.thresholds if self.kind == "multi-label" else "half"
        words = {"label": "fitted thresholds", "common": "fitted threshold", "half": ""}
        return Judged(fitted=words[limits])
