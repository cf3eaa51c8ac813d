"""Score pre-training objectives on held-out rows, the same ones each time."""

from collections.abc import Iterator, Mapping

import keras
import numpy as np

from kerasbert.batches.packing import one_document_a_row
from kerasbert.batches.padding import check_padding
from kerasbert.batches.pretraining import PretrainingBatches
from kerasbert.tasks.held_out import Batch, figures_of, score, scoring_model
from kerasbert.tasks.task import Task


class ObjectiveValidation(keras.callbacks.Callback):
    """Add the held-out figures of each objective, and their sum, to the logs of a report.

    Which figures an objective has is in its own file; one that says nothing of them, such as a
    user's own, has `val_loss_NAME`, its loss: total loss over total weight. `val_loss` is the sum
    of the losses of all objectives given here; one that is no number, as where no held-out row is a
    pair, is left out of it.

    Args:
        valid: for each objective batches of the "valid" part, made for it alone: then the rows are
            the same whatever is trained beside it. Their first pass is scored.
        rows: the most rows scored for each.
    """

    def __init__(self, valid: Mapping[Task, PretrainingBatches], rows: int = 4096):
        super().__init__()
        self.valid = dict(valid)
        self.rows = rows
        self._scorers: dict[str, keras.Model] = {}

    def on_train_begin(self, logs=None):
        for batches in self.valid.values():
            check_padding(self.model, batches.special.pad)

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs.update(self.scores(self.model))

    def scores(self, model: keras.Model) -> dict[str, float]:
        """The figures of a pre-training model with an output for each objective."""
        found: dict[str, float] = {}
        losses = []
        for task, valid in self.valid.items():
            if task.name not in self._scorers:
                names = list(next(self._batches(model, valid)).inputs)
                self._scorers[task.name] = scoring_model(task, model, names)
            found |= score(task, self._scorers[task.name], self._batches(model, valid), valid)
            losses.append(found[figures_of(task).losses[0].loss])
        known = [loss for loss in losses if np.isfinite(loss)]
        return {"val_loss": sum(known) if known else float("nan"), **found}

    def _batches(self, model: keras.Model, valid: PretrainingBatches) -> Iterator[Batch]:
        steps = min(valid.steps_per_epoch, max(1, self.rows // valid.batch_size))
        for step in range(steps):
            batch = Batch(*valid.batch(step))
            if "document_ids" in model.input:  # a model of packed rows; these hold one document
                batch.inputs.update(
                    one_document_a_row(batch.inputs["token_ids"], valid.special.pad)
                )
            yield batch
