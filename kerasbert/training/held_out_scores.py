"""Score a pre-training objective on held-out rows, the same ones each time."""

import keras

from kerasbert.batches.padding import check_padding
from kerasbert.batches.pretraining import PretrainingBatches


class HeldOutScores(keras.callbacks.Callback):
    """Adds what `scores` returns to the logs at the end of each report.

    Args:
        valid: batches of the "valid" part; its first pass is scored.
        rows: the most rows scored.
    """

    def __init__(self, valid: PretrainingBatches, rows: int = 4096):
        super().__init__()
        self.valid = valid
        self.steps = min(valid.steps_per_epoch, max(1, rows // valid.batch_size))
        self._scorer: keras.Model | None = None

    def on_train_begin(self, logs=None):
        check_padding(self.model, self.valid.special.pad)

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs.update(self.scores(self.model))

    def scores(self, model: keras.Model) -> dict[str, float]:
        """The figures of a pre-training model."""
        raise NotImplementedError
