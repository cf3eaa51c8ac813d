"""A masked-LM training step of BERT's mathematics in bare JAX: no layer, no framework."""

import math
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.speed.masked_lm_size import ADAM_EPSILON, EPSILON, LEARNING_RATE, WEIGHT_DECAY, Size

ALL = slice(None)
Weights = dict[str, jax.Array]


def build(size: Size, weights: dict[str, np.ndarray]) -> Any:
    """What trains on a batch and returns its loss; weights by the paths of our model."""
    values: Weights = {path: jnp.asarray(value) for path, value in weights.items()}
    state = {
        "values": values,
        "momenta": jax.tree.map(jnp.zeros_like, values),
        "variances": jax.tree.map(jnp.zeros_like, values),
        "step": jnp.zeros((), jnp.int32),
    }

    def train(batch: dict[str, np.ndarray]) -> float:
        nonlocal state
        loss, state = step(state, batch, size)
        return float(loss)

    return train


@partial(jax.jit, static_argnames="size", donate_argnums=0)
def step(state: dict[str, Any], batch: Weights, size: Size) -> tuple[jax.Array, dict[str, Any]]:
    """Loss, gradients and AdamW."""
    key = jax.random.fold_in(jax.random.key(0), state["step"])
    loss, gradients = jax.value_and_grad(loss_of)(state["values"], batch, key, size)
    number = state["step"] + 1
    rate = LEARNING_RATE * jnp.sqrt(1 - 0.999**number) / (1 - 0.9**number)
    momenta = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state["momenta"], gradients)
    variances = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, state["variances"], gradients)
    values = jax.tree.map(
        lambda w, m, v: (
            w * (1 - LEARNING_RATE * WEIGHT_DECAY) - rate * m / (jnp.sqrt(v) + ADAM_EPSILON)
        ),
        state["values"], momenta, variances,
    )  # fmt: skip
    return loss, {"values": values, "momenta": momenta, "variances": variances, "step": number}


def loss_of(weights: Weights, batch: Weights, key: jax.Array, size: Size) -> jax.Array:
    """The mean cross-entropy of the masked positions."""
    keys = iter(jax.random.split(key, 1 + 3 * size.layers))

    def dropout(x: jax.Array) -> jax.Array:
        if not size.dropout:
            return x
        keep = jax.random.bernoulli(next(keys), 1 - size.dropout, x.shape)
        return jnp.where(keep, x / (1 - size.dropout), 0)

    def norm(x: jax.Array, path: str) -> jax.Array:
        x = x - x.mean(-1, keepdims=True)
        scale = jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + EPSILON)
        return x * scale * weights[f"{path}/gamma"] + weights[f"{path}/beta"]

    def dense(x: jax.Array, path: str, part: slice = ALL) -> jax.Array:
        return x @ weights[f"{path}/kernel"][:, part] + weights[f"{path}/bias"][part]

    def gelu(x: jax.Array) -> jax.Array:
        return jax.nn.gelu(x, approximate=False)

    def heads(x: jax.Array) -> jax.Array:
        return x.reshape(len(x), -1, size.heads, size.d_model // size.heads)

    ids = batch["token_ids"]
    length = ids.shape[1]
    of_query, of_others = slice(size.d_model), slice(size.d_model, None)
    visible = (ids != 0)[:, None, None, :]
    hidden = weights["embedding/token_table"][ids]
    hidden += weights["embedding/segment_table"][batch["segment_ids"]]
    hidden += weights["embedding/position_table"][:length]
    hidden = dropout(norm(hidden, "embedding/norm"))
    for number in range(size.layers):
        block = f"encoder/block_{number}"
        wanted = hidden
        if number == size.layers - 1:  # of the last block nothing else is read
            wanted = jnp.take_along_axis(hidden, batch["masked_positions"][..., None], axis=1)
            query = dense(wanted, f"{block}/attention/qkv", of_query)
            others = dense(hidden, f"{block}/attention/qkv", of_others)
            key_, value = jnp.split(others, 2, axis=-1)
        else:
            query, key_, value = jnp.split(dense(hidden, f"{block}/attention/qkv"), 3, axis=-1)
        scores = jnp.einsum("bqhd,bkhd->bhqk", heads(query), heads(key_))
        scores /= math.sqrt(size.d_model // size.heads)
        shares = dropout(jax.nn.softmax(jnp.where(visible, scores, -1e30), axis=-1))
        context = jnp.einsum("bhqk,bkhd->bqhd", shares, heads(value)).reshape(wanted.shape)
        context = dropout(dense(context, f"{block}/attention/output"))
        hidden = norm(wanted + context, f"{block}/attention_norm")
        inner = dense(gelu(dense(hidden, f"{block}/feed_forward_inner")),
                      f"{block}/feed_forward_outer")  # fmt: skip
        hidden = norm(hidden + dropout(inner), f"{block}/feed_forward_norm")
    states = norm(gelu(dense(hidden, "masked_lm_transform")), "masked_lm_norm")
    logits = states @ weights["embedding/token_table"].T + weights["masked_lm/bias"]
    target = jnp.take_along_axis(logits, batch["target"][..., None], axis=-1)[..., 0]
    nats = jax.nn.logsumexp(logits, axis=-1) - target
    return (nats * batch["weight"]).sum() / batch["weight"].sum()
