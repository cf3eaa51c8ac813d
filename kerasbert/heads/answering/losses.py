"""The loss of question answering."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasbert")
class SpanLoss(keras.losses.Loss):
    """The mean of two cross-entropies: of the first position of the answer, and of the last one.

    With B batch, L length:

        targets  (B, L, 2)  1 at the right position, -1 where a row is padding, 0 elsewhere
        outputs  (B, L, 2)  float logits of each position as the first and as the last one
        returns  nats, the mean over rows; padding has no share in a softmax

    Source: Devlin et al. 2019, https://arxiv.org/abs/1810.04805, section 4.2.
    """

    def __init__(self, name: str = "span_loss", reduction: str = "sum_over_batch_size", **kwargs):
        super().__init__(name=name, reduction=reduction, **kwargs)

    def call(self, y_true, y_pred):
        targets, logits = ops.cast(y_true, "float32"), ops.cast(y_pred, "float32")
        logits = ops.where(targets < 0, -1e9, logits)
        right = ops.sum(ops.maximum(targets, 0.0) * logits, axis=1)  # (B, 2)
        return ops.mean(ops.logsumexp(logits, axis=1) - right, axis=-1)
