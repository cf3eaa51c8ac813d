"""Token, segment and position embedding; in reverse, the scores of the vocabulary."""

from typing import get_args

import keras
from keras import ops

from kerasbert.choices import EmbeddingPositions
from kerasbert.layers.dense import Dense, product
from kerasbert.layers.dropout import Dropout
from kerasbert.layers.ids import checked_ids, spoiled


@keras.saving.register_keras_serializable(package="kerasbert")
class TextEmbedding(keras.layers.Layer):
    """The sum of token, segment and learned position embeddings, normalized, with dropout.

    With B batch, L length, D = `d_model`, V = `vocabulary_size`:

        token_ids    (B, L)     int in [0, V)
        segment_ids  (B, L)     int in [0, segments); all 0 if left out
        position_ids (B, L)     int in [0, max_positions); 0, 1, 2 ... if left out
        returns      (B, L, D)  float, with a mask for Keras: True where there is no padding

    An id out of range is an error, and in a compiled step not a number.

    Called with `reverse=True` it computes vocabulary scores with the same token table, as the head
    of masked language modelling needs them:

        hidden       (B, M, D)  float; or (B, M, `width`)
        returns      (B, M, V)  float: the product with the transposed token table, without bias;
                                of states D wide with a projection, with that of the two

    Args:
        vocabulary_size: V.
        d_model: D.
        max_positions: rows of the position table; a longer text is an error.
        positions: "learned", or "none" for encoders that know the order by themselves.
        segments: rows of the segment table; with 0 there is none, and segment ids say nothing.
        dropout: share of the output set to 0 in training.
        epsilon: of the layer normalization; 1e-12 in BERT.
        seed: of the initial weights and of dropout.
        pad_id: the token id of padding, which models mask; its row of the table is as any other.
        width: of the tables and the normalization, if it is not D: a projection makes it D.
        offset: whether the normalization has one.

    Sources: Devlin et al. 2019, https://arxiv.org/abs/1810.04805, section 3 and figure 2; for the
    projection Clark et al. 2020 (ELECTRA), https://arxiv.org/abs/2003.10555, appendix A.
    """

    def __init__(
        self,
        vocabulary_size: int,
        d_model: int,
        max_positions: int = 512,
        positions: str = "learned",
        segments: int = 2,
        dropout: float = 0.1,
        epsilon: float = 1e-12,
        seed: int = 0,
        pad_id: int = 0,
        width: int | None = None,
        offset: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if positions not in (known := get_args(EmbeddingPositions)):
            expected = " or ".join(map(repr, known))
            raise ValueError(f"positions: expected {expected}. Received: {positions!r}")
        self.vocabulary_size = vocabulary_size
        self.d_model = d_model
        self.width = d_model if width is None else width
        self.max_positions = max_positions
        self.positions = positions
        self.segments = segments
        self.pad_id = pad_id
        self.epsilon = epsilon
        self.seed = seed
        self.offset = offset
        self.norm = keras.layers.LayerNormalization(
            epsilon=epsilon, center=offset, name="norm", dtype=self.dtype_policy
        )
        self.dropout = Dropout(dropout, seed=seed, name="dropout", dtype=self.dtype_policy)

    def build(self, inputs_shape, segment_ids_shape=None, position_ids_shape=None):
        def table(name, rows, offset):
            return self.add_weight(
                name=name,
                shape=(rows, self.width),
                initializer=keras.initializers.TruncatedNormal(
                    stddev=0.02, seed=self.seed + offset
                ),
            )

        self.token_table = table("token_table", self.vocabulary_size, 1)
        if self.segments:
            self.segment_table = table("segment_table", self.segments, 2)
        if self.positions == "learned":
            self.position_table = table("position_table", self.max_positions, 3)
        self.norm.build((None, None, self.width))
        self.projection = None
        if self.width != self.d_model:
            self.projection = Dense(
                self.d_model,
                kernel_initializer=keras.initializers.GlorotUniform(seed=self.seed + 4),
                name="projection",
                dtype=self.dtype_policy,
            )
            self.projection.build((None, None, self.width))

    def call(self, inputs, segment_ids=None, position_ids=None, reverse=False, training=None):
        if reverse:
            if self.projection is not None and inputs.shape[-1] != self.width:
                kernel = ops.cast(self.projection.kernel, inputs.dtype)
                inputs = product(inputs, ops.transpose(kernel))
            return product(inputs, ops.transpose(ops.cast(self.token_table, inputs.dtype)))
        self._check_length(inputs.shape)
        token_ids, *wrong = checked_ids("token_ids", inputs, self.vocabulary_size)
        places = None
        if self.positions == "learned" and position_ids is not None:
            places, elsewhere = checked_ids("position_ids", position_ids, self.max_positions)
            wrong.append(elsewhere)
        hidden = ops.take(self.token_table, token_ids, axis=0)
        if not self.segments:
            hidden = spoiled(hidden, *wrong)
        elif segment_ids is None:
            hidden = spoiled(hidden + self.segment_table[0], *wrong)
        else:
            hidden = hidden + self._segment_rows(segment_ids, wrong)
        if places is not None:
            hidden = hidden + ops.take(self.position_table, places, axis=0)
        elif self.positions == "learned":
            hidden = hidden + self.position_table[: ops.shape(inputs)[1]]
        hidden = ops.cast(hidden, self.compute_dtype)
        hidden = self.dropout(self.norm(hidden), training=training)
        return hidden if self.projection is None else self.projection(hidden)

    def _segment_rows(self, segment_ids, wrong):
        # A product with a one-hot matrix: for two rows its gradient is far cheaper than a scatter.
        segment_ids, unknown = checked_ids("segment_ids", segment_ids, self.segments)
        one_hot = ops.one_hot(segment_ids, self.segments, dtype=self.segment_table.dtype)
        return ops.matmul(spoiled(one_hot, *wrong, unknown), self.segment_table)

    def compute_mask(self, inputs, previous_mask):
        """True where a token is not padding; None for scores of the vocabulary."""
        if not keras.backend.is_int_dtype(inputs.dtype):
            return None
        return ops.not_equal(inputs, self.pad_id)

    def _check_length(self, shape):
        if len(shape) != 2:
            raise ValueError(f"TextEmbedding expects token_ids (B, L). Received: {tuple(shape)}")
        length = shape[1]
        if self.positions == "learned" and isinstance(length, int) and length > self.max_positions:
            raise ValueError(
                f"The text has {length} positions, the position table {self.max_positions} rows. "
                "Cut the text (--max-length), or pre-train with a longer table (--max-positions)."
            )

    def compute_output_spec(
        self, inputs, segment_ids=None, position_ids=None, reverse=False, training=None
    ):
        if reverse:
            shape = (*inputs.shape[:-1], self.vocabulary_size)
        else:
            self._check_length(inputs.shape)
            shape = (*inputs.shape, self.d_model)
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self):
        return super().get_config() | {
            "vocabulary_size": self.vocabulary_size,
            "d_model": self.d_model,
            "max_positions": self.max_positions,
            "positions": self.positions,
            "segments": self.segments,
            "pad_id": self.pad_id,
            "dropout": self.dropout.rate,
            "epsilon": self.epsilon,
            "seed": self.seed,
            "width": None if self.width == self.d_model else self.width,
            "offset": self.offset,
        }
