"""The cross-entropy of tokens: one class of a whole vocabulary at each of many positions."""

import keras
from keras import ops

from kerasbert.layers.ids import checked_ids, spoiled


@keras.saving.register_keras_serializable(package="kerasbert")
class TokenCrossEntropy(keras.losses.Loss):
    """Nats for each token, from logits.

    With B batch, M positions, V tokens of the vocabulary:

        target   (B, M)     token ids; others are an error, in a compiled step not a number
        logits   (B, M, V)  float
        returns  (B, M)     before the reduction, which is total loss over total weight

    It computes what `keras.losses.SparseCategoricalCrossentropy(from_logits=True)` computes. The
    logits are the largest array of a step: on JAX and TensorFlow they have a gradient of their own,
    and on PyTorch they are rows (B x M, V), because Keras moves the vocabulary of three axes to the
    second one, and they are then read against their order in memory.
    """

    def __init__(self, reduction: str = "mean_with_sample_weight", **kwargs):
        super().__init__(reduction=reduction, **kwargs)

    def call(self, target, logits):
        rows = ops.reshape(logits, (-1, logits.shape[-1]))
        tokens = ops.cast(ops.reshape(target, (-1,)), "int32")
        tokens, wrong = checked_ids("target", tokens, logits.shape[-1])
        return ops.reshape(spoiled(_token_nats(rows, tokens), wrong), ops.shape(target))


def _token_nats(logits, target):
    """(N, V), (N,) -> (N,): the one place that chooses how each backend computes it."""
    backend = keras.backend.backend()
    if backend == "jax":
        from kerasbert.layers.jax import token_nats as by_jax

        return by_jax(logits, target)
    if backend == "tensorflow":
        from kerasbert.layers.tensorflow import token_nats as by_tensorflow

        return by_tensorflow(logits, target)
    return ops.sparse_categorical_crossentropy(target, logits, from_logits=True)
