"""The learning rate over a run, and what decays."""

import keras
import numpy as np
import pytest

from kerasbert import WarmupDecay
from kerasbert.training.optimizers import build_optimizer


def rates(**settings):
    schedule = WarmupDecay(1.0, total_steps=100, **settings)
    return np.array([float(keras.ops.convert_to_numpy(schedule(step))) for step in range(101)])


def test_rises_over_a_tenth_and_falls_to_zero():
    rate = rates()
    np.testing.assert_allclose(rate[:10], np.arange(1, 11) / 10, atol=1e-6)
    np.testing.assert_allclose(rate[10:], 1 - np.arange(91) / 90, atol=1e-6)


def test_cosine():
    rate = rates(decay="cosine", warmup_steps=0)
    np.testing.assert_allclose(rate, (1 + np.cos(np.pi * np.arange(101) / 100)) / 2, atol=1e-6)


def test_under_accumulation_updates_are_counted():
    schedule = WarmupDecay(1.0, total_steps=10, warmup_steps=2, batches_per_update=4)
    plain = WarmupDecay(1.0, total_steps=10, warmup_steps=2)
    for batch in (0, 3, 4, 7, 8, 39):
        rate, expected = (
            float(keras.ops.convert_to_numpy(s(keras.ops.convert_to_tensor(n, "int32"))))
            for s, n in ((schedule, batch), (plain, batch // 4))
        )
        assert rate == pytest.approx(expected)


def test_accumulated_gradients_are_averaged():
    """Four batches of one are one batch of four."""
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    found = []
    for batch_size, every in ((4, 1), (1, 4)):
        dense = keras.layers.Dense(1, kernel_initializer="ones", name="dense")
        model = keras.Sequential([dense])
        optimizer = build_optimizer(0.1, batches_per_update=every)
        model.compile(optimizer=optimizer, loss="mse")
        model.fit(x, y * 3, batch_size=batch_size, epochs=2, shuffle=False, verbose=0)
        found.append(keras.ops.convert_to_numpy(dense.kernel))
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)


def test_survives_serialization():
    schedule = WarmupDecay(0.5, 80, decay="cosine")
    again = WarmupDecay.from_config(schedule.get_config())
    assert again.get_config() == schedule.get_config()


def test_an_unknown_decay_is_named():
    with pytest.raises(ValueError, match="Received: 'square'"):
        WarmupDecay(1.0, 10, decay="square")


def test_biases_norms_and_tables_do_not_decay():
    from kerasbert.config import TransformerConfig
    from kerasbert.models import build_classifier, build_embedding, build_encoder

    config = TransformerConfig(vocabulary_size=20, d_model=8, layers=1, positions="learned")
    model = build_classifier(build_embedding(config), build_encoder(config), labels=3)
    optimizer = build_optimizer(0.1)
    optimizer.build(model.trainable_variables)
    decays = {v.path for v in model.trainable_variables if optimizer._use_weight_decay(v)}
    assert decays and all(path.endswith("kernel") for path in decays)
