"""A long text as overlapping windows: folded into rows for the encoder, and pooled again."""

from typing import get_args

import keras
from keras import ops

from kerasbert.choices import WindowPooling
from kerasbert.layers.dense import Dense
from kerasbert.layers.quantized import quantized_policies

MODES = get_args(WindowPooling)


@keras.saving.register_keras_serializable(package="kerasbert")
class FoldWindows(keras.layers.Layer):
    """Make each window a row of its own.

    With B batch, W windows, L positions of a window:

        ids      (B, W L)  int
        returns  (B W, L)  int

    Args:
        window: L.
    """

    def __init__(self, window: int, **kwargs):
        super().__init__(**kwargs)
        self.window = window

    def call(self, ids):
        length = ids.shape[1]
        if length is not None and length % self.window:  # a row would begin in another text
            raise ValueError(
                f"FoldWindows expects rows of whole windows of {self.window} positions. "
                f"Received: {tuple(ids.shape)}"
            )
        return ops.reshape(ids, (-1, self.window))

    def compute_output_shape(self, ids_shape):
        return (None, self.window)

    def get_config(self):
        return super().get_config() | {"window": self.window}


@keras.saving.register_keras_serializable(package="kerasbert")
class PoolWindows(keras.layers.Layer):
    """One vector for a text from those of its windows; windows without text never count.

    With B batch, W windows, D width:

        pooled     (B W, D)  float
        token_ids  (B W, L)  int; a window without text begins with `pad_id`
        ids        (B, W L)  int, the same before it was folded: its shape says W
        returns    (B, D)    dtype of `pooled`; zeros for a text without any window

    Args:
        mode: "max" or "mean" over windows, or "attention": their mean by learned weights.
        seed: of the initial weights of the attention.
        pad_id: the token id of padding.
    """

    def __init__(self, mode: str = "max", seed: int = 0, pad_id: int = 0, **kwargs):
        super().__init__(**kwargs)
        if mode not in MODES:
            raise ValueError(f"mode: expected one of {', '.join(MODES)}. Received: {mode!r}")
        self.mode = mode
        self.seed = seed
        self.pad_id = pad_id

    def build(self, pooled_shape, token_ids_shape=None, ids_shape=None):
        self.score = None
        if self.mode == "attention":
            self.score = Dense(
                1,
                kernel_initializer=keras.initializers.GlorotUniform(seed=self.seed + 1),
                name="score",
                dtype=self.dtype_policy,
            )
            self.score.build(pooled_shape)

    def call(self, pooled, token_ids, ids):
        windows = ops.shape(ids)[1] // token_ids.shape[-1]
        shape = (-1, windows, pooled.shape[-1])
        there = ops.cast(ops.not_equal(token_ids[:, :1], self.pad_id), pooled.dtype)  # (B W, 1)
        mask = ops.reshape(there, (-1, windows, 1))
        lowest = ops.cast(-6e4, pooled.dtype)  # below any state, and in range of float16
        if self.mode == "max":
            highest = ops.max(ops.where(mask > 0, ops.reshape(pooled, shape), lowest), axis=1)
            return highest * ops.max(mask, axis=1)
        weights = mask
        if self.score is not None:
            scores = ops.reshape(self.score(pooled), (-1, windows, 1))
            weights = ops.softmax(ops.where(mask > 0, scores, lowest), axis=1) * mask
        # They sum to 0 only where there is no window, and then all that is divided is 0.
        total = ops.sum(weights, axis=1) + (1 - ops.max(mask, axis=1))
        return ops.sum(ops.reshape(pooled, shape) * weights, axis=1) / total

    def compute_output_shape(self, pooled_shape, token_ids_shape=None, ids_shape=None):
        return (None, pooled_shape[-1])

    def get_config(self):
        config = super().get_config() | quantized_policies(self)
        return config | {"mode": self.mode, "seed": self.seed, "pad_id": self.pad_id}
