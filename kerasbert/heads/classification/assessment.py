"""What a classifier is worth: its figures by two decisions, and where it goes wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasbert.evaluation.f1 import f1_scores
from kerasbert.heads.classification.analysis import (
    calibration_of,
    confused_pairs,
    hardest,
    label_rows,
)
from kerasbert.heads.classification.browse import browse
from kerasbert.heads.classification.decision import Decision
from kerasbert.heads.classification.scores import mean_loss
from kerasbert.heads.head import Assessed
from kerasbert.text.documents import LabeledDocument


def score_labels(
    logits: np.ndarray, gold: np.ndarray, unseen: int, decision: Decision
) -> dict[str, Any]:
    """Loss and F1.

    Args:
        logits: (N, K) float.
        gold: (N, K) bool or 0/1.
        unseen: gold occurrences outside the label set, as in `f1_scores`.
        decision: how logits become labels.

    Returns:
        loss, with loss_reason where it is no number, and the figures of `f1_scores`.
    """
    predicted = decision.choose(decision.probabilities(logits))
    scores: dict[str, Any] = {"loss": mean_loss(logits, gold, decision.kind)}
    if not np.isfinite(scores["loss"]):
        scores["loss_reason"] = (
            "no document has a label that the training data has"
            if np.isfinite(logits).all()
            else "the model's outputs are no finite numbers"
        )
    return scores | f1_scores(predicted, gold, unseen)


def evaluate_labels(
    logits: np.ndarray, data: Any, decision: Decision, half: Decision
) -> dict[str, Any]:
    """The figures of `kerasbert evaluate`.

    Args:
        logits: (N, K) float.
        data: the `LabeledBatches`.
        decision: that of the run.
        half: the one at threshold 0.5.
    """
    return {
        "data": score_labels(logits, data.gold, data.unseen, decision),
        "at_half": {
            "data": score_labels(logits, data.gold, data.unseen, half),
            "decision": half.to_json(),
        },
        "threshold": decision.common,
        "decision": decision.to_json(),
        "calibration": {"data": calibration_of(logits, data.gold, decision)},
        "kind": decision.kind,
    }


def assess(
    logits: Mapping[str, np.ndarray],
    data: Mapping[str, Any],
    documents: Sequence[LabeledDocument],
    names: Sequence[str],
    decision: Decision,
    half: Decision,
) -> Assessed:
    """Judge the best model of a run.

    Args:
        logits: (N, K) of "valid" and, where there is one, "test".
        data: the `LabeledBatches`, "train" among them.
        documents: of "valid".
        names: the K labels.
        decision: fitted on "valid".
        half: the one at threshold 0.5.

    Returns:
        for metrics.json the figures of each split by the decision, and the decision; both again
        under "at_half"; calibration, confused pairs, and the documents of "valid" with the highest
        loss. The rows are "labels", those of labels.tsv, and what `browse` gives of "valid".
    """

    def scores(by: Decision) -> dict[str, Any]:
        return {
            name: score_labels(found, data[name].gold, data[name].unseen, by)
            for name, found in logits.items()
        }

    chosen = {
        name: (decision.choose(decision.probabilities(found)), data[name].gold)
        for name, found in logits.items()
    }
    counts = (data["train"].gold > 0).sum(axis=0)
    worst = hardest(logits["valid"], data["valid"].gold, decision, documents, names)
    figures: dict[str, Any] = {
        **scores(decision),
        "at_half": {**scores(half), "decision": half.to_json()},
        "threshold": decision.common,
        "decision": decision.to_json(),
        "calibration": {
            "temperature": decision.temperature,
            **{
                name: calibration_of(found, data[name].gold, decision)
                for name, found in logits.items()
            },
        },
        "confused": confused_pairs(*chosen["valid"], names),
        "hardest": [
            {name: value for name, value in document.items() if name not in ("texts", "likely")}
            for document in worst
        ],
    }
    rows = {
        "labels": label_rows(names, counts, decision, chosen),
        **browse(logits["valid"], data["valid"].gold, decision, documents, names),
    }
    return Assessed(figures, rows)
