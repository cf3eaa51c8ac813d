"""Multi-head self-attention over a padded batch."""

import keras
from keras import ops

from kerasbert.layers.dense import Dense, product
from kerasbert.layers.dropout import Dropout
from kerasbert.layers.gather import states_at
from kerasbert.layers.masks import MaskedLayer, checked_documents, is_bool


def rotate(x, positions=None, base: float = 10_000.0):
    """Turn each pair of numbers of a vector by an angle that grows with its position.

    The product of a query and a key turned so depends on how far apart they are, not on where. So
    there is no table of positions, and a text may be longer than any seen before. The pairs are the
    numbers i and i + d / 2.

        x          (B, L, H, d)  float, d even
        positions  (B, L)        int, where the vectors stand; 0, 1, 2, ... unless given
        returns    (B, L, H, d)  dtype of `x`

    Source: Su et al. 2021, https://arxiv.org/abs/2104.09864, equations 14, 15 and 34.
    """
    length, half = ops.shape(x)[1], x.shape[-1] // 2
    speed = base ** (-ops.arange(half, dtype="float32") / half)
    if positions is None:
        positions = ops.arange(length)[None]
    angle = ops.cast(positions, "float32")[:, :, None, None] * speed  # (1 or B, L, 1, d / 2)
    cosine = ops.cast(ops.cos(angle), x.dtype)
    sine = ops.cast(ops.sin(angle), x.dtype)
    first, second = ops.split(x, 2, axis=-1)
    return ops.concatenate(
        [first * cosine - second * sine, second * cosine + first * sine], axis=-1
    )


def visible_positions(padding_mask, positions=None, window: int | None = None):
    """Which keys (last axis) each query may look at.

    padding_mask  (B, L)                        as `SelfAttention` takes it
    positions     (B, M)                        int, of the queries; M = L unless given
    window        int                           how far a query sees to each side, if not all
    returns       (B, 1, 1, L) or (B, 1, M, L)  bool
    """
    if window is not None:
        places = ops.arange(ops.shape(padding_mask)[1])
        asking = places[None] if positions is None else ops.cast(positions, places.dtype)
        near = ops.abs(asking[:, :, None] - places) <= window  # (1 or B, M, L)
        # A query at padding, with padding all around it, sees itself: else it is not a number.
        itself = ops.equal(asking[:, :, None], places)
        visible = visible_positions(padding_mask, positions)
        return ops.logical_or(ops.logical_and(visible, near[:, None]), itself[:, None])
    if is_bool(padding_mask):
        return padding_mask[:, None, None, :]
    asking = padding_mask
    if positions is not None:
        asking = states_at(padding_mask[:, :, None], positions)[:, :, 0]
    # Padding sees padding: a query that sees nothing would come out as not a number.
    return ops.equal(asking[:, None, :, None], padding_mask[:, None, None, :])


def fused_is_faster() -> bool:
    """Whether the backend's own attention takes less time than its plain operations."""
    if keras.backend.backend() != "jax":
        return True
    from kerasbert.layers.jax import on_cpu

    return not on_cpu()


@keras.saving.register_keras_serializable(package="kerasbert")
class SelfAttention(MaskedLayer):
    """Every position looks at every position of the same row that is not padding.

    With B batch, L length, D width of the input, H = `heads`:

        hidden        (B, L, D)  float
        padding_mask  (B, L)     bool, True where there is text; or int, where several documents
                                 share a row: the number of each position's document, 1, 2, 3 and
                                 so on along the row, and 0 for padding
        positions     (B, M)     int, of the states that are wanted; all of them unless given
        returns       (B, L, D)  float; (B, M, D) with `positions`

    Positions see those of their own document only.

    Query, key and value come from one product with a kernel of width H x (2 d_k + d_v): queries of
    all heads first, then keys, then values.

    Args:
        heads: H.
        d_k: width of a query or key in each head.
        d_v: width of a value in each head.
        dropout: share of the attention probabilities set to 0 in training. Above 0, training
            computes them with plain operations instead of the backend's fused attention, which on
            PyTorch has no gradient of a gradient but by `SDPBackend.MATH`.
        rotary: turn queries and keys by their position, see `rotate`; d_k must be even.
        seed: of the initial weights and of dropout.
        base: of the angles, see `rotate`; the larger, the slower they grow.
        window: how far a position sees to each side; the whole row unless given.
        use_bias: whether the two products have one.

    Sources: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2; for rotary
    positions Su et al. 2021, https://arxiv.org/abs/2104.09864, section 3.2; for the window Beltagy
    et al. 2020, https://arxiv.org/abs/2004.05150, section 3.1.
    """

    def __init__(
        self,
        heads: int,
        d_k: int,
        d_v: int,
        dropout: float = 0.0,
        rotary: bool = False,
        seed: int = 0,
        base: float = 10_000.0,
        window: int | None = None,
        use_bias: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if rotary and d_k % 2:
            raise ValueError(f"d_k: expected an even number with rotary=True. Received: {d_k}")
        self.heads = heads
        self.d_k = d_k
        self.d_v = d_v
        self.rotary = rotary
        self.base = base
        self.window = window
        self.use_bias = use_bias
        self.seed = seed
        self.dropout = Dropout(dropout, seed=seed, name="dropout", dtype=self.dtype_policy)

    def build(self, hidden_shape, padding_mask_shape=None, positions_shape=None):
        width = hidden_shape[-1]
        self.qkv = Dense(
            self.heads * (2 * self.d_k + self.d_v),
            use_bias=self.use_bias,
            kernel_initializer=keras.initializers.GlorotUniform(seed=self.seed + 1),
            name="qkv",
            dtype=self.dtype_policy,
        )
        self.output_projection = Dense(
            width,
            use_bias=self.use_bias,
            kernel_initializer=keras.initializers.GlorotUniform(seed=self.seed + 2),
            name="output",
            dtype=self.dtype_policy,
        )
        self.qkv.build(hidden_shape)
        self.output_projection.build((None, None, self.heads * self.d_v))

    def call(self, hidden, padding_mask, positions=None, training=None):
        padding_mask, _ = checked_documents(padding_mask)
        query, key, value = self._project(hidden, positions)
        batch, length = ops.shape(hidden)[:2]
        asking = ops.shape(query)[1]
        query = ops.reshape(query, (batch, asking, self.heads, self.d_k))
        key = ops.reshape(key, (batch, length, self.heads, self.d_k))
        value = ops.reshape(value, (batch, length, self.heads, self.d_v))
        if self.rotary:
            query, key = rotate(query, positions, self.base), rotate(key, base=self.base)
        visible = visible_positions(padding_mask, positions, self.window)
        drops = training and self.dropout.rate > 0
        if self.d_k == self.d_v and not drops and fused_is_faster():
            context = ops.dot_product_attention(query, key, value, mask=visible)
        else:
            context = self._attend(query, key, value, visible, training)
        return self.output_projection(ops.reshape(context, (batch, asking, self.heads * self.d_v)))

    def _project(self, hidden, positions):
        """Keys and values of all positions, queries of those that are asked for."""
        keys = self.heads * self.d_k
        if positions is None or self.qkv.quantization_mode is not None:
            query, *others = ops.split(self.qkv(hidden), [keys, 2 * keys], axis=-1)
            return query if positions is None else states_at(query, positions), *others
        kernel = ops.convert_to_tensor(self.qkv.kernel, dtype=self.compute_dtype)
        of_query = of_others = None
        if self.use_bias:
            bias = ops.convert_to_tensor(self.qkv.bias, dtype=self.compute_dtype)
            of_query, of_others = bias[:keys], bias[keys:]
        query = product(states_at(hidden, positions), kernel[:, :keys], of_query)
        others = product(hidden, kernel[:, keys:], of_others)
        return query, *ops.split(others, [keys], axis=-1)

    def _attend(self, query, key, value, visible, training):
        """The same with plain operations: dropout, and values of another width than keys."""
        scores = ops.einsum("bqhd,bkhd->bhqk", query, key) * (self.d_k**-0.5)
        lowest = -1e30 if scores.dtype != "float16" else -6e4
        scores = ops.where(visible, scores, ops.cast(lowest, scores.dtype))
        probabilities = self.dropout(ops.softmax(scores, axis=-1), training=training)
        return ops.einsum("bhqk,bkhd->bqhd", probabilities, value)

    def compute_output_shape(self, hidden_shape, padding_mask_shape=None, positions_shape=None):
        return (*(positions_shape or hidden_shape[:2]), hidden_shape[-1])

    def get_config(self):
        return super().get_config() | {
            "heads": self.heads,
            "d_k": self.d_k,
            "d_v": self.d_v,
            "dropout": self.dropout.rate,
            "rotary": self.rotary,
            "seed": self.seed,
            "base": self.base,
            "window": self.window,
            "use_bias": self.use_bias,
        }
