"""Figures on validation data after every epoch: F1, or those of another head."""

from typing import Any

import keras

from kerasbert.batches.labeled import LabeledBatches, predict_outputs
from kerasbert.batches.padding import check_padding
from kerasbert.models.frozen import answering_part


class EpochFigures(keras.callbacks.Callback):
    """Add `val_loss` and the head's figures, as `val_f1`, to an epoch's logs.

    Every document of the validation data counts. For classification the figures are `val_micro_f1`,
    `val_macro_f1` and `val_f1` (their mean) at threshold 0.5; a document in which no label reaches
    it gets its most probable one or none, as the validation data prefers in this epoch.
    `by_rule` has the figures of the last epoch under each rule that is open, so that a run can be
    judged by one rule throughout, see `BestByRule`. `val_loss` is the head's own; where Keras has
    put one there, because `fit` has `validation_data`, that stays. Callbacks that monitor these
    figures come after this one.

    Args:
        valid: the validation data.
        batch_size: documents at a time.
        from_logits: whether a classifier gives logits or probabilities; as its last layer or its
            loss says unless given.
        name: before the names of the figures; each of several callbacks needs its own.
    """

    def __init__(
        self,
        valid: LabeledBatches,
        batch_size: int = 64,
        from_logits: bool | None = None,
        name: str = "val",
    ):
        super().__init__()
        self.valid = valid
        self.batch_size = batch_size
        self.from_logits = from_logits
        self.name = name
        self.outputs: Any = None  # (N, ...), or `TokenOutputs`, after the last epoch
        self.by_rule: dict[str, dict[str, Any]] = {}  # its figures
        self._given: dict[str, float] = {}

    def on_train_begin(self, logs=None):
        check_padding(self.model, self.valid.special.pad)

    def on_epoch_end(self, epoch, logs=None):
        if self.model is None:
            raise ValueError(
                "Expected a model: pass the callback to `fit`, or call its `set_model` first. "
                f"Received: {self.model}"
            )
        valid, head = self.valid, self.valid.head
        head.unsettle(self.model)
        outputs = outputs_of(self.model, valid, self.batch_size, self.from_logits)
        outputs = head.settle(self.model, outputs, valid)
        self.outputs = outputs
        self.by_rule = {
            rule: head.score(outputs, valid, head.decide(outputs, valid, rule))
            for rule in head.rules(valid)
        }
        choose = max if head.mode == "max" else min
        scores = choose(self.by_rule.values(), key=lambda found: found[head.best])
        if logs is None:
            return
        found = {f"{self.name}_{figure}": scores[figure] for figure in head.figures}
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


def evaluate_model(
    model: keras.Model,
    data: LabeledBatches,
    decision: Any = None,
    batch_size: int = 64,
    from_logits: bool | None = None,
) -> dict[str, Any]:
    """Loss and figures of a fine-tuning model over every document of `data`.

    Args:
        model: it gives what `data.head` has as output.
        data: labelled documents.
        decision: how outputs become answers; unless given as in history.csv, which on test data
            means a rule chosen there: pass what validation data gave.
        batch_size: documents at a time.
        from_logits: as in `EpochFigures`.

    Returns:
        loss, the head's figures (micro_f1, macro_f1 and f1, the mean of the two), documents.
    """
    outputs = outputs_of(model, data, batch_size, from_logits)
    decision = decision or data.head.decide(outputs, data)
    return data.head.score(outputs, data, decision)


def outputs_of(
    model: keras.Model, data: LabeledBatches, batch_size: int = 64, from_logits: bool | None = None
) -> Any:
    """(N, ...) float32 outputs for every document of `data`, as its head reads them.

    Of a head that is `by_token` these are `TokenOutputs`.

    Where the data has vectors of the model's encoder already, this is not asked again.
    """
    asked = model if data.texts.vectors is None else answering_part(model)
    return data.head.read(predict_outputs(asked, data.texts, batch_size), model, from_logits)


# Their names before 0.2.0, when there was one head.
EpochF1 = EpochFigures
evaluate_classifier = evaluate_model
