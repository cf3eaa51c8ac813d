"""Multi-head self-attention against numpy."""

import keras
import numpy as np
import pytest

from kerasbert.layers import SelfAttention
from kerasbert.layers.attention import rotate

RNG = np.random.default_rng(0)
HIDDEN = RNG.normal(size=(2, 5, 6)).astype(np.float32)
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], bool)


def reference(layer: SelfAttention, hidden: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Attention head by head, as the formula stands."""
    kernel, bias, out_kernel, out_bias = (
        keras.ops.convert_to_numpy(weight).astype(np.float64) for weight in layer.weights
    )
    heads, d_k, d_v = layer.heads, layer.d_k, layer.d_v
    projected = hidden @ kernel + bias
    context = []
    for head in range(heads):
        query = projected[..., head * d_k : (head + 1) * d_k]
        key = projected[..., (heads + head) * d_k : (heads + head + 1) * d_k]
        start = 2 * heads * d_k + head * d_v
        value = projected[..., start : start + d_v]
        scores = query @ key.transpose(0, 2, 1) / np.sqrt(d_k)
        scores = np.where(mask[:, None, :], scores, -np.inf)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        context.append(weights / weights.sum(axis=-1, keepdims=True) @ value)
    return np.concatenate(context, axis=-1) @ out_kernel + out_bias


@pytest.mark.parametrize("d_v", [4, 7], ids=["fused", "plain"])
def test_is_the_formula(d_v):
    layer = SelfAttention(heads=3, d_k=4, d_v=d_v)
    found = keras.ops.convert_to_numpy(layer(HIDDEN, MASK))
    np.testing.assert_allclose(found, reference(layer, HIDDEN, MASK), atol=1e-5)


def test_dropout_leaves_prediction_alone():
    with_dropout = SelfAttention(heads=3, d_k=4, d_v=4, dropout=0.5)
    found = keras.ops.convert_to_numpy(with_dropout(HIDDEN, MASK))
    np.testing.assert_allclose(found, reference(with_dropout, HIDDEN, MASK), atol=1e-5)
    trained = keras.ops.convert_to_numpy(with_dropout(HIDDEN, MASK, training=True))
    assert not np.allclose(trained, found, atol=1e-3)


def test_padding_is_never_looked_at():
    layer = SelfAttention(heads=2, d_k=3, d_v=3)
    changed = HIDDEN.copy()
    changed[1, 3:] = 99.0
    before = keras.ops.convert_to_numpy(layer(HIDDEN, MASK))[1, :3]
    after = keras.ops.convert_to_numpy(layer(changed, MASK))[1, :3]
    np.testing.assert_allclose(before, after, atol=1e-6)


# The bias of the keys moves all scores of a query alike: softmax takes it out again, up to the
# last bits, so no gradient worth the name reaches that part of the shared bias.
def test_as_a_layer(check_layer):
    assert check_layer(SelfAttention(heads=2, d_k=3, d_v=5), HIDDEN, MASK).shape == HIDDEN.shape


def test_rotation_leaves_only_the_distance():
    """Queries and keys of equal content: their product depends on how far apart they are."""
    vectors = np.tile(RNG.normal(size=(2, 1, 1, 8)).astype(np.float32), (1, 12, 1, 1))
    query, key = (keras.ops.convert_to_numpy(rotate(v[None])) for v in vectors)
    products = query[0, :, 0] @ key[0, :, 0].T
    for distance in range(-5, 6):
        diagonal = np.diag(products, distance)
        np.testing.assert_allclose(diagonal, diagonal[0], atol=1e-5)
    assert np.ptp(products[0]) > 0.1
    lengths = np.linalg.norm(query, axis=-1)
    np.testing.assert_allclose(lengths, lengths[0, 0, 0], rtol=1e-5)


def test_with_rotary_positions_the_order_matters():
    full = np.ones((1, 5), bool)
    for rotary in (False, True):
        layer = SelfAttention(heads=2, d_k=4, d_v=4, rotary=rotary)
        straight = keras.ops.convert_to_numpy(layer(HIDDEN[:1], full))
        turned = keras.ops.convert_to_numpy(layer(HIDDEN[:1, ::-1], full))
        assert np.allclose(straight, turned[:, ::-1], atol=1e-5) == (not rotary)
    with pytest.raises(ValueError, match="d_k: expected an even number"):
        SelfAttention(heads=2, d_k=3, d_v=3, rotary=True)
