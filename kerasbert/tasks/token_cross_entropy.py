"""The cross-entropy of tokens: one class of a whole vocabulary at each of many positions."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasbert")
class TokenCrossEntropy(keras.losses.Loss):
    """Nats for each token, from logits.

    With B batch, M positions, V tokens of the vocabulary:

        target   (B, M)     token ids
        logits   (B, M, V)  float
        returns  (B, M)     before the reduction, which is total loss over total weight

    It computes what `keras.losses.SparseCategoricalCrossentropy(from_logits=True)` computes, of
    rows (B x M, V): given three axes, Keras on PyTorch moves the vocabulary to the second one, and
    the largest tensor of a step is then read against its order in memory.
    """

    def __init__(self, reduction: str = "mean_with_sample_weight", **kwargs):
        super().__init__(reduction=reduction, **kwargs)

    def call(self, target, logits):
        nats = ops.sparse_categorical_crossentropy(
            ops.reshape(target, (-1,)),
            ops.reshape(logits, (-1, logits.shape[-1])),
            from_logits=True,
        )
        return ops.reshape(nats, ops.shape(target))
