"""Labelled batches for a classifier that learns an objective of pre-training beside its labels."""

import keras
import numpy as np

from kerasbert.batches.labeled import LabeledBatches
from kerasbert.batches.rng import keyed_rng
from kerasbert.batches.stream import OnePass, for_keras, stream
from kerasbert.tasks.task import Rows, Task, check_made

LABELS = "labels"


class JointBatches:
    """The rows of labelled batches as an objective leaves them, say with hidden words.

    Batch `step` is a pure function of (seed, step), as those of `labeled` are:

        inputs   token_ids, segment_ids (B, L) int32, and the task's own
        targets  {"labels": as in `labeled`, task.name: its target}
        weights  {"labels": (B,) float32 ones, task.name: its weight}

    Args:
        labeled: the batches, of texts that are not split into windows.
        task: an objective over the states of positions, such as `MaskedLM`.
        seed: of what the objective draws.
    """

    def __init__(self, labeled: LabeledBatches, task: Task, seed: int = 0):
        self.labeled = labeled
        self.task = task
        self.seed = seed
        self.special = labeled.special
        self.steps_per_epoch = labeled.steps_per_epoch

    def batch(self, step: int) -> tuple[dict, dict, dict]:
        """Inputs, targets and weights of a step, counted from 0 through all epochs."""
        return self._join(step, *self.labeled.batch(step))

    def _join(self, step: int, inputs: dict, target: np.ndarray) -> tuple[dict, dict, dict]:
        token_ids, segment_ids = inputs["token_ids"], inputs["segment_ids"]
        words = getattr(self.task, "words", False)
        word_starts = self.labeled.texts.tokenizer.word_starts(token_ids) if words else None
        edges = (self.special.pad, self.special.cls, self.special.sep)
        made = self.task.make(
            Rows(
                token_ids,
                segment_ids,
                special=np.isin(token_ids, edges),
                is_next=np.zeros(len(token_ids), np.int32),
                is_pair=segment_ids.max(axis=1) > 0,
                special_ids=self.special,
                word_starts=word_starts,
            ),
            keyed_rng(self.seed, step, 2),
        )
        check_made(self.task, made, token_ids.shape[1], vocabulary_size=None)
        inputs = inputs | made.inputs
        if made.token_ids is not None:
            inputs["token_ids"] = made.token_ids
        ones = np.ones(len(token_ids), np.float32)
        targets = {LABELS: target, self.task.name: made.target}
        return inputs, targets, {LABELS: ones, self.task.name: made.weight}

    def stream(self, start: int | keras.Model | None = None):
        """What `model.fit(..., steps_per_epoch=batches.steps_per_epoch)` takes, see `BatchStream`.

        `stream(model)` begins where the model's optimizer is: for `BackupAndRestore`, or a second
        `fit`.
        """
        return stream(self, start)

    def once(self):
        """Every document once, for `evaluate` and `validation_data`; the last batch is smaller."""
        labeled = self.labeled.one_pass()
        return for_keras(OnePass(lambda step: self._join(step, *labeled[step]), len(labeled)))
