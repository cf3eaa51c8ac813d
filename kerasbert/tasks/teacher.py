"""Learning from a teacher: the pooled vector of a row foretells another encoder's vector of it."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasbert.choices import Pairs
from kerasbert.evaluation.objectives import Compared, Figures
from kerasbert.layers.dense import Dense, dtype_of_logits
from kerasbert.tasks.held_out import Batch
from kerasbert.tasks.task import Rows, TaskBatch


@keras.saving.register_keras_serializable(package="kerasbert")
class CosineDistance(keras.losses.Loss):
    """1 minus the cosine of the angle between target and output, (B, E) float each.

    Args:
        scale: what the distance is multiplied by: how much it counts beside other losses.
    """

    def __init__(
        self, scale=1.0, reduction="mean_with_sample_weight", name="cosine_distance", **kwargs
    ):
        super().__init__(reduction=reduction, name=name, **kwargs)
        self.scale = scale

    def call(self, target, output):
        cosine = ops.sum(ops.normalize(target, axis=-1) * ops.normalize(output, axis=-1), axis=-1)
        return self.scale * (1.0 - cosine)

    def get_config(self):
        return super().get_config() | {"scale": self.scale}


class TeacherVectors:
    """Foretell a teacher's vector of the whole row from the pooled vector of what is read of it.

    The teacher is another encoder, as a rule a large public one, that has given each row a vector
    before the training (`kerasbert.training.teacher`). Beside `DocumentWords` the model reads half
    of the row, and has to tell what the teacher made of all of it.

    With B rows, E the width of the teacher's vectors:

        target  (B, E)  float32, of unit length
        weight  (B,)    float32, 1; 0 for a row without a vector, of which no text is left to read
        output  (B, E)  float32, of any length

    Held-out figures, means over the rows:

        val_loss_teacher   1 - cosine
        mean_loss_teacher  of one direction for all rows, the mean of their vectors

    Args:
        width: E.
        scale: how much the distance counts beside the losses of other objectives.
        seed: of the head's initial weights.

    Sources: a sentence vector taught to another encoder is Reimers and Gurevych 2020,
    https://arxiv.org/abs/2004.09813, section 2; a small model of another architecture taught by
    BERT is Tang et al. 2019, https://arxiv.org/abs/1903.12136, section 3.
    """

    name = "teacher"
    pairs: Pairs = "none"
    vectors = True
    figures = Figures(
        (
            Compared(
                "val_loss_teacher",
                "mean_loss_teacher",
                "Distance from the teacher",
                "1 - cosine",
                "the mean vector",
                "The distance from the teacher's vectors",
                "that of their mean",
                "the vector of a text tells what the teacher makes of it",
                "so far the vector of a text tells nothing of the teacher's",
                measure="",
            ),
        )
    )

    def __init__(self, width: int, scale: float = 5.0, seed: int = 0):
        self.width = width
        self.scale = scale
        self.seed = seed

    def make(self, rows: Rows, rng: np.random.Generator) -> TaskBatch:
        if rows.vectors is None:
            raise ValueError("Expected the teacher's vectors: PretrainingBatches(vectors=...).")
        target = np.array(rows.vectors, np.float32)
        unknown = np.isnan(target[:, 0])
        target[unknown] = 0
        return TaskBatch(target, np.where(unknown, 0, 1).astype(np.float32))

    def inputs(self):
        return {}

    def head(self, embedding, sequence, pooled, inputs):
        initializers = keras.initializers
        hidden = Dense(
            self.width,
            activation="gelu",
            kernel_initializer=initializers.GlorotUniform(seed=self.seed + 1),
            name="teacher_transform",
        )(pooled)
        return Dense(
            self.width,
            kernel_initializer=initializers.GlorotUniform(seed=self.seed + 2),
            dtype=dtype_of_logits(),
            name=self.name,
        )(hidden)

    def loss(self):
        return CosineDistance(self.scale, name=f"{self.name}_loss")

    def scoring_model(self, model: keras.Model, names: Sequence[str]) -> keras.Model:
        """The foretold vectors."""
        return keras.Model({name: model.input[name] for name in names}, model.output[self.name])

    def score(self, scorer: keras.Model, batches: Iterable[Batch], valid: Any) -> dict[str, float]:
        """The held-out figures."""
        cosines, mean, rows = 0.0, np.zeros(self.width), 0.0
        for inputs, targets, weights in batches:
            target = targets[self.name].astype(np.float64)
            said = np.asarray(scorer.predict_on_batch(inputs), np.float64)
            said /= np.maximum(np.linalg.norm(said, axis=-1, keepdims=True), 1e-12)
            cosines += float((said * target).sum())
            mean += target.sum(axis=0)
            rows += float(weights[self.name].sum())
        if not rows:
            return {"val_loss_teacher": float("nan"), "mean_loss_teacher": float("nan")}
        # The best one direction is that of the mean, and its mean cosine the mean's length.
        return {
            "val_loss_teacher": 1 - cosines / rows,
            "mean_loss_teacher": 1 - float(np.linalg.norm(mean)) / rows,
        }
