"""Does the vector of a text tell its words? The document-words loss beside that of frequencies."""

import keras
import numpy as np

from kerasbert.batches.pretraining import PretrainingBatches
from kerasbert.tasks.document_words import BagOfTokensLoss, DocumentWords
from kerasbert.training.held_out_scores import HeldOutScores


class DocumentWordsValidation(HeldOutScores):
    """Score held-out rows at the end of each report, in nats for each unit of weight.

    Adds to the logs:

        val_loss_words      of the model
        unigram_loss_words  of the one distribution that is best for texts of which nothing is read

    Losses are total loss over total weight, NaN without any, with the weights of `DocumentWords`.

    Args:
        valid: batches of the "valid" part for `task` alone; the first pass is scored, the same each
            time.
        task: the objective, with the shares of the corpus.
        rows: the most rows scored.
    """

    def __init__(self, valid: PretrainingBatches, task: DocumentWords, rows: int = 4096):
        super().__init__(valid, rows)
        if task.expected is None:
            raise ValueError("task: expected DocumentWords with shares.")
        self.unigram = -np.log(task.expected)

    def scores(self, model: keras.Model) -> dict[str, float]:
        """The figures above, of any pre-training model with a "document_words" output."""
        sums = np.zeros(3)
        for step in range(self.steps):
            inputs, targets, weights = self.valid.batch(step)
            target, weight = targets["document_words"], weights["document_words"]
            if self._scorer is None:
                self._scorer = _scoring_model(model, list(inputs))
            nats = self._scorer.predict_on_batch({**inputs, "document_words_target": target})
            figures = (np.asarray(nats), self.unigram[target], np.ones_like(weight))
            sums += [(figure * weight).sum() for figure in figures]
        total = sums[2] or np.nan
        return {"val_loss_words": sums[0] / total, "unigram_loss_words": sums[1] / total}


def _scoring_model(model: keras.Model, names: list[str]) -> keras.Model:
    """The same layers up to this objective, with nats of each token instead of the logits."""
    target = keras.Input((None,), dtype="int32", name="document_words_target")
    nats = BagOfTokensLoss().call(target, model.output["document_words"])
    read = {name: model.input[name] for name in names}
    return keras.Model({**read, "document_words_target": target}, nats)
