"""Micro and macro F1 on validation data after every epoch."""

import keras
import numpy as np

from kerasbert.batches.labeled import LabeledBatches, predict_logits
from kerasbert.batches.padding import check_padding
from kerasbert.evaluation.decision import Decision
from kerasbert.evaluation.f1 import f1_scores
from kerasbert.evaluation.scores import mean_loss


class EpochF1(keras.callbacks.Callback):
    """Add `val_loss`, `val_micro_f1`, `val_macro_f1` and `val_f1` (their mean) to an epoch's logs.

    Every document of the validation data counts, at threshold 0.5; a document in which no label
    reaches it gets its most probable one. Callbacks that monitor these figures come after this one.

    Args:
        valid: the validation data.
        batch_size: documents at a time.
    """

    def __init__(self, valid: LabeledBatches, batch_size: int = 64):
        super().__init__()
        self.valid = valid
        self.batch_size = batch_size

    def on_train_begin(self, logs=None):
        check_padding(self.model, self.valid.special.pad)

    def on_epoch_end(self, epoch, logs=None):
        scores = evaluate_classifier(self.model, self.valid, batch_size=self.batch_size)
        if logs is not None:
            for name in ("loss", "micro_f1", "macro_f1", "f1"):
                logs[f"val_{name}"] = scores[name]


def evaluate_classifier(
    model: keras.Model,
    data: LabeledBatches,
    decision: Decision | None = None,
    batch_size: int = 64,
) -> dict[str, float]:
    """Loss and F1 of a classifier over every document of `data`.

    Args:
        model: a classifier.
        data: labelled documents.
        decision: how logits become labels; at threshold 0.5, as in history.csv, unless given.
        batch_size: documents at a time.

    Returns:
        loss, micro_f1, macro_f1, f1 (mean of the two), documents.
    """
    return score_logits(predict_logits(model, data.texts, batch_size), data, decision)


def score_logits(
    logits: np.ndarray, data: LabeledBatches, decision: Decision | None = None
) -> dict[str, float]:
    """As `evaluate_classifier`, of logits (N, K) that have been computed."""
    decision = decision or Decision(data.kind)
    predicted = decision.choose(decision.probabilities(logits))
    return {
        "loss": mean_loss(logits, data.gold, data.kind),
        **f1_scores(predicted, data.gold, data.unseen),
    }
