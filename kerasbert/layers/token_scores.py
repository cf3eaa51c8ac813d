"""Scores of labels straight from the tokens of a text, beside those of the network."""

import keras
from keras import ops

from kerasbert.layers.ids import checked_ids


@keras.saving.register_keras_serializable(package="kerasbert")
class TokenScores(keras.layers.Layer):
    """Outside of training, the mean of the network's logits and of a linear function of TF-IDF.

    With B batch, L length, V = `vocabulary_size`, K labels:

        logits     (B, K)  float, of the network
        token_ids  (B, L)  int in [0, V)
        returns    (B, K)  float32; in training `logits`, as they are

    A text's value for a token that it holds n times is (1 + ln n) times the token's `idf`; the
    values are divided by their length. Nothing here is trained by `fit`: `fit_token_scores` gives
    `idf`, `kernel` and `bias` their values. The network is trained as if it were alone, because
    two that learn apart err apart, and that is what their mean gains from.

    Args:
        vocabulary_size: V.
        lead: tokens at the first `lead` positions are also counted by themselves, as features of
            their own: there are then 2V of them. See `Pooling`.
        labels_per_token: R. Of each feature only the R labels of the largest weights are kept, as
            numbers of labels and their weights, (features, R) each: memory does not grow with K.
            None for the whole kernel, (features, K).

    Sources: a linear path beside a deep one is "wide and deep" of Cheng et al. 2016,
    https://arxiv.org/abs/1606.07792, whose two are trained together; here they are an ensemble.
    """

    def __init__(
        self,
        vocabulary_size: int,
        lead: int = 0,
        labels_per_token: int | None = None,
        **kwargs,
    ):
        super().__init__(**{"dtype": "float32"} | kwargs)
        if labels_per_token is not None and labels_per_token < 1:
            raise ValueError(
                f"labels_per_token: expected 1 or more, or None. Received: {labels_per_token}"
            )
        self.vocabulary_size = vocabulary_size
        self.lead = lead
        self.labels_per_token = labels_per_token
        self.size = vocabulary_size * (2 if lead else 1)

    def build(self, logits_shape, token_ids_shape=None):
        def weight(name, *shape, dtype="float32"):
            return self.add_weight(
                shape=shape, initializer="zeros", dtype=dtype, trainable=False, name=name
            )

        self.labels = logits_shape[-1]
        self.idf = weight("idf", self.size)
        kept = min(self.labels_per_token or self.labels, self.labels)
        self.kernel = weight("kernel", self.size, kept)
        self.bias = weight("bias", self.labels)
        if self.labels_per_token is not None:
            self.columns = weight("columns", self.size, kept, dtype="int32")

    def call(self, logits, token_ids, training=None):
        if training:
            return logits
        ids, values = self.values(token_ids)
        # A text holds few of V tokens: their rows of the kernel, not a product with all of it.
        rows = ops.take(self.kernel, ids, axis=0)
        if self.labels_per_token is None:
            scores = ops.matmul(values[:, None], rows)[:, 0]
        else:
            scores = self._sum_by_label(ids, values[:, :, None] * rows)
        return (logits + scores + self.bias) / 2

    def _sum_by_label(self, ids, parts):
        """(B, K) from the parts (B, M, R) that the features of a text add to R labels each."""
        batch = ops.shape(ids)[0]
        columns = ops.take(self.columns, ids, axis=0)
        columns += self.labels * ops.arange(batch, dtype="int32")[:, None, None]
        scores = ops.segment_sum(
            ops.reshape(parts, (-1,)),
            ops.reshape(columns, (-1,)),
            num_segments=batch * self.labels,
        )
        return ops.reshape(scores, (batch, self.labels))

    def values(self, token_ids):
        """What the linear function reads, (B, M) each, M = L + the lead: features, their values.

        A feature that a text has n times stands there n times, each with an n-th of its value.
        """
        # One that is not of the vocabulary would be counted in another row.
        token_ids, _ = checked_ids("token_ids", token_ids, self.vocabulary_size)
        ids, batch = token_ids, ops.shape(token_ids)[0]
        if self.lead:
            leading = token_ids[:, : self.lead] + self.vocabulary_size
            ids = ops.concatenate([ids, leading], axis=1)
        flat = ids + self.size * ops.arange(batch, dtype=ids.dtype)[:, None]
        flat = ops.reshape(flat, (-1,))
        count = ops.segment_sum(
            ops.ones_like(flat, dtype="float32"), flat, num_segments=batch * self.size
        )
        count = ops.reshape(_take(count, flat), ops.shape(ids))
        value = (1 + ops.log(count)) * _take(self.idf, ids)
        size = ops.sqrt(ops.sum(ops.square(value) / count, axis=-1, keepdims=True))
        return ids, value / (count * ops.maximum(size, 1e-6))

    def compute_output_shape(self, logits_shape, token_ids_shape=None):
        return tuple(logits_shape)

    def get_config(self):
        return super().get_config() | {
            "vocabulary_size": self.vocabulary_size,
            "lead": self.lead,
            "labels_per_token": self.labels_per_token,
        }


def _take(values, indices):
    """Entries of a vector, as rows: Keras' own way on PyTorch is wrong in a file of ONNX."""
    return ops.take(values[:, None], indices, axis=0)[..., 0]
