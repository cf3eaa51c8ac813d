"""Objectives over pairs of segments: does the second one follow the first?"""

import keras
import numpy as np

from kerasbert.choices import Pairs
from kerasbert.layers.dense import dtype_of_logits
from kerasbert.tasks.task import Rows, TaskBatch


class NextSentence:
    """Two classes over the pooled vector, 1 where segment b follows segment a.

    With B rows:

        target  (B,)    int32, 1 = next, 0 = from another document
        weight  (B,)    float32, 0 for a row that is not a pair (a document of one sentence)
        output  (B, 2)  float32 logits

    Source: Devlin et al. 2019, https://arxiv.org/abs/1810.04805, section 3.1, "Next Sentence
    Prediction".
    """

    name = "next_sentence"
    pairs: Pairs = "next"

    def __init__(self, seed: int = 0):
        self.seed = seed

    def make(self, rows: Rows, rng: np.random.Generator) -> TaskBatch:
        return TaskBatch(target=rows.is_next, weight=rows.is_pair.astype(np.float32))

    def inputs(self):
        return {}

    def head(self, embedding, sequence, pooled, inputs):
        return keras.layers.Dense(
            2,
            kernel_initializer=keras.initializers.GlorotUniform(seed=self.seed + 1),
            dtype=dtype_of_logits(),
            name=self.name,
        )(pooled)

    def loss(self):
        return keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, reduction="mean_with_sample_weight", name=f"{self.name}_loss"
        )


class SentenceOrder(NextSentence):
    """Two classes over the pooled vector, 1 where the segments stand in their own order.

    Both always follow each other in one document, and are swapped in half of the rows, so that
    their topic does not give the answer away. Target, weight and output as in `NextSentence`.

    Source: Lan et al. 2020, ALBERT, https://arxiv.org/abs/1909.11942, section 3.1, "Inter-sentence
    coherence loss".
    """

    name = "sentence_order"
    pairs: Pairs = "order"
