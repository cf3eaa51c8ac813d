"""The average of the weights: evaluated and kept, but not trained on."""

import keras
import numpy as np
import pytest

from kerasbert.training.optimizers import OnAverage, average_momentum, averaged, build_optimizer

X = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def model_of(momentum, **settings):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="ones")])
    optimizer = build_optimizer(0.1, weight_decay=0.0, average_momentum=momentum)
    model.compile(optimizer=optimizer, loss="mse", **settings)
    return model


def kernel(model):
    return np.array(keras.ops.convert_to_numpy(model.trainable_weights[0]))


class Remember(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.kernels = []

    def on_train_batch_end(self, batch, logs=None):
        self.kernels.append(kernel(self.model))

    def on_epoch_end(self, epoch, logs=None):
        self.kernels.append(kernel(self.model))


def fit(model, *callbacks, epochs=3):
    model.fit(X, 3 * Y, batch_size=8, epochs=epochs, shuffle=False, verbose=0, callbacks=callbacks)


def test_the_average_is_exponential_and_training_does_not_notice():
    seen, inner = Remember(), Remember()
    model, plain = model_of(0.5), model_of(None)
    fit(model, OnAverage([inner]), seen)
    fit(plain)
    np.testing.assert_allclose(kernel(model), kernel(plain), rtol=1e-6)
    steps = [seen.kernels[i] for i in range(15) if i % 5 != 4]  # the fifth is the epoch's end
    average = steps[0]
    for number, value in enumerate(steps[1:], start=1):
        average = 0.5 * average + 0.5 * value
        if number % 4 == 3:
            np.testing.assert_allclose(inner.kernels[number // 4], average, rtol=1e-5)
    assert len(inner.kernels) == 3  # it hears of epochs only


def test_in_the_block_and_after_it():
    model = model_of(0.9)
    fit(model, epochs=1)
    before = kernel(model)
    with averaged(model):
        assert np.abs(kernel(model) - before).max() > 1e-3
    np.testing.assert_array_equal(kernel(model), before)
    plain = model_of(None)
    fit(plain, epochs=1)
    before = kernel(plain)
    with averaged(plain):
        np.testing.assert_array_equal(kernel(plain), before)


@pytest.mark.parametrize(
    "share, steps, expected", [(0.15, 100, 1 - 1 / 15), (0.15, 6, None), (0.0, 100, None)]
)
def test_momentum_of_a_share_of_an_epoch(share, steps, expected):
    assert average_momentum(share, steps) == expected
