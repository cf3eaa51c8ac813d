"""Labelled batches, each with as many raw texts whose answers a teacher gives."""

import keras
import numpy as np

from kerasbert.batches.encoded import EncodedTexts
from kerasbert.batches.joint import LABELS
from kerasbert.batches.labeled import LabeledBatches
from kerasbert.batches.order import EpochOrder
from kerasbert.batches.stream import OnePass, for_keras, stream

LESSONS = "lessons"


class TaughtBatches:
    """Rows of labelled batches, and behind them rows of raw text.

    Batch `step` is a pure function of (seed, step); with B labelled rows and B raw ones:

        inputs   token_ids, segment_ids (2B, L) int32
        targets  {"labels": as in `labeled`, 0 for raw rows, "lessons": the teacher's, 0 for others}
        weights  {"labels": (2B,) float32, 2 for labelled rows, "lessons": 2 for raw ones}, 0 else:
                 so the mean over all rows is that over those of its own

    An epoch is one pass over the raw texts, or over the labelled ones where these are more.

    Args:
        labeled: the batches.
        texts: M raw texts, encoded as those of `labeled`.
        lessons: (M, ...) float, what the head learns of the teacher's answers.
        seed: of the order of the raw texts.
    """

    def __init__(
        self, labeled: LabeledBatches, texts: EncodedTexts, lessons: np.ndarray, seed: int = 0
    ):
        self.labeled = labeled
        self.texts = texts
        self.lessons = lessons
        self.special = labeled.special
        self.order = EpochOrder(texts.lengths, labeled.batch_size, seed)
        self.steps_per_epoch = max(self.order.steps_per_epoch, labeled.steps_per_epoch)

    def batch(self, step: int) -> tuple[dict, dict, dict]:
        """Inputs, targets and weights of a step, counted from 0 through all epochs."""
        return self._join(self.order.batch(step), *self.labeled.batch(step))

    def _join(self, raw: np.ndarray, inputs: dict, target: np.ndarray) -> tuple[dict, dict, dict]:
        labeled = len(target)
        length = max(inputs["token_ids"].shape[1], self.texts.padded_length(raw))
        fill = {"token_ids": self.special.pad}
        beside = self.texts.rows(raw, length)
        joined = {
            key: np.concatenate([_wide(rows, length, fill.get(key, 0)), beside[key]])
            for key, rows in inputs.items()
        }
        nothing = np.zeros((len(raw), *target.shape[1:]), target.dtype)
        lessons = np.zeros((labeled, *self.lessons.shape[1:]), np.float32)
        is_labeled = np.arange(labeled + len(raw)) < labeled
        rows = np.float32(len(is_labeled))
        targets = {
            LABELS: np.concatenate([target, nothing]),
            LESSONS: np.concatenate([lessons, self.lessons[raw].astype(np.float32)]),
        }
        weights = {
            LABELS: np.where(is_labeled, rows / labeled, 0).astype(np.float32),
            LESSONS: np.where(is_labeled, 0, rows / len(raw)).astype(np.float32),
        }
        return joined, targets, weights

    def stream(self, start: int | keras.Model | None = None):
        """What `model.fit(..., steps_per_epoch=batches.steps_per_epoch)` takes, see `BatchStream`.

        `stream(model)` begins where the model's optimizer is: for `BackupAndRestore`, or a second
        `fit`.
        """
        return stream(self, start)

    def once(self):
        """The batches of the first epoch, for `evaluate`."""
        return for_keras(OnePass(self.batch, self.steps_per_epoch))


def _wide(rows: np.ndarray, length: int, fill: int) -> np.ndarray:
    return np.pad(rows, ((0, 0), (0, length - rows.shape[1])), constant_values=fill)
