"""Micro and macro F1 on validation data after every epoch."""

from typing import Any

import keras
import numpy as np

from kerasbert.batches.labeled import LabeledBatches, predict_logits
from kerasbert.batches.padding import check_padding
from kerasbert.choices import RuleName
from kerasbert.evaluation.f1 import f1_scores
from kerasbert.heads.classification.decision import Decision, decision_at_half
from kerasbert.heads.classification.rule import open_rules
from kerasbert.heads.classification.scores import mean_loss

FIGURES = ("micro_f1", "macro_f1", "f1")


class EpochF1(keras.callbacks.Callback):
    """Add `val_loss`, `val_micro_f1`, `val_macro_f1` and `val_f1` (their mean) to an epoch's logs.

    Every document of the validation data counts, at threshold 0.5; a document in which no label
    reaches it gets its most probable one or none, as the validation data prefers in this epoch, see
    `decision_at_half`. `by_rule` has the figures of the last epoch under each rule that is open, so
    that a run can be judged by one rule throughout, see `BestByRule`. `val_loss` is the
    cross-entropy; where Keras has put its own there, because `fit` has `validation_data`, that
    stays. Callbacks that monitor these figures come after this one.

    Args:
        valid: the validation data.
        batch_size: documents at a time.
        rule: what a document gets that no label reaches, see `fit_decision`; as for `top_k`.
        top_k: for the rule "top-k".
        from_logits: whether the model gives logits or probabilities; as its last layer or its loss
            says unless given.
        name: before the names of the figures; each of several callbacks needs its own.
    """

    def __init__(
        self,
        valid: LabeledBatches,
        batch_size: int = 64,
        rule: RuleName | None = None,
        top_k: int | None = None,
        from_logits: bool | None = None,
        name: str = "val",
    ):
        super().__init__()
        self.valid = valid
        self.batch_size = batch_size
        self.rule = rule
        self.top_k = top_k
        self.from_logits = from_logits
        self.name = name
        self.logits: np.ndarray | None = None  # (N, K) after the last epoch
        self.by_rule: dict[RuleName, dict[str, Any]] = {}  # its figures
        self._given: dict[str, float] = {}

    def on_train_begin(self, logs=None):
        check_padding(self.model, self.valid.special.pad)

    def on_epoch_end(self, epoch, logs=None):
        if self.model is None:
            raise ValueError(
                "Expected a model: pass the callback to `fit`, or call its `set_model` first. "
                f"Received: {self.model}"
            )
        self.logits = logits_of(self.model, self.valid, self.batch_size, self.from_logits)
        self.by_rule = {
            rule: score_logits(
                self.logits, self.valid, half_of(self.logits, self.valid, rule, self.top_k)
            )
            for rule in open_rules(self.valid.kind, self.valid.gold, self.rule)
        }
        scores = max(self.by_rule.values(), key=lambda found: found["f1"])
        if logs is None:
            return
        found = {f"{self.name}_{figure}": scores[figure] for figure in FIGURES}
        others = [key for key in found if key in logs and logs[key] != self._given.get(key)]
        if others:
            raise ValueError(
                "Expected names that the logs do not have yet: another metric or callback writes "
                f"them. Give this one a `name` of its own. Received: {', '.join(others)}"
            )
        loss = f"{self.name}_loss"
        if loss not in logs or logs[loss] == self._given.get(loss):
            found[loss] = scores["loss"]
        logs |= found
        self._given = found


def evaluate_classifier(
    model: keras.Model,
    data: LabeledBatches,
    decision: Decision | None = None,
    batch_size: int = 64,
    from_logits: bool | None = None,
) -> dict[str, Any]:
    """Loss and F1 of a classifier over every document of `data`.

    Args:
        model: a classifier.
        data: labelled documents.
        decision: how logits become labels; unless given at threshold 0.5 as in history.csv, which
            on test data means a rule chosen there: pass what validation data gave.
        batch_size: documents at a time.
        from_logits: as in `EpochF1`.

    Returns:
        loss, micro_f1, macro_f1, f1 (mean of the two), documents.
    """
    logits = logits_of(model, data, batch_size, from_logits)
    return score_logits(logits, data, decision or half_of(logits, data))


def logits_of(
    model: keras.Model, data: LabeledBatches, batch_size: int = 64, from_logits: bool | None = None
) -> np.ndarray:
    """(N, K) float32 logits of every document of `data`; see `predict_logits`."""
    return predict_logits(model, data.texts, batch_size, data.kind, from_logits)


def half_of(
    logits: np.ndarray, data: LabeledBatches, rule: RuleName | None = None, top_k: int | None = None
) -> Decision:
    """`decision_at_half` of these documents."""
    return decision_at_half(
        logits, data.gold, data.kind, unseen=data.unseen, rule=rule, top_k=top_k
    )


def score_logits(logits: np.ndarray, data: LabeledBatches, decision: Decision) -> dict[str, Any]:
    """As `evaluate_classifier`, of logits (N, K) that have been computed."""
    predicted = decision.choose(decision.probabilities(logits))
    scores: dict[str, Any] = {"loss": mean_loss(logits, data.gold, data.kind)}
    if not np.isfinite(scores["loss"]):
        scores["loss_reason"] = (
            "no document has a label that the training data has"
            if np.isfinite(logits).all()
            else "the model's outputs are no finite numbers"
        )
    return scores | f1_scores(predicted, data.gold, data.unseen)
