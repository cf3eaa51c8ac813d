"""One vector for a text, from a state per position."""

import keras
from keras import ops

MODES = ("cls", "mean", "max")


@keras.saving.register_keras_serializable(package="kerasbert")
class Pooling(keras.layers.Layer):
    """Pool the states of a text; padding never counts.

    With B batch, L length, D width:

        hidden        (B, L, D)  float
        padding_mask  (B, L)     bool, True where there is text
        returns       (B, D)     dtype of `hidden`; zeros for a row of nothing but padding

    Args:
        mode: "cls" takes the first state, "mean" and "max" all states that are not padding, those
            of [CLS] and [SEP] among them.
        projection: follow with a Dense layer of width D and tanh. With "cls" that is BERT's pooler
            (Devlin et al. 2019; `pooler` in its published weights).
        seed: of the initial weights of the projection.
    """

    def __init__(self, mode: str = "cls", projection: bool = False, seed: int = 0, **kwargs):
        super().__init__(**kwargs)
        if mode not in MODES:
            raise ValueError(f"mode: expected one of {', '.join(MODES)}. Received: {mode!r}")
        self.mode = mode
        self.projection = projection
        self.seed = seed

    def build(self, hidden_shape, padding_mask_shape=None):
        self.dense = None
        if self.projection:
            self.dense = keras.layers.Dense(
                hidden_shape[-1],
                activation="tanh",
                kernel_initializer=keras.initializers.GlorotUniform(seed=self.seed + 1),
                name="projection",
            )
            self.dense.build((hidden_shape[0], hidden_shape[-1]))

    def call(self, hidden, padding_mask):
        if self.mode == "cls":
            pooled = hidden[:, 0]
        else:
            mask = ops.expand_dims(ops.cast(padding_mask, hidden.dtype), -1)  # (B, L, 1)
            if self.mode == "mean":
                count = ops.maximum(ops.sum(mask, axis=1), 1)
                pooled = ops.sum(hidden * mask, axis=1) / count
            else:
                lowest = ops.cast(-6e4, hidden.dtype)  # below any state, and in range of float16
                pooled = ops.max(ops.where(mask > 0, hidden, lowest), axis=1)
                pooled = ops.where(ops.max(mask, axis=1) > 0, pooled, ops.zeros_like(pooled))
        return pooled if self.dense is None else self.dense(pooled)

    def compute_output_shape(self, hidden_shape, padding_mask_shape=None):
        return (hidden_shape[0], hidden_shape[-1])

    def get_config(self):
        return super().get_config() | {
            "mode": self.mode,
            "projection": self.projection,
            "seed": self.seed,
        }
