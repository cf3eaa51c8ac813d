"""Objectives over pairs of segments: does the second one follow the first?"""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasbert.choices import Pairs
from kerasbert.evaluation.objectives import Compared, Figures
from kerasbert.layers.dense import dtype_of_logits
from kerasbert.tasks.held_out import Batch
from kerasbert.tasks.task import Rows, TaskBatch


class NextSentence:
    """Two classes over the pooled vector, 1 where segment b follows segment a.

    With B rows:

        target  (B,)    int32, 1 = next, 0 = from another document
        weight  (B,)    float32, 0 for a row that is not a pair (a document of one sentence)
        output  (B, 2)  float32 logits

    Held-out figures, with the name of the objective: `val_loss_NAME`, nats a pair, NaN where no row
    is a pair; `chance_loss_NAME`, of two classes of which nothing is known: ln 2.

    Source: Devlin et al. 2019, https://arxiv.org/abs/1810.04805, section 3.1, "Next Sentence
    Prediction".
    """

    name = "next_sentence"
    pairs: Pairs = "next"

    def __init__(self, seed: int = 0):
        self.seed = seed

    @property
    def figures(self) -> Figures:
        words = self.name.replace("_", " ")
        return Figures(
            (
                Compared(
                    f"val_loss_{self.name}",
                    f"chance_loss_{self.name}",
                    f"{self.name.capitalize().replace('_', '-')} loss",
                    "nats a pair",
                    "guessing",
                    f"The validation loss of {words}",
                    "the loss of guessing",
                    "the encoder tells such pairs apart",
                    "so far the encoder guesses",
                ),
            )
        )

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

    def scoring_model(self, model: keras.Model, names: Sequence[str]) -> keras.Model:
        """The logarithm of each class's share."""
        read = {name: model.input[name] for name in names}
        return keras.Model(read, ops.log_softmax(model.output[self.name], axis=-1))

    def score(self, scorer: keras.Model, batches: Iterable[Batch], valid: Any) -> dict[str, float]:
        """The held-out figures."""
        nats = pairs = 0.0
        for inputs, targets, weights in batches:
            said = np.asarray(scorer.predict_on_batch(inputs))
            found = np.take_along_axis(said, targets[self.name][:, None], axis=1)[:, 0]
            nats -= float((found * weights[self.name]).sum())
            pairs += float(weights[self.name].sum())
        loss = nats / pairs if pairs else float("nan")
        return {f"val_loss_{self.name}": loss, f"chance_loss_{self.name}": float(np.log(2))}


class SentenceOrder(NextSentence):
    """Two classes over the pooled vector, 1 where the segments stand in their own order.

    Both always follow each other in one document, and are swapped in half of the rows, so that
    their topic does not give the answer away. Target, weight and output as in `NextSentence`.

    Source: Lan et al. 2020, ALBERT, https://arxiv.org/abs/1909.11942, section 3.1, "Inter-sentence
    coherence loss".
    """

    name = "sentence_order"
    pairs: Pairs = "order"
