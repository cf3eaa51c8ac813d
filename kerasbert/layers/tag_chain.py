"""What a linear-chain CRF knows of neighbours, put before the scores of positions."""

import keras
from keras import ops

from kerasbert.layers.dense import dtype_of_logits


@keras.saving.register_keras_serializable(package="kerasbert")
class TagChain(keras.layers.Layer):
    """Scores for tags at a beginning, at an end and after each other, in front of those of tokens.

    With B batch, L length, K tags:

        scores   (B, L, K)          float
        returns  (B, K + 2 + L, K)  float: K rows of transitions [from, to], one of beginnings, one
                                    of ends, and the scores as they were

    So the loss and whoever decodes have all they need in one output. The numbers begin at 0: an
    untrained chain says what the scores alone say.

    Source: Lafferty et al. 2001, "Conditional random fields", ICML; for the parametrization Lample
    et al. 2016, https://arxiv.org/abs/1603.01360, section 2.2.
    """

    def __init__(self, **kwargs):
        kwargs.setdefault("dtype", dtype_of_logits())
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, scores_shape):
        tags = scores_shape[-1]
        if len(scores_shape) != 3 or tags is None:
            raise ValueError(f"scores: expected shape (B, L, K). Received: {scores_shape}")
        self.tags = tags
        self.chain = self.add_weight(
            shape=(tags + 2, tags), initializer="zeros", name="transitions"
        )

    def call(self, scores):
        before = ops.broadcast_to(
            self.chain[None], (ops.shape(scores)[0], self.tags + 2, self.tags)
        )
        return ops.concatenate([ops.cast(before, scores.dtype), scores], axis=1)

    def compute_mask(self, scores, mask=None):
        return None  # it would be too short; targets say where words are

    def compute_output_shape(self, scores_shape):
        batch, length, tags = scores_shape
        return (batch, None if length is None else length + tags + 2, tags)
