"""One vector for a text, from a state per position."""

from typing import get_args

import keras
from keras import ops

from kerasbert.choices import PoolingName
from kerasbert.layers.dense import Dense
from kerasbert.layers.masks import MaskedLayer

MODES = get_args(PoolingName)


@keras.saving.register_keras_serializable(package="kerasbert")
class Pooling(MaskedLayer):
    """Pool the states of a text; padding never counts.

    With B batch, L length, D width:

        hidden        (B, L, D)  float
        padding_mask  (B, L)     bool, True where there is text; or int, 0 at padding
        returns       (B, D)     dtype of `hidden`, (B, 2D) for "mean-max", twice as wide with
                                 `lead`; zeros for a row of nothing but padding

    Args:
        mode: "cls" takes the first state, "mean" and "max" all states that are not padding, those
            of [CLS] and [SEP] among them; "mean-max" joins the two.
        lead: pool the first `lead` positions by themselves as well, and join that behind; 0 for
            no such thing. For texts that say first what they are about, as titles do. Regions of a
            text that are pooled apart are those of Johnson and Zhang 2015,
            https://arxiv.org/abs/1412.1058, section 3.1.
        projection: follow with a Dense layer of the same width and tanh. With "cls" that is BERT's
            pooler (Devlin et al. 2019; `pooler` in its published weights).
        seed: of the initial weights of the projection.
    """

    hands_on = False

    def __init__(
        self, mode: str = "cls", projection: bool = False, seed: int = 0, lead: int = 0, **kwargs
    ):
        super().__init__(**kwargs)
        if mode not in MODES:
            raise ValueError(f"mode: expected one of {', '.join(MODES)}. Received: {mode!r}")
        if lead < 0 or (lead and mode == "cls"):
            raise ValueError(
                f'lead: expected 0, or more unless the mode is "cls". Received: {lead}'
            )
        self.mode = mode
        self.lead = lead
        self.projection = projection
        self.seed = seed

    def build(self, hidden_shape, padding_mask_shape=None):
        self.dense = None
        if self.projection:
            pooled_shape = self.compute_output_shape(hidden_shape)
            self.dense = Dense(
                pooled_shape[-1],
                activation="tanh",
                kernel_initializer=keras.initializers.GlorotUniform(seed=self.seed + 1),
                name="projection",
                dtype=self.dtype_policy,
            )
            self.dense.build(pooled_shape)

    def call(self, hidden, padding_mask):
        if self.mode == "cls":
            parts = [hidden[:, 0]]
        else:
            mask = ops.cast(ops.cast(padding_mask, "bool"), hidden.dtype)[..., None]  # (B, L, 1)
            parts = self._pool(hidden, mask)
            if self.lead:
                parts += self._pool(hidden[:, : self.lead], mask[:, : self.lead])
        pooled = parts[0] if len(parts) == 1 else ops.concatenate(parts, axis=-1)
        return pooled if self.dense is None else self.dense(pooled)

    def _pool(self, hidden, mask):
        parts = []
        if "mean" in self.mode:
            count = ops.maximum(ops.sum(mask, axis=1), 1)
            parts.append(ops.sum(hidden * mask, axis=1) / count)
        if "max" in self.mode:
            lowest = ops.cast(-6e4, hidden.dtype)  # below any state, and in range of float16
            highest = ops.max(ops.where(mask > 0, hidden, lowest), axis=1)
            parts.append(highest * ops.max(mask, axis=1))
        return parts

    def compute_output_shape(self, hidden_shape, padding_mask_shape=None):
        parts = (2 if self.mode == "mean-max" else 1) * (2 if self.lead else 1)
        return (hidden_shape[0], hidden_shape[-1] * parts)

    def get_config(self):
        return super().get_config() | {
            "mode": self.mode,
            "projection": self.projection,
            "seed": self.seed,
            "lead": self.lead,
        }
