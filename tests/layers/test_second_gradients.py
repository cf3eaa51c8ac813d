"""A gradient of a gradient, as a gradient penalty needs it, goes through every layer."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasbert.layers import TextCNNEncoder, TransformerEncoder
from kerasbert.layers.dense import add_bias
from kerasbert.layers.gelu import gelu
from kerasbert.layers.maximum import maximum_over_text

RNG = np.random.default_rng(0)
HIDDEN = RNG.normal(size=(2, 5, 4)).astype(np.float32)
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], bool)
TARGET = RNG.normal(size=(2, 5, 4)).astype(np.float32)

LAYERS = {
    "text-cnn": lambda: TextCNNEncoder(3, widths=(1, 2), dropout=0.0),
    # With values of another width the attention is of plain operations: PyTorch's own has no such
    # gradient on any processor.
    "transformer": lambda: TransformerEncoder(1, 2, 2, 3, 8, dropout=0.0),
    "gelu": lambda: lambda hidden, mask, training: gelu(hidden, training),
    "maximum": lambda: (
        lambda hidden, mask, training: maximum_over_text(
            gelu(hidden, training), ops.cast(mask, "float32")[..., None], training
        )
    ),
    "add_bias": lambda: (
        lambda hidden, mask, training: add_bias(hidden, ops.sum(hidden, axis=(0, 1)))
    ),
}


def loss_of(layer):
    def loss(hidden):
        mask, target = (ops.convert_to_tensor(numbers) for numbers in (MASK, TARGET))
        return ops.sum(layer(hidden, mask, training=True) * target) ** 2

    return loss


def gradients(loss, hidden, direction):
    """The gradient of a loss, and that of the gradient's part in a direction."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        first = jax.grad(loss)
        second = jax.grad(lambda x: (first(x) * direction).sum())
        return np.asarray(first(hidden)), np.asarray(second(hidden))
    if backend == "torch":
        import torch

        x = torch.from_numpy(hidden).requires_grad_()
        (first,) = torch.autograd.grad(loss(x), x, create_graph=True)
        (second,) = torch.autograd.grad((first * torch.from_numpy(direction)).sum(), x)
        return first.detach().numpy(), second.numpy()
    import tensorflow as tf

    x = tf.Variable(hidden)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            value = loss(tf.convert_to_tensor(x))
        first = inner.gradient(value, x)
        part = tf.reduce_sum(first * direction)
    return first.numpy(), outer.gradient(part, x).numpy()


@pytest.mark.parametrize("onednn", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_it_is_the_slope_of_the_gradient(name, onednn, monkeypatch):
    if keras.backend.backend() == "tensorflow" and name in ("text-cnn", "transformer"):
        pytest.skip("Keras' own LayerNormalization has a wrong second gradient there")
    if keras.backend.backend() == "torch":
        import torch

        from kerasbert.layers import torch as ours

        if onednn and not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
            pytest.skip("this PyTorch has no such operation")
        monkeypatch.setattr(ours, "_onednn_is_faster", lambda: onednn)
    elif onednn:
        pytest.skip("a formulation of PyTorch's")
    layer = LAYERS[name]()
    layer(ops.convert_to_tensor(HIDDEN), ops.convert_to_tensor(MASK), training=False)
    loss = loss_of(layer)
    direction = RNG.normal(size=HIDDEN.shape).astype(np.float32)
    _, found = gradients(loss, HIDDEN, direction)
    step = 2e-3
    above, _ = gradients(loss, HIDDEN + step * direction, direction)
    below, _ = gradients(loss, HIDDEN - step * direction, direction)
    expected = (above - below) / (2 * step)  # the second derivatives are symmetric
    assert np.abs(expected).max() > 1
    np.testing.assert_allclose(found, expected, atol=0.03 * np.abs(expected).max())
