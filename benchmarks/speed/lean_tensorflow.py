"""A masked-LM training step of BERT's mathematics in bare TensorFlow, compiled by XLA."""

import math
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.speed.masked_lm_size import ADAM_EPSILON, EPSILON, LEARNING_RATE, WEIGHT_DECAY, Size

ALL = slice(None)
Weights = dict[str, Any]


def build(size: Size, weights: dict[str, np.ndarray]) -> Any:
    """What trains on a batch and returns its loss; weights by the paths of our model."""
    values = {path: tf.Variable(value) for path, value in weights.items()}
    momenta = {path: tf.Variable(tf.zeros_like(value)) for path, value in values.items()}
    variances = {path: tf.Variable(tf.zeros_like(value)) for path, value in values.items()}
    number = tf.Variable(0, dtype=tf.int32)

    @tf.function(jit_compile=True, reduce_retracing=False)
    def step(batch: Weights) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = loss_of(values, batch, number, size)
        gradients = tape.gradient(loss, values)
        number.assign_add(1)
        count = tf.cast(number, tf.float32)
        rate = LEARNING_RATE * tf.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        for path, gradient in gradients.items():
            gradient = tf.convert_to_tensor(gradient)
            momenta[path].assign(0.9 * momenta[path] + 0.1 * gradient)
            variances[path].assign(0.999 * variances[path] + 0.001 * gradient * gradient)
            values[path].assign(
                values[path] * (1 - LEARNING_RATE * WEIGHT_DECAY)
                - rate * momenta[path] / (tf.sqrt(variances[path]) + ADAM_EPSILON)
            )
        return loss

    def train(batch: dict[str, np.ndarray]) -> float:
        return float(step({name: tf.constant(value) for name, value in batch.items()}))

    return train


def loss_of(weights: Weights, batch: Weights, number: tf.Variable, size: Size) -> tf.Tensor:
    """The mean cross-entropy of the masked positions."""
    drops = 0

    def dropout(x: tf.Tensor) -> tf.Tensor:
        nonlocal drops
        if not size.dropout:
            return x
        drops += 1
        return tf.nn.experimental.stateless_dropout(x, size.dropout, seed=[number, drops])

    def norm(x: tf.Tensor, path: str) -> tf.Tensor:
        mean, variance = tf.nn.moments(x, -1, keepdims=True)
        gamma, beta = weights[f"{path}/gamma"], weights[f"{path}/beta"]
        return tf.nn.batch_normalization(x, mean, variance, beta, gamma, EPSILON)

    def dense(x: tf.Tensor, path: str, part: slice = ALL) -> tf.Tensor:
        return tf.matmul(x, weights[f"{path}/kernel"][:, part]) + weights[f"{path}/bias"][part]

    def heads(x: tf.Tensor) -> tf.Tensor:
        return tf.reshape(x, (len(ids), -1, size.heads, size.d_model // size.heads))

    ids = batch["token_ids"]
    length = ids.shape[1]
    of_query, of_others = slice(size.d_model), slice(size.d_model, None)
    visible = (ids != 0)[:, None, None, :]
    hidden = tf.gather(weights["embedding/token_table"], ids)
    hidden += tf.gather(weights["embedding/segment_table"], batch["segment_ids"])
    hidden += weights["embedding/position_table"][:length]
    hidden = dropout(norm(hidden, "embedding/norm"))
    for block_number in range(size.layers):
        block = f"encoder/block_{block_number}"
        wanted = hidden
        if block_number == size.layers - 1:  # of the last block nothing else is read
            wanted = tf.gather(hidden, batch["masked_positions"], batch_dims=1)
            query = dense(wanted, f"{block}/attention/qkv", of_query)
            others = dense(hidden, f"{block}/attention/qkv", of_others)
            key, value = tf.split(others, 2, axis=-1)
        else:
            query, key, value = tf.split(dense(hidden, f"{block}/attention/qkv"), 3, axis=-1)
        scores = tf.einsum("bqhd,bkhd->bhqk", heads(query), heads(key))
        scores /= math.sqrt(size.d_model // size.heads)
        shares = dropout(tf.nn.softmax(tf.where(visible, scores, -1e30)))
        context = tf.reshape(tf.einsum("bhqk,bkhd->bqhd", shares, heads(value)), wanted.shape)
        context = dropout(dense(context, f"{block}/attention/output"))
        hidden = norm(wanted + context, f"{block}/attention_norm")
        inner = tf.nn.gelu(dense(hidden, f"{block}/feed_forward_inner"))
        inner = dropout(dense(inner, f"{block}/feed_forward_outer"))
        hidden = norm(hidden + inner, f"{block}/feed_forward_norm")
    states = norm(tf.nn.gelu(dense(hidden, "masked_lm_transform")), "masked_lm_norm")
    logits = tf.matmul(states, weights["embedding/token_table"], transpose_b=True)
    logits += weights["masked_lm/bias"]
    nats = tf.nn.sparse_softmax_cross_entropy_with_logits(batch["target"], logits)
    return tf.reduce_sum(nats * batch["weight"]) / tf.reduce_sum(batch["weight"])
