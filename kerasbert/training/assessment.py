"""What a fine-tuned model is worth: figures, labels.tsv and the report of its run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kerasbert.batches.labeled import LabeledBatches
from kerasbert.choices import RuleName, Thresholds
from kerasbert.heads.classification.analysis import (
    calibration_of,
    confused_pairs,
    hardest,
    label_rows,
    write_label_rows,
)
from kerasbert.heads.classification.decision import Decision, fit_decision
from kerasbert.heads.classification.report import finetune_report
from kerasbert.runs.folder import RunFolder
from kerasbert.training.best_by_rule import BestByRule
from kerasbert.training.epoch_f1 import half_of, logits_of, score_logits
from kerasbert.training.optimizers.averaging import averaged

SPLITS = ("valid", "test")


class Assessment:
    """The best model of a fine-tuning run, judged; nothing is fitted on anything but "valid".

    Attributes:
        decision: how its logits become labels.
        figures: for metrics.json: the figures of each split by the decision, and the decision;
            both again under "at_half" for threshold 0.5; calibration, confused pairs, and the
            documents of the validation data with the highest loss.
        labels: the rows of labels.tsv.

    Args:
        run: the folder, with labels.txt, config.json and the best model.
        data: "train", "valid", and "test" where there is one.
        documents: the `LabeledDocument`s of "valid".
        names: the labels.
        thresholds: see `fit_decision`, as for `rule` and `top_k`.
        why: the reason for the rule, where it was chosen before; see `settle_rule`.
    """

    def __init__(
        self,
        run: RunFolder,
        data: Mapping[str, LabeledBatches],
        documents: Sequence[Any],
        names: Sequence[str],
        thresholds: Thresholds = "label",
        rule: RuleName | None = None,
        top_k: int | None = None,
        why: str | None = None,
    ):
        self.run = run
        model = run.load_model()
        splits = {name: data[name] for name in SPLITS if name in data}
        logits = {name: logits_of(model, part) for name, part in splits.items()}
        valid = splits["valid"]
        given = {"thresholds": thresholds, "rule": rule, "top_k": top_k}
        self.decision: Decision = decision_of(logits["valid"], valid, **given)
        half = half_of(logits["valid"], valid, rule, top_k)
        if why is not None:
            self.decision, half = replace(self.decision, why=why), replace(half, why=why)
        chosen = {
            name: (self.decision.choose(self.decision.probabilities(logits[name])), part.gold)
            for name, part in splits.items()
        }
        counts = (data["train"].gold > 0).sum(axis=0)
        self.labels = label_rows(names, counts, self.decision, chosen)
        self.hardest = hardest(logits["valid"], valid.gold, self.decision, documents, names)
        self.figures: dict[str, Any] = {
            **{
                name: score_logits(logits[name], part, self.decision)
                for name, part in splits.items()
            },
            "at_half": {
                **{name: score_logits(logits[name], part, half) for name, part in splits.items()},
                "decision": half.to_json(),
            },
            "threshold": self.decision.common,
            "thresholds": thresholds,
            "decision": self.decision.to_json(),
            "calibration": {
                "temperature": self.decision.temperature,
                **{
                    name: calibration_of(logits[name], part.gold, self.decision)
                    for name, part in splits.items()
                },
            },
            "confused": confused_pairs(*chosen["valid"], names),
            "hardest": [
                {name: value for name, value in document.items() if name != "texts"}
                for document in self.hardest
            ],
        }

    def write(self, history: Sequence[Mapping[str, Any]], metrics: Mapping[str, Any]) -> None:
        """labels.tsv, report.html and, last of all, metrics.json."""
        write_label_rows(self.run.file("labels.tsv"), self.labels)
        finetune_report(
            self.run.file("report.html"),
            self.run.path.name,
            history,
            metrics,
            self.run.config(),
            self.labels,
            self.hardest,
        )
        self.run.write_json("metrics.json", metrics)


def settle_rule(
    run: RunFolder,
    best: BestByRule,
    thresholds: Thresholds = "label",
    top_k: int | None = None,
) -> tuple[RuleName, str, int]:
    """Which rule the run has from here on: its history, its best epoch and its decision.

    The one whose best epoch has the higher F1 on validation data, with thresholds fitted to it.

    Args:
        run: the folder.
        best: the models that training kept; that of the rule becomes `model.keras`.
        thresholds: see `fit_decision`, as for `top_k`.
        top_k: for the rule "top-k".

    Returns:
        as `BestByRule.settle`.
    """
    valid = best.epoch_f1.valid

    def score(rule: RuleName, file: str) -> float:
        logits = logits_of(run.load_model(file), valid)
        given = {"thresholds": thresholds, "rule": rule, "top_k": top_k}
        return score_logits(logits, valid, decision_of(logits, valid, **given))["f1"]

    return best.settle(score)


def decision_of(logits: np.ndarray, data: LabeledBatches, **given: Any) -> Decision:
    """`fit_decision` of these documents; `given` are its thresholds, rule and top_k."""
    return fit_decision(logits, data.gold, data.kind, unseen=data.unseen, **given)


def last_epoch_at_half(
    model,
    data: Mapping[str, LabeledBatches],
    learner,
    rule: RuleName | None = None,
    top_k: int | None = None,
) -> dict[str, dict[str, Any]]:
    """The figures of a model as training left it, with its averaged weights, at threshold 0.5.

    Args:
        model: a classifier.
        data: the parts to be scored; "valid" chooses the rule, unless it is given.
        learner: the model that was trained: the classifier, or one that holds it.
        rule: see `fit_decision`, as for `top_k`.
        top_k: for the rule "top-k".
    """
    with averaged(learner):
        logits = {name: logits_of(model, data[name]) for name in SPLITS if name in data}
    half = half_of(logits["valid"], data["valid"], rule, top_k)
    return {name: score_logits(part, data[name], half) for name, part in logits.items()}
