"""Document words: which words does a text hold? Learned by the one vector that stands for it."""

import keras
import numpy as np
from keras import ops

from kerasbert.tasks.masked_lm import MASK_ID, VocabularyBias
from kerasbert.tasks.task import Pairs, Rows, TaskBatch


@keras.saving.register_keras_serializable(package="kerasbert")
class BagOfTokensLoss(keras.losses.Loss):
    """Nats of each target token under the row's one distribution over the vocabulary.

    With B rows, M targets a row, V vocabulary: target (B, M) int, logits (B, V) float,
    weight (B, M).
    """

    def __init__(self, reduction="mean_with_sample_weight", name="bag_of_tokens_loss", **kwargs):
        super().__init__(reduction=reduction, name=name, **kwargs)

    def call(self, target, logits):
        log_probability = ops.log_softmax(logits, axis=-1)
        return -ops.take_along_axis(log_probability, ops.cast(target, "int32"), axis=-1)


class DocumentWords:
    """Predict the words of a row from its pooled vector alone, frequent ones weighted down.

    Masked language modelling teaches an encoder of narrow sight, such as a TextCNN, what stands
    beside what, and nothing of what a whole text is about; and it never trains the pooled vector,
    the one that classification reads. This objective does: all words of the row, under one softmax
    for the whole row. Positions that an objective before this one has hidden are no targets.

    With B rows of L positions:

        target  (B, L)  int32, the row's own tokens
        weight  (B, L)  float32: min(1, sqrt(`threshold` / share of the token)), 0 at special tokens
        output  (B, V)  float32 logits

    Args:
        vocabulary_size: V.
        shares: (V,) float, each token's share of the corpus; without it all tokens weigh 1.
        threshold: the share above which tokens are weighted down.
        seed: of the head's initial weights.

    Sources: the predecessor predicted masked words from the pooled vector of its TextCNN
    (https://github.com/brightmart/bert_language_understanding); a bag of words from a document
    vector is PV-DBOW of Le and Mikolov 2014, https://arxiv.org/abs/1405.4053, section 2.3; the
    weights are the subsampling rates of Mikolov et al. 2013, https://arxiv.org/abs/1310.4546,
    section 2.3.
    """

    name = "document_words"
    pairs: Pairs = "none"

    def __init__(
        self,
        vocabulary_size: int,
        shares: np.ndarray | None = None,
        threshold: float = 1e-4,
        seed: int = 0,
    ):
        self.vocabulary_size = vocabulary_size
        self.seed = seed
        self.weights = np.ones(vocabulary_size, np.float32)
        if shares is not None:
            ratio = threshold / np.maximum(shares, threshold)
            self.weights = np.sqrt(ratio).astype(np.float32)

    def make(self, rows: Rows, rng: np.random.Generator) -> TaskBatch:
        shown = ~rows.special & (rows.token_ids != MASK_ID)
        weight = self.weights[rows.token_ids] * shown
        return TaskBatch(target=rows.token_ids, weight=weight.astype(np.float32))

    def inputs(self):
        return {}

    def head(self, embedding, sequence, pooled, inputs):
        hidden = keras.layers.Dense(
            sequence.shape[-1],
            kernel_initializer=keras.initializers.GlorotUniform(seed=self.seed + 1),
            name="document_words_transform",
        )(pooled)
        return VocabularyBias(name=self.name, dtype="float32")(embedding(hidden, reverse=True))

    def loss(self):
        return BagOfTokensLoss(name=f"{self.name}_loss")
