"""Scores of labels straight from the tokens of a text, beside those of the network."""

import keras
from keras import ops

from kerasbert.layers.ids import checked_ids


@keras.saving.register_keras_serializable(package="kerasbert")
class TokenScores(keras.layers.Layer):
    """Outside of training, a mean of the network's logits and of a linear function of TF-IDF.

    With B batch, L length, V = `vocabulary_size`, K labels:

        logits     (B, K)  float, of the network
        token_ids  (B, L)  int in [0, V)
        returns    (B, K)  float32, (1 - share) x logits + share x linear; in training `logits`,
                           as they are

    The features of a text are its tokens, and those pairs of neighbouring tokens (bigrams) that are
    in a table. Its value for a feature that it holds n times is (1 + ln n) times the feature's
    `idf`; the values are divided by their length. Nothing here is trained by `fit`:
    `fit_token_scores` gives the weights their values, and `share` is one half until `fit_share`
    finds a better one. The network is trained as if it were alone, because
    two that learn apart err apart, and that is what their mean gains from.

    Args:
        vocabulary_size: V.
        lead: tokens at the first `lead` positions are also counted by themselves, as features of
            their own: there are then 2V of them. See `Pooling`.
        labels_per_token: R. Of each feature only the R labels of the largest weights are kept, as
            numbers of labels and their weights, (features, R) each: memory does not grow with K.
            None for the whole kernel, (features, K).
        bigrams: P, how many the table has; their features follow those of the tokens. The key of
            (a, b) is `bigram_first`[a] + `bigram_second`[b], int32, and is looked up in the sorted
            `bigram_keys`: see `Bigrams` in `kerasbert/heads/classification/bigrams.py`. A pair that
            is not there, such as one with padding, adds nothing.

    Sources: a linear path beside a deep one is "wide and deep" of Cheng et al. 2016,
    https://arxiv.org/abs/1606.07792, whose two are trained together; here they are an ensemble.
    """

    def __init__(
        self,
        vocabulary_size: int,
        lead: int = 0,
        labels_per_token: int | None = None,
        bigrams: int = 0,
        **kwargs,
    ):
        super().__init__(**{"dtype": "float32"} | kwargs)
        if labels_per_token is not None and labels_per_token < 1:
            raise ValueError(
                f"labels_per_token: expected 1 or more, or None. Received: {labels_per_token}"
            )
        if bigrams < 0:
            raise ValueError(f"bigrams: expected 0 or more. Received: {bigrams}")
        self.vocabulary_size = vocabulary_size
        self.lead = lead
        self.labels_per_token = labels_per_token
        self.bigrams = bigrams
        self.first_bigram = vocabulary_size * (2 if lead else 1)
        self.size = self.first_bigram + bigrams

    def build(self, logits_shape, token_ids_shape=None):
        def weight(name, *shape, dtype="float32", initializer="zeros"):
            return self.add_weight(
                shape=shape, initializer=initializer, dtype=dtype, trainable=False, name=name
            )

        self.labels = logits_shape[-1]
        self.idf = weight("idf", self.size)
        kept = min(self.labels_per_token or self.labels, self.labels)
        self.kernel = weight("kernel", self.size, kept)
        self.bias = weight("bias", self.labels)
        if self.labels_per_token is not None:
            self.columns = weight("columns", self.size, kept, dtype="int32")
        if self.bigrams:
            self.bigram_first = weight("bigram_first", self.vocabulary_size, dtype="int32")
            self.bigram_second = weight("bigram_second", self.vocabulary_size, dtype="int32")
            self.bigram_keys = weight("bigram_keys", self.bigrams, dtype="int32")
        self.share = weight("share", initializer=keras.initializers.Constant(0.5))

    def load_own_variables(self, store):
        """A file from before there was a share has all weights but this last one."""
        saved = len(store.keys())
        if saved != len(self.weights) - 1:
            super().load_own_variables(store)
            return
        for number, weight in enumerate(self.weights[:-1]):
            weight.assign(store[str(number)])
        self.share.assign(0.5)

    def call(self, logits, token_ids, training=None):
        if training:
            return logits
        return logits + self.share * (self.linear(token_ids) - logits)

    def linear(self, token_ids):
        """(B, K) float32, of the tokens alone."""
        ids, values = self.values(token_ids)
        # A text holds few of V tokens: their rows of the kernel, not a product with all of it.
        rows = ops.take(self.kernel, ids, axis=0)
        if self.labels_per_token is None:
            scores = ops.matmul(values[:, None], rows)[:, 0]
        else:
            scores = self._sum_by_label(ids, values[:, :, None] * rows)
        return scores + self.bias

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
        """What the linear function reads, (B, M) each: features, their values.

        M = L, the lead and, where there are bigrams, L - 1. A feature that a text has n times
        stands there n times, each with an n-th of its value.
        """
        # One that is not of the vocabulary would be counted in another row.
        token_ids, _ = checked_ids("token_ids", token_ids, self.vocabulary_size)
        ids, batch = token_ids, ops.shape(token_ids)[0]
        if self.lead:
            leading = token_ids[:, : self.lead] + self.vocabulary_size
            ids = ops.concatenate([ids, leading], axis=1)
        there = ops.ones_like(ids, dtype="float32")
        if self.bigrams:
            places, found = self._find_bigrams(token_ids)
            ids = ops.concatenate([ids, places + self.first_bigram], axis=1)
            there = ops.concatenate([there, ops.cast(found, "float32")], axis=1)
        flat = ids + self.size * ops.arange(batch, dtype=ids.dtype)[:, None]
        flat = ops.reshape(flat, (-1,))
        count = ops.segment_sum(ops.reshape(there, (-1,)), flat, num_segments=batch * self.size)
        count = ops.maximum(ops.reshape(_take(count, flat), ops.shape(ids)), 1)
        value = there * (1 + ops.log(count)) * _take(self.idf, ids)
        size = ops.sqrt(ops.sum(ops.square(value) / count, axis=-1, keepdims=True))
        return ids, value / (count * ops.maximum(size, 1e-6))

    def _find_bigrams(self, token_ids):
        """Of each two neighbours their place in the table, and whether they are there: (B, L - 1).

        A binary search of gathers alone, so that every backend and a file of ONNX can do it.
        """
        keys = _take(self.bigram_first, token_ids[:, :-1])
        keys += _take(self.bigram_second, token_ids[:, 1:])
        place = ops.zeros_like(keys)
        for step in reversed(range((self.bigrams - 1).bit_length())):
            further = place + 2**step
            inside = ops.minimum(further, self.bigrams - 1)
            passed = ops.less_equal(_take(self.bigram_keys, inside), keys)
            place = ops.where(ops.logical_and(further < self.bigrams, passed), further, place)
        return place, ops.equal(_take(self.bigram_keys, place), keys)

    def compute_output_shape(self, logits_shape, token_ids_shape=None):
        return tuple(logits_shape)

    def get_config(self):
        return super().get_config() | {
            "vocabulary_size": self.vocabulary_size,
            "lead": self.lead,
            "labels_per_token": self.labels_per_token,
            "bigrams": self.bigrams,
        }


def _take(values, indices):
    """Entries of a vector, as rows: Keras' own way on PyTorch is wrong in a file of ONNX."""
    return ops.take(values[:, None], indices, axis=0)[..., 0]
