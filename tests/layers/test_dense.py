import keras
import numpy as np
import pytest

from kerasbert.layers import Dense
from kerasbert.layers.dense import product

RNG = np.random.default_rng(0)
STATES = RNG.normal(size=(5, 7, 16)).astype(np.float32)


def test_it_computes_what_keras_computes():
    layer = Dense(24, activation="gelu", bias_initializer=keras.initializers.RandomNormal(seed=1))
    found = keras.ops.convert_to_numpy(layer(STATES))
    plain = keras.layers.Dense(24, activation="gelu")
    plain.build(STATES.shape)
    plain.set_weights(layer.get_weights())
    np.testing.assert_allclose(found, keras.ops.convert_to_numpy(plain(STATES)), atol=1e-5)


@pytest.mark.parametrize("use_bias", [True, False])
def test_it_trains_and_is_saved(check_layer, use_bias):
    check_layer(Dense(8, use_bias=use_bias, kernel_initializer=keras.initializers.Ones()), STATES)


def test_it_computes_in_the_layers_precision():
    layer = Dense(8, dtype="mixed_bfloat16")
    assert keras.backend.standardize_dtype(layer(STATES).dtype) == "bfloat16"


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="a formulation of PyTorch's")
@pytest.mark.parametrize("missing", ["_linear_pointwise", "mkldnn_linear_backward_weights"])
def test_without_the_private_operations_pytorch_multiplies(missing, monkeypatch):
    import torch

    from kerasbert.layers import torch as ours

    class Without:
        def __init__(self, namespace):
            self.namespace = namespace

        def __getattr__(self, name):
            if name == missing:
                raise AttributeError(name)
            return getattr(self.namespace, name)

    monkeypatch.setattr(ours.Path, "read_text", lambda self: "AuthenticAMD")
    if not ours._onednn_is_faster.__wrapped__():
        pytest.skip("this PyTorch has no such operations")
    for name in ("mkldnn", "aten"):
        monkeypatch.setitem(vars(torch.ops), name, Without(getattr(torch.ops, name)))
    assert not ours._onednn_is_faster.__wrapped__()


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="a formulation of PyTorch's")
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("with_bias", [False, True])
def test_onednn_and_its_gradients(transposed, with_bias, monkeypatch):
    import torch

    from kerasbert.layers import torch as ours

    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        pytest.skip("this PyTorch has no such operation")
    monkeypatch.setattr(ours, "_onednn_is_faster", lambda: True)
    inputs = torch.from_numpy(STATES).requires_grad_()
    table = torch.from_numpy(RNG.normal(size=(24, 16) if transposed else (16, 24))).float()
    table.requires_grad_()
    bias = torch.ones(24, requires_grad=True)
    kernel = table.T if transposed else table
    assert ours.prefers_onednn(inputs, kernel)
    assert not ours.prefers_onednn(inputs.double(), kernel.double())
    given = (inputs, table, bias) if with_bias else (inputs, table)
    upstream = torch.from_numpy(RNG.normal(size=(5, 7, 24))).float()
    found = product(inputs, kernel, bias if with_bias else None)
    expected = inputs @ kernel + (bias if with_bias else 0)
    np.testing.assert_allclose(found.detach(), expected.detach(), atol=1e-5)
    pairs = zip(
        torch.autograd.grad(found, given, upstream),
        torch.autograd.grad(expected, given, upstream),
        strict=True,
    )
    for mine, theirs in pairs:
        np.testing.assert_allclose(mine, theirs, atol=1e-4)
        assert mine.stride() == theirs.stride()
