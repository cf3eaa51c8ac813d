"""The Transformer encoder: attention and feed-forward blocks, post- or pre-norm."""

from typing import get_args

import keras

from kerasbert.choices import Norm
from kerasbert.layers.attention import SelfAttention
from kerasbert.layers.block_stack import BlockStack
from kerasbert.layers.dense import Dense
from kerasbert.layers.dropout import Dropout
from kerasbert.layers.gather import states_at
from kerasbert.layers.gelu import activate
from kerasbert.layers.masks import MaskedLayer


@keras.saving.register_keras_serializable(package="kerasbert")
class TransformerBlock(MaskedLayer):
    """Self-attention and a feed-forward network, each with dropout, residual and normalization.

        hidden        (B, L, D)  float
        padding_mask  (B, L)     bool or int, as `TransformerEncoder` takes it
        positions     (B, M)     int, of the states that are wanted; all of them unless given
        returns       (B, L, D)  float; (B, M, D) with `positions`

    `norm="post"` normalizes after each residual sum (Vaswani et al. 2017, section 3.1; BERT),
    `norm="pre"` before each sublayer (Xiong et al. 2020, https://arxiv.org/abs/2002.04745).
    `activation="gelu"` is the exact GELU. For the other arguments see `TransformerEncoder`.
    """

    def __init__(
        self,
        heads: int,
        d_k: int,
        d_v: int,
        d_ff: int,
        dropout: float = 0.1,
        attention_dropout: float = 0.0,
        norm: str = "pre",
        activation: str = "gelu",
        epsilon: float = 1e-12,
        rotary: bool = False,
        seed: int = 0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if norm not in (known := get_args(Norm)):
            expected = " or ".join(map(repr, known))
            raise ValueError(f"norm: expected {expected}. Received: {norm!r}")
        self.d_ff = d_ff
        self.dropout = dropout
        self.norm = norm
        self.activation = activation
        self.epsilon = epsilon
        self.seed = seed
        self.attention = SelfAttention(
            heads,
            d_k,
            d_v,
            dropout=attention_dropout,
            rotary=rotary,
            seed=seed + 10,
            name="attention",
            dtype=self.dtype_policy,
        )
        self.attention_norm = keras.layers.LayerNormalization(
            epsilon=epsilon,
            name="attention_norm",
            dtype=self.dtype_policy,
        )
        self.attention_dropout = Dropout(
            dropout,
            seed=seed + 20,
            name="attention_dropout",
            dtype=self.dtype_policy,
        )
        self.feed_forward_norm = keras.layers.LayerNormalization(
            epsilon=epsilon,
            name="feed_forward_norm",
            dtype=self.dtype_policy,
        )
        self.feed_forward_dropout = Dropout(
            dropout,
            seed=seed + 30,
            name="feed_forward_dropout",
            dtype=self.dtype_policy,
        )

    def build(self, hidden_shape, padding_mask_shape=None, positions_shape=None):
        width = hidden_shape[-1]
        self.inner = Dense(
            self.d_ff,
            kernel_initializer=keras.initializers.GlorotUniform(seed=self.seed + 1),
            name="feed_forward_inner",
            dtype=self.dtype_policy,
        )
        self.outer = Dense(
            width,
            kernel_initializer=keras.initializers.GlorotUniform(seed=self.seed + 2),
            name="feed_forward_outer",
            dtype=self.dtype_policy,
        )
        self.attention.build(hidden_shape)
        self.attention_norm.build(hidden_shape)
        self.inner.build(hidden_shape)
        self.outer.build((*hidden_shape[:-1], self.d_ff))
        self.feed_forward_norm.build(hidden_shape)

    def call(self, hidden, padding_mask, positions=None, training=None):
        wanted = hidden if positions is None else states_at(hidden, positions)
        seen = hidden if self.norm == "post" else self.attention_norm(hidden)
        context = self.attention(seen, padding_mask, positions, training=training)
        wanted = wanted + self.attention_dropout(context, training=training)
        if self.norm == "post":
            wanted = self.attention_norm(wanted)
            return self.feed_forward_norm(wanted + self._feed_forward(wanted, training))
        return wanted + self._feed_forward(self.feed_forward_norm(wanted), training)

    def _feed_forward(self, hidden, training):
        inner = activate(self.activation, self.inner(hidden), training)
        return self.feed_forward_dropout(self.outer(inner), training=training)

    def compute_output_shape(self, hidden_shape, padding_mask_shape=None, positions_shape=None):
        return (*(positions_shape or hidden_shape[:2]), hidden_shape[-1])

    def get_config(self):
        return super().get_config() | {
            "heads": self.attention.heads,
            "d_k": self.attention.d_k,
            "d_v": self.attention.d_v,
            "d_ff": self.d_ff,
            "dropout": self.dropout,
            "attention_dropout": self.attention.dropout.rate,
            "norm": self.norm,
            "activation": self.activation,
            "epsilon": self.epsilon,
            "rotary": self.attention.rotary,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable(package="kerasbert")
class TransformerEncoder(BlockStack):
    """A stack of Transformer blocks.

    With B batch, L length, D width:

        hidden        (B, L, D)  float
        padding_mask  (B, L)     bool, True where there is text; or int, where several documents
                                 share a row: the number of each position's document, 1, 2, 3 and
                                 so on along the row, and 0 for padding
        positions     (B, M)     int, of the states that are wanted; all of them unless given
        returns       (B, L, D)  float; states at padding are without meaning
                      (B, M, D)  with `positions`: the last block then computes no others

    Args:
        layers: number of blocks.
        heads: attention heads of each block.
        d_k: width of a query or key in each head.
        d_v: width of a value in each head.
        d_ff: width of the feed-forward network.
        dropout: after attention and after the feed-forward network, in training.
        attention_dropout: on the attention probabilities, in training.
        norm: "post" (BERT) or "pre"; "pre" normalizes the output of the last block too.
        activation: of the feed-forward network; "gelu" is the exact one, "gelu_tanh" its
            approximation, any other name Keras' own.
        epsilon: of the layer normalizations.
        rotary: the attention knows positions by itself, see `SelfAttention`.
        seed: of the initial weights and of dropout.

    A gradient of a gradient is wrong on TensorFlow: that of Keras' LayerNormalization is.

    Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762; as in BERT, Devlin et al. 2019.
    """

    def __init__(
        self,
        layers: int,
        heads: int,
        d_k: int,
        d_v: int,
        d_ff: int,
        dropout: float = 0.1,
        attention_dropout: float = 0.0,
        norm: str = "pre",
        activation: str = "gelu",
        epsilon: float = 1e-12,
        rotary: bool = False,
        seed: int = 0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.settings = {
            "layers": layers,
            "heads": heads,
            "d_k": d_k,
            "d_v": d_v,
            "d_ff": d_ff,
            "dropout": dropout,
            "attention_dropout": attention_dropout,
            "norm": norm,
            "activation": activation,
            "epsilon": epsilon,
            "rotary": rotary,
            "seed": seed,
        }
        of_block = {name: value for name, value in self.settings.items() if name != "layers"}
        self.blocks = [
            TransformerBlock(
                **of_block | {"seed": seed + 100 * (i + 1)},
                name=f"block_{i}",
                dtype=self.dtype_policy,
            )
            for i in range(layers)
        ]
        self.norm = (
            keras.layers.LayerNormalization(epsilon=epsilon, name="norm", dtype=self.dtype_policy)
            if norm == "pre"
            else None
        )
