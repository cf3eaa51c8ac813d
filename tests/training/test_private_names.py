"""Names that are private to Keras or PyTorch may be gone tomorrow: then it is slower, not wrong."""

import contextlib
import sys

import keras
import numpy as np
import pytest

from kerasbert.training.optimizers import AdamW, averaged, build_optimizer
from kerasbert.training.optimizers.layer_rates import LayerwiseAdamW

HIDDEN = ("_momentums", "_velocities", "_model_variables_moving_average")


def hiding(kind):
    """The class as it would be if Keras called these otherwise: our own code does not find them."""

    class Hiding(kind):
        def __getattribute__(self, name):
            caller = sys._getframe(1).f_globals["__name__"]
            if name in HIDDEN and caller.startswith("kerasbert."):
                raise AttributeError(name)
            return super().__getattribute__(name)

    return Hiding


def trained(optimizer):
    rng = np.random.default_rng(0)
    names = ("embedding/table", "encoder/block_0/kernel", "logits/kernel", "logits/bias")
    weights = []
    for path in names:
        *scopes, name = path.split("/")
        with contextlib.ExitStack() as stack:
            for scope in scopes:
                stack.enter_context(keras.name_scope(scope))
            value = rng.normal(size=(6, 3)).astype("float32")
            weights.append(keras.Variable(value, name=name))
    assert [weight.path for weight in weights] == list(names)
    optimizer.build(weights)
    for _ in range(4):
        gradients = [
            keras.ops.convert_to_tensor(rng.normal(size=(6, 3)), dtype="float32") for _ in names
        ]
        optimizer.apply(gradients, weights)
    return [np.array(keras.ops.convert_to_numpy(v)) for v in (*weights, *optimizer.variables)]


SETTINGS = {
    AdamW: {"weight_decay": 0.5, "undecayed": ["bias"]},
    LayerwiseAdamW: {"weight_decay": 0.5, "undecayed": ["bias"], "layer_decay": 0.5}
    | {"frozen_steps": 2},
}


@pytest.mark.parametrize("kind", [AdamW, LayerwiseAdamW])
def test_without_the_moments_keras_updates(kind):
    settings = SETTINGS[kind]
    for found, expected in zip(
        trained(hiding(kind)(0.1, **settings)), trained(kind(0.1, **settings)), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [AdamW, LayerwiseAdamW])
@pytest.mark.skipif(keras.backend.backend() != "torch", reason="it is PyTorch's")
def test_without_the_fused_operation_keras_updates(kind, monkeypatch):
    import torch

    expected = trained(kind(0.1, **SETTINGS[kind]))
    monkeypatch.delattr(torch, "_fused_adam_")
    for found, value in zip(trained(kind(0.1, **SETTINGS[kind])), expected, strict=True):
        np.testing.assert_allclose(found, value, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [AdamW, LayerwiseAdamW])
@pytest.mark.skipif(keras.backend.backend() != "torch", reason="it is how PyTorch is called")
def test_without_the_update_of_all_at_once_each_is_updated(kind):
    class EachByItself(kind):
        def _backend_update_step(self, grads, variables, learning_rate):
            for gradient, variable in zip(grads, variables, strict=True):
                self.update_step(gradient, variable, learning_rate)

    pair = (trained(one(0.1, **SETTINGS[kind])) for one in (EachByItself, kind))
    for found, expected in zip(*pair, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_average_is_found_by_its_name():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    optimizer = build_optimizer(0.1, average_momentum=0.9)
    model.compile(hiding(AdamW).from_config(optimizer.get_config()), "mse")
    model.fit(np.ones((8, 3)), np.ones((8, 2)), batch_size=1, verbose=0)
    before = model.get_weights()
    expected = [
        np.array(v.numpy()) for v in vars(model.optimizer)["_model_variables_moving_average"]
    ]
    with averaged(model):
        for found, value, old in zip(model.get_weights(), expected, before, strict=True):
            np.testing.assert_array_equal(found, value)
            assert not np.array_equal(found, old)
    for found, value in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(found, value)
