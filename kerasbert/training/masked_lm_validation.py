"""Has the model learned to use context? Its masked-LM loss beside that of word frequencies."""

import keras
import numpy as np
from keras import ops

from kerasbert.batches.packing import one_document_a_row
from kerasbert.batches.pretraining import PretrainingBatches
from kerasbert.training.held_out_scores import HeldOutScores


class MaskedLMValidation(HeldOutScores):
    """Score held-out rows at the end of each report, in nats per masked position.

    Adds to the logs:

        val_loss, unigram_loss            on all chosen positions
        val_loss_mask, unigram_loss_mask  on those that show [MASK] alone: one in five is readable
                                          as it stands, so only these show that context is used
        masked_accuracy                   share of chosen positions predicted right

    The unigram loss is that of predicting each token by its frequency in the training part (with
    one added to each count). Losses are total loss over total weight, NaN without any.

    Args:
        valid: batches of the "valid" part; its first pass is scored, the same each time.
        rows: the most rows scored.
    """

    def __init__(self, valid: PretrainingBatches, rows: int = 4096):
        super().__init__(valid, rows)
        self.unigram = -np.log(valid.store.token_shares())

    def scores(self, model: keras.Model) -> dict[str, float]:
        """The figures above, of any pre-training model with a "masked_lm" output."""
        if self._scorer is None:
            self._scorer = _scoring_model(model)
        sums = np.zeros(5)
        weights = np.zeros(2)
        for step in range(self.steps):
            inputs, targets, sample_weights = self.valid.batch(step)
            target, weight = targets["masked_lm"], sample_weights["masked_lm"]
            if "document_ids" in model.input:
                inputs |= one_document_a_row(inputs["token_ids"], self.valid.special.pad)
            scored = self._scorer.predict_on_batch({**inputs, "masked_lm_target": target})
            nats, correct = np.asarray(scored["nats"]), np.asarray(scored["correct"])
            unigram = self.unigram[target]
            shown = np.take_along_axis(inputs["token_ids"], inputs["masked_positions"], axis=1)
            hidden = weight * (shown == self.valid.special.mask)
            figures = (nats, unigram, correct)
            sums[:3] += [(figure * weight).sum() for figure in figures]
            sums[3:] += [(figure * hidden).sum() for figure in figures[:2]]
            weights += weight.sum(), hidden.sum()
        all_positions, mask_positions = np.where(weights > 0, weights, np.nan)
        return {
            "val_loss": sums[0] / all_positions,
            "unigram_loss": sums[1] / all_positions,
            "masked_accuracy": sums[2] / all_positions,
            "val_loss_mask": sums[3] / mask_positions,
            "unigram_loss_mask": sums[4] / mask_positions,
        }


def _scoring_model(model: keras.Model) -> keras.Model:
    """The same layers, but nats and hits of each masked position instead of the logits."""
    target = keras.Input((None,), dtype="int32", name="masked_lm_target")
    logits = model.output["masked_lm"]
    outputs = {
        "nats": ops.sparse_categorical_crossentropy(target, logits, from_logits=True),
        "correct": ops.cast(ops.equal(ops.argmax(logits, axis=-1), target), "float32"),
    }
    return keras.Model({**model.input, "masked_lm_target": target}, outputs)
