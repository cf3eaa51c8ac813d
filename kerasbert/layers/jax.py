"""What JAX computes in a way of its own: imported on that backend only."""

import math

import jax
import jax.numpy as jnp


@jax.custom_vjp
def gelu(inputs: jax.Array) -> jax.Array:
    """The exact GELU of numbers of any shape; its gradient needs nothing but them.

    JAX's own goes through `erfc`, of more operations, and keeps three arrays for the gradient.
    """
    return inputs * _share_below(inputs)


def _share_below(inputs: jax.Array) -> jax.Array:
    return 0.5 + 0.5 * jax.lax.erf(inputs * math.sqrt(0.5))


def _forward(inputs: jax.Array) -> tuple[jax.Array, jax.Array]:
    return gelu(inputs), inputs


def _backward(inputs: jax.Array, gradient: jax.Array) -> tuple[jax.Array]:
    density = jnp.exp(-0.5 * inputs * inputs) * (1 / math.sqrt(2 * math.pi))
    return (gradient * (_share_below(inputs) + inputs * density),)


gelu.defvjp(_forward, _backward)


def is_known(tensor: jax.Array) -> bool:
    """Whether an array has numbers, not only a shape in a function that is being compiled."""
    return not isinstance(tensor, jax.core.Tracer)


def on_cpu() -> bool:
    """Whether the processor computes, because nothing else is there or was asked for."""
    return jax.default_backend() == "cpu"


@jax.custom_vjp
def add_bias(scores: jax.Array, bias: jax.Array) -> jax.Array:
    """scores (..., V) + bias (V,); the gradient of the bias is a product with ones.

    As a sum over rows of a wide array XLA computes it on one core, against the order in memory.
    """
    return scores + bias


def _add_bias_backward(_: None, gradient: jax.Array) -> tuple[jax.Array, jax.Array]:
    rows = gradient.reshape(-1, gradient.shape[-1])
    # Behind a barrier, or XLA would make a sum of the product.
    ones = jax.lax.optimization_barrier(jnp.ones((1, len(rows)), gradient.dtype))
    return gradient, (ones @ rows)[0]


add_bias.defvjp(lambda scores, bias: (scores + bias, None), _add_bias_backward)


@jax.custom_vjp
def token_nats(logits: jax.Array, target: jax.Array) -> jax.Array:
    """Cross-entropy of logits (N, V) with tokens (N,) int: (N,).

    The gradient by the logits is written once, and read by what needs it: XLA by itself computes
    the exponentials of the whole vocabulary again for each.
    """
    return _token_nats_forward(logits, target)[0]


def _token_nats_forward(logits: jax.Array, target: jax.Array):
    total = jax.nn.logsumexp(logits, axis=-1)
    own = jnp.take_along_axis(logits, target[:, None], axis=-1)[:, 0]
    return total - own, (logits, target, total)


def _token_nats_backward(saved, gradient: jax.Array):
    logits, target, total = saved
    shares = jnp.exp(logits - total[:, None])
    own = jax.lax.broadcasted_iota(target.dtype, logits.shape, 1) == target[:, None]
    return jax.lax.optimization_barrier((shares - own) * gradient[:, None]), None


token_nats.defvjp(_token_nats_forward, _token_nats_backward)
