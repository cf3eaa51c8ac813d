"""Does the model tell pairs apart? The loss of an objective over pairs beside that of guessing."""

import keras
import numpy as np
from keras import ops

from kerasbert.batches.pretraining import PretrainingBatches
from kerasbert.tasks.next_sentence import NextSentence
from kerasbert.training.held_out_scores import HeldOutScores


class PairValidation(HeldOutScores):
    """Score held-out pairs at the end of each report, in nats a pair.

    Adds to the logs, with the objective's name:

        val_loss_NAME     of the model; NaN where no held-out row is a pair
        chance_loss_NAME  of two classes of which nothing is known: ln 2

    Args:
        valid: batches of the "valid" part for `task` alone; the first pass is scored, the same each
            time.
        task: `NextSentence` or `SentenceOrder`.
        rows: the most rows scored.
    """

    def __init__(self, valid: PretrainingBatches, task: NextSentence, rows: int = 4096):
        super().__init__(valid, rows)
        self.task = task

    def scores(self, model: keras.Model) -> dict[str, float]:
        """The figures above, of any pre-training model with an output of the objective's name."""
        name = self.task.name
        nats = pairs = 0.0
        for step in range(self.steps):
            inputs, targets, weights = self.valid.batch(step)
            if self._scorer is None:
                read = {key: model.input[key] for key in inputs}
                log_share = ops.log_softmax(model.output[name], axis=-1)
                self._scorer = keras.Model(read, log_share)
            said = np.asarray(self._scorer.predict_on_batch(inputs))
            found = np.take_along_axis(said, targets[name][:, None], axis=1)[:, 0]
            nats -= float((found * weights[name]).sum())
            pairs += float(weights[name].sum())
        loss = nats / pairs if pairs else float("nan")
        return {f"val_loss_{name}": loss, f"chance_loss_{name}": float(np.log(2))}
