"""The TextCNN encoder: convolutions of several widths that keep a state per position."""

import keras
from keras import ops

from kerasbert.layers.convolution import Conv1D, convolve_gelu
from kerasbert.layers.dense import Dense
from kerasbert.layers.dropout import Dropout
from kerasbert.layers.ids import spoiled
from kerasbert.layers.masks import MaskedLayer, checked_documents, is_bool
from kerasbert.layers.maximum import maximum_over_text
from kerasbert.layers.padding import without_padding


@keras.saving.register_keras_serializable(package="kerasbert")
class TextCNNEncoder(MaskedLayer):
    """Convolutions of several widths side by side, each a few layers deep, brought back to width D.

    With B batch, L length, D width:

        hidden        (B, L, D)  float
        padding_mask  (B, L)     bool, True where there is text; or int, where several documents
                                 share a row: the number of each position's document, 1, 2, 3 and
                                 so on along the row, and 0 for padding
        returns       (B, L, D)  float; zeros at padding

    Each width has `convolutions` layers of `filters` filters with "same" padding, so there is a
    state per position and masked language modelling works on it. Padding is set to zero before
    every convolution: it looks like the zeros beyond the text's end, however long the row is.

    Convolutions see a few tokens to each side. What the whole text is about comes from the maximum
    of each feature over all positions, the pooling over time of the TextCNN: both, features and
    maxima, are projected to D and added to the input, and the sum is normalized. So a masked word
    is predicted from its neighbours and from the text. Documents that share a row must be parted by
    `document_gap` positions of padding: then no convolution reaches from one into the next.

    Args:
        filters: of each width.
        widths: of the convolutions, in tokens.
        convolutions: layers of each width.
        dropout: before the residual sum, in training.
        activation: of the convolutions; "gelu" is the exact one.
        epsilon: of the layer normalization.
        seed: of the initial weights and of dropout.

    A gradient of a gradient is wrong on TensorFlow: that of Keras' LayerNormalization is.

    Source: Kim 2014, https://arxiv.org/abs/1408.5882, section 2.
    """

    def __init__(
        self,
        filters: int,
        widths: tuple[int, ...] = (2, 3, 4, 5),
        convolutions: int = 2,
        dropout: float = 0.1,
        activation: str = "gelu",
        epsilon: float = 1e-6,
        seed: int = 0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.widths = tuple(widths)
        self.convolutions = convolutions
        self.activation = activation
        self.epsilon = epsilon
        self.seed = seed
        self.towers = [
            [
                Conv1D(
                    filters,
                    width,
                    kernel_initializer=keras.initializers.GlorotUniform(
                        seed=seed + 100 * width + depth
                    ),
                    name=f"width_{width}_convolution_{depth}",
                    dtype=self.dtype_policy,
                )
                for depth in range(convolutions)
            ]
            for width in self.widths
        ]
        self.norm = keras.layers.LayerNormalization(
            epsilon=epsilon, name="norm", dtype=self.dtype_policy
        )
        self.dropout = Dropout(dropout, seed=seed, name="dropout", dtype=self.dtype_policy)

    def build(self, hidden_shape, padding_mask_shape=None):
        width = hidden_shape[-1]
        for tower in self.towers:
            tower[0].build(hidden_shape)
            for convolution in tower[1:]:
                convolution.build((*hidden_shape[:-1], self.filters))
        self.projection = Dense(
            width,
            kernel_initializer=keras.initializers.GlorotUniform(seed=self.seed + 1),
            name="projection",
            dtype=self.dtype_policy,
        )
        self.projection.build((*hidden_shape[:-1], self.filters * len(self.widths)))
        self.context = Dense(
            width,
            use_bias=False,
            kernel_initializer=keras.initializers.GlorotUniform(seed=self.seed + 2),
            name="context",
            dtype=self.dtype_policy,
        )
        self.context.build((hidden_shape[0], self.filters * len(self.widths)))
        self.norm.build(hidden_shape)

    def call(self, hidden, padding_mask, training=None):
        padding_mask, wrong = checked_documents(padding_mask)
        mask = ops.expand_dims(ops.cast(ops.cast(padding_mask, "bool"), hidden.dtype), -1)
        if wrong is not None:  # every state is multiplied by the mask
            mask = spoiled(mask, wrong[:, None])
        hidden = hidden * mask
        features = []
        for tower in self.towers:
            states = hidden
            for convolution in tower:
                states = self._convolve(convolution, states, mask, training)
            features.append(states)
        joined = ops.concatenate(features, axis=-1)  # (B, L, widths x F)
        strongest = self._strongest(joined, mask, padding_mask, training)
        joined = self.projection(joined) + self.context(strongest)  # (B, L, D)
        return self.norm(hidden + self.dropout(joined, training=training)) * mask

    def _convolve(self, convolution, states, mask, training):
        """A convolution, its activation, and zeros at padding."""
        if self.activation == "gelu":
            return convolve_gelu(convolution, states, mask, training)
        return keras.activations.get(self.activation)(convolution(states)) * mask

    def _strongest(self, states, mask, padding_mask, training):
        """The maximum of each feature over the text of each position.

        states   (B, L, F)
        mask     (B, L, 1)  1 where there is text, 0 at padding
        returns  (B, 1, F), or (B, L, F) where several documents share a row
        """
        if is_bool(padding_mask):
            return maximum_over_text(states, mask, training)
        states = without_padding(states, mask)
        batch, length, features = ops.shape(states)
        # A row holds L documents at most: each gets a segment of its own, padding that of 0.
        document = padding_mask + (length + 1) * ops.arange(batch, dtype="int32")[:, None]
        document = ops.reshape(document, (-1,))
        maxima = ops.segment_max(
            ops.reshape(states, (-1, features)), document, num_segments=batch * (length + 1)
        )
        # That of padding is so low that float16 has no product with it.
        return ops.reshape(ops.take(maxima, document, axis=0), ops.shape(states)) * mask

    @property
    def document_gap(self) -> int:
        """Positions of padding that must part two documents of a row."""
        return max(self.widths) // 2

    def compute_output_shape(self, hidden_shape, padding_mask_shape=None):
        return tuple(hidden_shape)

    def get_config(self):
        return super().get_config() | {
            "filters": self.filters,
            "widths": self.widths,
            "convolutions": self.convolutions,
            "dropout": self.dropout.rate,
            "activation": self.activation,
            "epsilon": self.epsilon,
            "seed": self.seed,
        }
