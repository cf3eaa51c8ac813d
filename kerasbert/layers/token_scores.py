"""Scores of labels straight from the tokens of a text, beside those of the network."""

import keras
from keras import ops


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

    Sources: a linear path beside a deep one is "wide and deep" of Cheng et al. 2016,
    https://arxiv.org/abs/1606.07792, whose two are trained together; here they are an ensemble.
    """

    def __init__(self, vocabulary_size: int, lead: int = 0, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)
        self.vocabulary_size = vocabulary_size
        self.lead = lead
        self.size = vocabulary_size * (2 if lead else 1)

    def build(self, logits_shape, token_ids_shape=None):
        def weight(name, *shape):
            return self.add_weight(shape=shape, initializer="zeros", trainable=False, name=name)

        self.idf = weight("idf", self.size)
        self.kernel = weight("kernel", self.size, logits_shape[-1])
        self.bias = weight("bias", logits_shape[-1])

    def call(self, logits, token_ids, training=None):
        if training:
            return logits
        scores = ops.matmul(self.features(token_ids), self.kernel) + self.bias
        return (logits + scores) / 2

    def features(self, token_ids):
        """(B, V) float32, what the linear function reads; (B, 2V) with `lead`."""
        batch = ops.shape(token_ids)[0]
        if self.lead:
            leading = token_ids[:, : self.lead] + self.vocabulary_size
            token_ids = ops.concatenate([token_ids, leading], axis=1)
        flat = token_ids + self.size * ops.arange(batch, dtype=token_ids.dtype)[:, None]
        flat = ops.reshape(flat, (-1,))
        count = ops.segment_sum(
            ops.ones_like(flat, dtype="float32"), flat, num_segments=batch * self.size
        )
        count = ops.reshape(count, (batch, self.size))
        value = ops.where(count > 0, 1 + ops.log(ops.maximum(count, 1.0)), 0.0) * self.idf
        size = ops.sqrt(ops.sum(ops.square(value), axis=-1, keepdims=True))
        return value / ops.maximum(size, 1e-6)

    def compute_output_shape(self, logits_shape, token_ids_shape=None):
        return tuple(logits_shape)

    def get_config(self):
        return super().get_config() | {
            "vocabulary_size": self.vocabulary_size,
            "lead": self.lead,
        }
