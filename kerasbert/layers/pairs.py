"""A pair of texts that are encoded apart: folded into rows for the encoder, and compared."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasbert")
class FoldPairs(keras.layers.Layer):
    """Make each text of a pair a row of its own.

    With B batch, L positions of a text:

        ids      (B, 2 L)  int, the first text with its padding and then the second
        returns  (2 B, L)  int
    """

    def call(self, ids):
        return ops.reshape(ids, (-1, ops.shape(ids)[1] // 2))

    def compute_output_shape(self, ids_shape):
        return (None, None if ids_shape[1] is None else ids_shape[1] // 2)


@keras.saving.register_keras_serializable(package="kerasbert")
class ComparePairs(keras.layers.Layer):
    """One vector for a pair from those of its texts, u and v: u, v, |u - v|, u v and their cosine.

    With B batch, D width:

        pooled   (2 B, D)      float, the two of a pair one behind the other
        returns  (B, 4 D + 1)  dtype of `pooled`

    Sources: Conneau et al. 2017, https://arxiv.org/abs/1705.02364, section 3.1, for the first four;
    Reimers and Gurevych 2019, https://arxiv.org/abs/1908.10084, for the cosine.
    """

    def call(self, pooled):
        pairs = ops.reshape(pooled, (-1, 2, pooled.shape[-1]))
        one, other = pairs[:, 0], pairs[:, 1]
        product = one * other
        # The root is taken of what is above 0: its gradient at 0 has no end.
        squares = ops.sum(one * one, -1, keepdims=True) * ops.sum(other * other, -1, keepdims=True)
        cosine = ops.sum(product, -1, keepdims=True) / ops.sqrt(squares + 1e-6)
        return ops.concatenate([one, other, ops.abs(one - other), product, cosine], axis=-1)

    def compute_output_shape(self, pooled_shape):
        return (None, 4 * pooled_shape[-1] + 1)
