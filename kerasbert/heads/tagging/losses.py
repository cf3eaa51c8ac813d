"""The losses of tagging. Positions without a target, such as padding, have -1 there."""

import keras
from keras import ops


def build_loss(crf: bool) -> keras.losses.Loss:
    """A loss of targets (B, L) and outputs (B, L, K), or with `crf` (B, K + 2 + L, K).

    Both are the mean over all words of the batch, however these are spread over its rows.
    """
    return ChainLoss(name="crf") if crf else TagCrossEntropy(name="cross_entropy")


class _WordLoss(keras.losses.Loss):
    """A loss whose targets say where words are."""

    def __call__(self, y_true, y_pred, sample_weight=None):
        # A tensor of its own, without the mask of padding that layers hand on: Keras would weigh
        # (B,) losses by it, which has the shape (B, L).
        return super().__call__(y_true, y_pred * 1, sample_weight)


@keras.saving.register_keras_serializable(package="kerasbert")
class TagCrossEntropy(_WordLoss):
    """Cross-entropy of the words of a batch: targets (B, L) int or -1, outputs (B, L, K) logits."""

    def call(self, y_true, y_pred):
        """(B,) float32, whose mean is the mean over words."""
        tags, mask = _tags_and_mask(y_true, y_pred.shape[-1])
        chosen = ops.sum(ops.log_softmax(ops.cast(y_pred, "float32"), axis=-1) * tags, axis=-1)
        return _by_words(-ops.sum(chosen * mask, axis=1), mask)


@keras.saving.register_keras_serializable(package="kerasbert")
class ChainLoss(_WordLoss):
    """Negative log-likelihood of the tags of each row's words, as a linear-chain CRF has it.

        targets  (B, L)             int, or -1 where no word begins; the chain passes over these
        outputs  (B, K + 2 + L, K)  as `TagChain` makes them

    The forward pass is in the logarithm. Source: Lafferty et al. 2001, section 3.
    """

    def call(self, y_true, y_pred):
        """(B,) float32, whose mean is the sum over rows per word."""
        y_pred = ops.cast(y_pred, "float32")
        count = y_pred.shape[-1]
        chain, scores = y_pred[0, : count + 2], y_pred[:, count + 2 :]
        tags, mask = _tags_and_mask(y_true, count)
        return _by_words(chain_loss(chain, scores, tags, mask), mask)


def chain_loss(chain, scores, tags, mask):
    """(B,) logarithm of what all paths weigh, less what the right one does.

    Args:
        chain: (K + 2, K) transitions [from, to], beginnings, ends.
        scores: (B, L, K).
        tags: (B, L, K) one at the right tag, zeros where there is no word.
        mask: (B, L) 1 where a word begins, else 0. A row without any has loss 0.
    """
    # Not `ops.scan`, which on TensorFlow wants to know the length before it runs (Keras 3.15).
    walk = keras.layers.RNN(_ForwardStep(chain), return_state=True, dtype="float32")
    weights, last, path = walk(ops.concatenate([scores, tags, mask[..., None]], axis=-1))[1:]
    begun, end = ops.sum(last, axis=-1), chain[-1:]
    whole = ops.logsumexp(weights + end, axis=-1)
    return (whole - path[:, 0] - ops.sum(last * end, axis=-1)) * begun


class _ForwardStep(keras.layers.Layer):
    """A position of the forward pass, for K tags: a cell of `keras.layers.RNN`, without weights.

        inputs  (B, 2 K + 1)  scores, the right tag, whether a word begins
        states  (B, K) of all paths; (B, K) the last right tag; (B, 1) what the right path weighs

    Args:
        chain: (K + 2, K).
    """

    def __init__(self, chain):
        super().__init__(dtype="float32")
        self.count = count = chain.shape[-1]
        self.state_size, self.output_size = [count, count, 1], 1
        self.transitions, self.begin = chain[:count], chain[count : count + 1]

    def build(self, inputs_shape, *states_shapes):
        self.built = True

    def call(self, inputs, states):
        weights, last, path = states
        score, tag = inputs[:, : self.count], inputs[:, self.count : -1]
        is_word = inputs[:, -1:] > 0
        begun = ops.sum(last, axis=-1, keepdims=True)  # (B, 1) whether a word was before
        reached = ops.logsumexp(weights[:, :, None] + self.transitions[None], axis=1)
        new = ops.where(begun > 0, reached, self.begin) + score
        before = begun * ops.matmul(last, self.transitions) + (1 - begun) * self.begin
        # The tag is 0 where there is no word.
        path = path + ops.sum(tag * (before + score), axis=-1, keepdims=True)
        states = [ops.where(is_word, new, weights), ops.where(is_word, tag, last), path]
        return path, states


def _tags_and_mask(y_true, count):
    """(B, L, K) one-hot and (B, L), both float32, of targets (B, L)."""
    targets = ops.cast(y_true, "int32")
    mask = ops.cast(targets >= 0, "float32")
    return ops.one_hot(ops.maximum(targets, 0), count, dtype="float32") * mask[..., None], mask


def _by_words(loss, mask):
    """(B,) losses of rows so that their mean is the sum of all per word."""
    rows = ops.cast(ops.shape(loss)[0], "float32")
    return loss * rows / ops.maximum(ops.sum(mask), 1.0)
