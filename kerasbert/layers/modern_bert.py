"""The encoder of ModernBERT: local and global attention in turn, gated feed-forward, no biases."""

from typing import Any

import keras
from keras import ops

from kerasbert.layers.attention import SelfAttention
from kerasbert.layers.block_stack import BlockStack
from kerasbert.layers.dense import Dense
from kerasbert.layers.dropout import Dropout
from kerasbert.layers.gather import states_at
from kerasbert.layers.gelu import activate
from kerasbert.layers.masks import MaskedLayer


@keras.saving.register_keras_serializable(package="kerasbert")
class ModernBertBlock(MaskedLayer):
    """Self-attention and a gated feed-forward network, each behind a normalization.

        hidden        (B, L, D)  float
        padding_mask  (B, L)     bool or int, as `ModernBertEncoder` takes it
        positions     (B, M)     int, of the states that are wanted; all of them unless given
        returns       (B, L, D)  float; (B, M, D) with `positions`

    Args:
        heads: attention heads.
        d_ff: width of the feed-forward network, and of its gate.
        first: whether it is the first block, whose input the embedding has normalized already.
        window: how far a position sees to each side; the whole row unless given.
        base: of the rotary positions, see `SelfAttention`.
        dropout, attention_dropout, activation, epsilon, seed: see `ModernBertEncoder`.
    """

    def __init__(
        self,
        heads: int,
        d_ff: int,
        first: bool = False,
        window: int | None = None,
        base: float = 10_000.0,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        activation: str = "gelu",
        epsilon: float = 1e-5,
        seed: int = 0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.settings: dict[str, Any] = {
            "heads": heads,
            "d_ff": d_ff,
            "first": first,
            "window": window,
            "base": base,
            "dropout": dropout,
            "attention_dropout": attention_dropout,
            "activation": activation,
            "epsilon": epsilon,
            "seed": seed,
        }
        self.d_ff, self.activation, self.seed = d_ff, activation, seed

        def norm(name):
            return keras.layers.LayerNormalization(
                epsilon=epsilon, center=False, name=name, dtype=self.dtype_policy
            )

        self.attention_norm = None if first else norm("attention_norm")
        self.feed_forward_norm = norm("feed_forward_norm")
        self.attention_dropout, self.feed_forward_dropout = (
            Dropout(dropout, seed=seed + offset, name=name, dtype=self.dtype_policy)
            for offset, name in ((20, "attention_dropout"), (30, "feed_forward_dropout"))
        )

    def build(self, hidden_shape, padding_mask_shape=None, positions_shape=None):
        width, settings = hidden_shape[-1], self.settings
        each = width // settings["heads"]
        self.attention = SelfAttention(
            settings["heads"],
            each,
            each,
            dropout=settings["attention_dropout"],
            rotary=True,
            seed=self.seed + 10,
            base=settings["base"],
            window=settings["window"],
            use_bias=False,
            name="attention",
            dtype=self.dtype_policy,
        )

        def dense(units, offset, name):
            return Dense(
                units,
                use_bias=False,
                kernel_initializer=keras.initializers.GlorotUniform(seed=self.seed + offset),
                name=name,
                dtype=self.dtype_policy,
            )

        self.inner = dense(2 * self.d_ff, 1, "feed_forward_inner")
        self.outer = dense(width, 2, "feed_forward_outer")
        self.attention.build(hidden_shape)
        if self.attention_norm is not None:
            self.attention_norm.build(hidden_shape)
        self.feed_forward_norm.build(hidden_shape)
        self.inner.build(hidden_shape)
        self.outer.build((*hidden_shape[:-1], self.d_ff))

    def call(self, hidden, padding_mask, positions=None, training=None):
        seen = hidden if self.attention_norm is None else self.attention_norm(hidden)
        wanted = hidden if positions is None else states_at(hidden, positions)
        context = self.attention(seen, padding_mask, positions, training=training)
        wanted = wanted + self.attention_dropout(context, training=training)
        inner, gate = ops.split(self.inner(self.feed_forward_norm(wanted)), 2, axis=-1)
        outer = self.outer(activate(self.activation, inner, training) * gate)
        return wanted + self.feed_forward_dropout(outer, training=training)

    def compute_output_shape(self, hidden_shape, padding_mask_shape=None, positions_shape=None):
        return (*(positions_shape or hidden_shape[:2]), hidden_shape[-1])

    def get_config(self):
        return super().get_config() | self.settings


@keras.saving.register_keras_serializable(package="kerasbert")
class ModernBertEncoder(BlockStack):
    """A stack of blocks, of which every third sees the whole row, the others their surroundings.

    With B batch, L length, D width:

        hidden        (B, L, D)  float
        padding_mask  (B, L)     bool, True where there is text; or int, where several documents
                                 share a row: the number of each position's document, 1, 2, 3 and
                                 so on along the row, and 0 for padding
        positions     (B, M)     int, of the states that are wanted; all of them unless given
        returns       (B, L, D)  float; states at padding are without meaning
                      (B, M, D)  with `positions`: the last block then computes no others

    The window is a mask: what it hides costs as much time as what it shows.

    Args:
        layers: number of blocks.
        heads: attention heads of each block; D is a multiple of twice their number.
        d_ff: width of the feed-forward network, and of its gate.
        dropout: after attention and after the feed-forward network, in training.
        attention_dropout: on the attention probabilities, in training.
        activation: of the feed-forward network; see `TransformerEncoder`.
        epsilon: of the layer normalizations, which have no offset.
        window: how far a position sees to each side in a block that is local.
        global_every: the first of so many blocks is not.
        local_base: of rotary positions in local blocks.
        global_base: of those in the others.
        seed: of the initial weights and of dropout.

    A gradient of a gradient is wrong on TensorFlow: that of Keras' LayerNormalization is.

    Source: Warner et al. 2024, https://arxiv.org/abs/2412.13663, section 2.1.
    """

    def __init__(
        self,
        layers: int,
        heads: int,
        d_ff: int,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        activation: str = "gelu",
        epsilon: float = 1e-5,
        window: int = 64,
        global_every: int = 3,
        local_base: float = 10_000.0,
        global_base: float = 160_000.0,
        seed: int = 0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        shared: dict[str, Any] = {
            "heads": heads,
            "d_ff": d_ff,
            "dropout": dropout,
            "attention_dropout": attention_dropout,
            "activation": activation,
            "epsilon": epsilon,
        }
        self.settings = shared | {
            "layers": layers,
            "window": window,
            "global_every": global_every,
            "local_base": local_base,
            "global_base": global_base,
            "seed": seed,
        }
        self.blocks = [
            ModernBertBlock(
                **shared,
                first=i == 0,
                window=window if i % global_every else None,
                base=local_base if i % global_every else global_base,
                seed=seed + 100 * (i + 1),
                name=f"block_{i}",
                dtype=self.dtype_policy,
            )
            for i in range(layers)
        ]
        self.norm = keras.layers.LayerNormalization(
            epsilon=epsilon, center=False, name="norm", dtype=self.dtype_policy
        )
