"""Document words: which words does a text hold? Learned by the one vector that stands for it."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasbert.choices import Pairs
from kerasbert.evaluation.objectives import Compared, Figures
from kerasbert.layers.dense import Dense, dtype_of_logits
from kerasbert.layers.ids import checked_ids, spoiled
from kerasbert.tasks.held_out import Batch
from kerasbert.tasks.masked_lm import VocabularyBias
from kerasbert.tasks.task import Rows, TaskBatch

SHORT = 8  # tokens of a text that is shown whole


@keras.saving.register_keras_serializable(package="kerasbert")
class BagOfTokensLoss(keras.losses.Loss):
    """Nats of each target token under the row's one distribution over the vocabulary.

    With B rows, M targets a row, V vocabulary: target (B, M) int, logits (B, V) float,
    weight (B, M). A target that is none of V tokens is an error, in a compiled step not a number.
    """

    def __init__(self, reduction="mean_with_sample_weight", name="bag_of_tokens_loss", **kwargs):
        super().__init__(reduction=reduction, name=name, **kwargs)

    def call(self, target, logits):
        tokens, wrong = checked_ids("target", ops.cast(target, "int32"), logits.shape[-1])
        log_probability = ops.log_softmax(logits, axis=-1)
        return spoiled(-ops.take_along_axis(log_probability, tokens, axis=-1), wrong)


class DocumentWords:
    """Predict the words of a row from the pooled vector of a part of it.

    Masked language modelling teaches an encoder of narrow sight, such as a TextCNN, what stands
    beside what, and nothing of what a whole text is about; and it never trains the pooled vector,
    the one that classification reads. This objective does: all words of the row, under one softmax
    for the whole row, frequent ones weighted down. The model sees a window of the row only, so that
    it has to tell from what it reads what else such a text may say.

    Put it before objectives that hide tokens: they choose among those that are in the window.

    With B rows of L positions:

        target  (B, L)  int32, the row's own tokens
        weight  (B, L)  float32: min(1, sqrt(`threshold` / share of the token)), 0 at special tokens
        token_ids       what is outside of the window becomes padding
        output  (B, V)  float32 logits

    Held-out figures, total loss over total weight, NaN without any:

        val_loss_document_words      nats for each unit of weight
        unigram_loss_document_words  of the one distribution that is best for texts of which nothing
                                     is read; NaN without shares

    Args:
        vocabulary_size: V.
        shares: (V,) float above 0, each token's share of the corpus; without it all tokens weigh 1.
            The head's bias begins at what is right for a text of which nothing is known.
        threshold: the share above which tokens are weighted down.
        shown: the window's share of the row's tokens, above 0 and at most 1. Texts of fewer than 8
            tokens are shown whole.
        seed: of the head's initial weights.

    Sources: the predecessor predicted masked words from the pooled vector of its TextCNN
    (https://github.com/brightmart/bert_language_understanding); a bag of words from a document
    vector is PV-DBOW of Le and Mikolov 2014, https://arxiv.org/abs/1405.4053, section 2.3; the
    weights are the subsampling rates of Mikolov et al. 2013, https://arxiv.org/abs/1310.4546,
    section 2.3.
    """

    name = "document_words"
    pairs: Pairs = "none"
    figures = Figures(
        (
            Compared(
                "val_loss_document_words",
                "unigram_loss_document_words",
                "Document-words loss",
                "nats per unit of weight",
                "unigram frequencies",
                "The validation loss of document words",
                "their unigram loss",
                "the vector of a text tells of its words",
                "so far the vector of a text tells nothing of its words",
            ),
        )
    )

    def __init__(
        self,
        vocabulary_size: int,
        shares: np.ndarray | None = None,
        threshold: float = 1e-4,
        shown: float = 0.5,
        seed: int = 0,
    ):
        if not 0 < shown <= 1:
            raise ValueError(f"shown: expected a share above 0, at most 1. Received: {shown}")
        self.vocabulary_size = vocabulary_size
        self.shown = shown
        self.seed = seed
        self.weights = np.ones(vocabulary_size, np.float32)
        self.expected: np.ndarray | None = None  # of the loss's distribution
        if shares is not None:
            ratio = threshold / np.maximum(shares, threshold)
            self.weights = np.sqrt(ratio).astype(np.float32)
            self.expected = shares * self.weights / (shares * self.weights).sum()

    def make(self, rows: Rows, rng: np.random.Generator) -> TaskBatch:
        text = ~rows.special
        weight = (self.weights[rows.token_ids] * text).astype(np.float32)
        if self.shown == 1:
            return TaskBatch(target=rows.token_ids, weight=weight)
        if (rows.token_ids == rows.special_ids.mask).any():
            raise ValueError("Expected DocumentWords before the objectives that hide tokens.")
        tokens = text.sum(axis=1)
        width = np.where(tokens < SHORT, tokens, np.rint(self.shown * tokens)).astype(int)
        first = rng.integers(0, tokens - width + 1)
        place = np.cumsum(text, axis=1) - 1  # of each token among those of its row
        inside = (place >= first[:, None]) & (place < (first + width)[:, None])
        token_ids = np.where(inside | ~text, rows.token_ids, rows.special_ids.pad)
        return TaskBatch(target=rows.token_ids, weight=weight, token_ids=token_ids)

    def inputs(self):
        return {}

    def head(self, embedding, sequence, pooled, inputs):
        hidden = Dense(
            sequence.shape[-1],
            kernel_initializer=keras.initializers.GlorotUniform(seed=self.seed + 1),
            name="document_words_transform",
        )(pooled)
        scores = embedding(hidden, reverse=True)
        return VocabularyBias(self.expected, name=self.name, dtype=dtype_of_logits())(scores)

    def loss(self):
        return BagOfTokensLoss(name=f"{self.name}_loss")

    def scoring_model(self, model: keras.Model, names: Sequence[str]) -> keras.Model:
        """Nats of each token instead of the logits."""
        target = keras.Input((None,), dtype="int32", name="document_words_target")
        nats = BagOfTokensLoss().call(target, model.output[self.name])
        read = {name: model.input[name] for name in names}
        return keras.Model({**read, "document_words_target": target}, nats)

    def score(self, scorer: keras.Model, batches: Iterable[Batch], valid: Any) -> dict[str, float]:
        """The held-out figures."""
        nothing = np.full(self.vocabulary_size, np.nan)
        unigram = nothing if self.expected is None else -np.log(self.expected)
        sums = np.zeros(3)
        for inputs, targets, weights in batches:
            target, weight = targets[self.name], weights[self.name]
            nats = scorer.predict_on_batch({**inputs, "document_words_target": target})
            figures = (np.asarray(nats), unigram[target], np.ones_like(weight))
            sums += [(figure * weight).sum() for figure in figures]
        total = sums[2] or np.nan
        return {
            "val_loss_document_words": sums[0] / total,
            "unigram_loss_document_words": sums[1] / total,
        }
