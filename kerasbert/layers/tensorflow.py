"""What TensorFlow computes in a way of its own: imported on that backend only."""

import math

import tensorflow as tf

from kerasbert.layers import random_words
from kerasbert.layers.padding import without_padding


def is_known(tensor):
    """Whether a tensor has numbers, not only a shape in a function that is being traced."""
    return not tf.is_symbolic_tensor(tensor)


@tf.custom_gradient
def gelu(inputs):
    """The exact GELU of numbers of any shape, in one pass over them, and one for its gradient.

    Keras lets TensorFlow compute operation by operation here; XLA joins those of a GELU. It
    compiles for every shape, so this is for training, which has few.
    """
    return _gelu(inputs), lambda gradient: _gelu_gradient(inputs, gradient)


@tf.function(jit_compile=True)
def _gelu(inputs):
    return inputs * _share_below(inputs)


@tf.function(jit_compile=True)
def _gelu_gradient(inputs, gradient):
    density = tf.exp(-0.5 * inputs * inputs) * (1 / math.sqrt(2 * math.pi))
    return gradient * (_share_below(inputs) + inputs * density)


def masked_gelu(inputs, bias, mask):
    """The exact GELU of inputs (B, L, F) + bias (F,), times a mask (B, L, 1), in one pass."""
    return _with_gradient(inputs, tf.convert_to_tensor(bias), mask)  # outside of a graph a variable


@tf.custom_gradient
def _with_gradient(inputs, bias, mask):
    def gradient(upstream):
        found = _masked_gelu_gradient(inputs, bias, mask, upstream)
        return found, _sum_of_rows(found), None

    return _masked_gelu(inputs, bias, mask), gradient


@tf.function(jit_compile=True)
def _masked_gelu(inputs, bias, mask):
    return _gelu(inputs + bias) * mask


@tf.function(jit_compile=True)
def _masked_gelu_gradient(inputs, bias, mask, upstream):
    return _gelu_gradient(inputs + bias, upstream * mask)


def _share_below(inputs):
    return 0.5 + 0.5 * tf.math.erf(inputs * math.sqrt(0.5))


def drop(inputs, rate, seed):
    """`kerasbert.layers.random_words.drop` in one pass, which its gradient repeats.

    TensorFlow by itself takes ten passes over the random numbers, and keeps which were dropped.
    """

    @tf.custom_gradient
    def dropped(inputs):
        return _drop(inputs, seed, rate=rate), lambda gradient: _drop(gradient, seed, rate=rate)

    return dropped(inputs)


@tf.function(jit_compile=True)
def _drop(inputs, seed, rate):
    index = tf.reshape(tf.range(tf.size(inputs)), tf.shape(inputs))
    return random_words.drop(inputs, tf.cast(index, "uint32"), rate, seed)


@tf.custom_gradient
def add_bias(scores, bias):
    """scores (..., V) + bias (V,), whose gradient `_sum_of_rows` computes."""
    return scores + bias, lambda upstream: (upstream, _sum_of_rows(upstream))


def _sum_of_rows(numbers):
    """Over all axes but the last, as a product with ones: on all cores, unlike a sum."""
    rows = tf.reshape(numbers, (-1, tf.shape(numbers)[-1]))
    return tf.matmul(tf.ones((1, tf.shape(rows)[0]), rows.dtype), rows)[0]


@tf.custom_gradient
def maximum_over_text(states, mask):
    """`kerasbert.layers.maximum.maximum_over_text`; TensorFlow's own takes more passes."""
    strongest = _maximum_over_text(states, mask)

    def gradient(upstream):
        return _maximum_over_text_gradient(states, mask, strongest, upstream), None

    return strongest, gradient


@tf.function(jit_compile=True)
def _maximum_over_text(states, mask):
    return tf.reduce_max(without_padding(states, mask), axis=1, keepdims=True)


@tf.function(jit_compile=True)
def _maximum_over_text_gradient(states, mask, strongest, upstream):
    there = tf.cast(without_padding(states, mask) == strongest, states.dtype)
    return there * (upstream / tf.reduce_sum(there, axis=1, keepdims=True))


@tf.custom_gradient
def token_nats(logits, target):
    """Cross-entropy of logits (N, V) with tokens (N,) int32: (N,).

    XLA reads the logits once for the loss and once for the gradient.
    """
    nats, total = _token_nats(logits, target)
    return nats, lambda upstream: (_token_nats_gradient(logits, target, total, upstream), None)


@tf.function(jit_compile=True)
def _token_nats(logits, target):
    total = tf.reduce_logsumexp(logits, axis=-1)
    return total - tf.gather(logits, target[:, None], batch_dims=1)[:, 0], total


@tf.function(jit_compile=True)
def _token_nats_gradient(logits, target, total, upstream):
    own = tf.range(tf.shape(logits)[1])[None] == target[:, None]
    shares = tf.exp(logits - total[:, None])
    return (shares - tf.cast(own, logits.dtype)) * upstream[:, None]
