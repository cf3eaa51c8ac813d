"""How a classifier answers, and what it finds doubtful in labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from kerasbert.choices import KindName
from kerasbert.heads.classification.answers import (
    check_threshold,
    label_answers,
    label_cells,
    next_answer,
)
from kerasbert.heads.classification.decision import Decision
from kerasbert.heads.classification.scores import log_odds
from kerasbert.heads.head import Head
from kerasbert.heads.public_layer import PublicLayer, output_names
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.labels import LabelSet


class LabelAnswers(Head):
    """The part of `Classification` that makes answers of its outputs."""

    options = ("top_k", "threshold", "labels_only")
    labels: LabelSet
    kind: KindName

    def answers(
        self, outputs: np.ndarray, decision: Decision | None = None, **options: Any
    ) -> list[dict[str, Any]]:
        """ "labels" and "scores" of each document; `options` are those of `label_answers`."""
        decision = decision or Decision(self.kind)
        said = decision.probabilities(outputs)
        return label_answers(said, decision, self.labels.names, **options)

    def check_options(self, options: Mapping[str, Any]) -> None:
        super().check_options(options)
        check_threshold(self.kind, options)

    def empty_answer(self, labels_only: bool = False, **options: Any) -> dict[str, Any]:
        return {"labels": []} if labels_only else {"labels": [], "scores": {}}

    def cells(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """The labels in one cell, and the score of each label in one of its own."""
        return label_cells(answer, self.labels.names)

    def evidence(
        self, outputs: np.ndarray, decision: Decision, answer: Mapping[str, Any]
    ) -> dict[str, np.ndarray]:
        """The log-odds of each label of the answer, in nats."""
        logits = outputs / decision.temperature
        return {
            name: log_odds(logits, self.labels.names.index(name), self.kind)
            for name in answer["labels"]
        }

    def runner_up(
        self, outputs: np.ndarray, decision: Decision, answer: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The most probable label that is no part of the answer."""
        return next_answer(decision.probabilities(outputs)[0], answer, self.labels.names)

    def public_layer(self) -> PublicLayer:
        several = self.kind == "multi-label"
        return PublicLayer(
            "classifier",
            "logits",
            "",
            {
                **output_names(self.labels.names),
                "problem_type": f"{'multi' if several else 'single'}_label_classification",
            },
            "How logits become labels: temperature and thresholds are in kerasbert.json.",
        )

    @classmethod
    def doubts(
        cls,
        documents: Sequence[LabeledDocument],
        progress: Callable[[int], None] = lambda done: None,
    ) -> dict[str, Any]:
        from kerasbert.heads.classification.doubts import doubtful_labels

        return doubtful_labels(documents, progress)
