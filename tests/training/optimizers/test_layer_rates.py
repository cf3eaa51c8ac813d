"""Deeper layers move less, and may wait."""

import keras
import numpy as np
import pytest

from kerasbert import TextCNNConfig, TransformerConfig, build_classifier, build_embedding
from kerasbert.models import build_encoder
from kerasbert.models.compiling import compile_and_build
from kerasbert.training.optimizers import build_optimizer
from kerasbert.training.optimizers.adamw import AdamW
from kerasbert.training.optimizers.layer_rates import LayerwiseAdamW, layer_shares

RNG = np.random.default_rng(0)
INPUTS = {
    "token_ids": RNG.integers(5, 30, (8, 12)).astype(np.int32),
    "segment_ids": np.zeros((8, 12), np.int32),
}
TARGETS = (RNG.random((8, 3)) < 0.5).astype(np.float32)


def classifier(config):
    model = build_classifier(build_embedding(config, 1), build_encoder(config, 2), 3, dropout=0.0)
    return model


def transformer():
    return classifier(
        TransformerConfig(vocabulary_size=30, d_model=8, layers=2, heads=2, dropout=0.0)
    )


def weights(model):
    return {v.path: keras.ops.convert_to_numpy(v).copy() for v in model.trainable_variables}


def train(model, optimizer, steps):
    compile_and_build(model, optimizer, loss=keras.losses.BinaryCrossentropy(from_logits=True))
    for _ in range(steps):
        model.train_on_batch(INPUTS, TARGETS)


def test_shares_by_hand():
    paths = ["embedding/token_table", "encoder/block_0/attention/qkv/kernel"]
    paths += ["encoder/block_1/attention/qkv/kernel", "encoder/norm/gamma", "logits/kernel"]
    assert layer_shares(paths, 0.5) == [0.125, 0.25, 0.5, 0.5, 1.0]
    paths = ["embedding/token_table", "encoder/width_2_convolution_0/kernel", "logits/bias"]
    assert layer_shares(paths, 0.1) == pytest.approx([0.01, 0.1, 1.0])


@pytest.mark.parametrize("weight_decay", [0.0, 0.5])
def test_the_first_update_is_as_long_as_the_share_says(weight_decay):
    """Adam's first update of a weight is its learning rate, whatever the gradient's size."""
    model = transformer()
    before = weights(model)
    optimizer = build_optimizer(
        1e-3, weight_decay=weight_decay, clip_norm=1e9, layer_decay=0.5, frozen_steps=0
    )
    train(model, optimizer, 1)
    shares = dict(zip(before, layer_shares(list(before), 0.5), strict=True))
    assert sorted(set(shares.values())) == [0.125, 0.25, 0.5, 1.0]
    for path, now in weights(model).items():
        rate = 1e-3 * shares[path]
        plain = any(part in path for part in ("bias", "gamma", "beta", "_table"))
        kept = 1 if plain else 1 - weight_decay * rate
        moved = np.abs(now - kept * before[path])
        assert np.quantile(moved[moved > 0.02 * rate], 0.5) == pytest.approx(rate, rel=0.05), path


def test_with_equal_shares_it_is_adamw():
    found = []
    for kind in (keras.optimizers.AdamW, LayerwiseAdamW, AdamW):
        model = transformer()
        train(model, kind(1e-2, weight_decay=0.1, global_clipnorm=1.0, use_ema=True), 5)
        found.append(weights(model))
    for path, of_keras in found[0].items():
        for ours in found[1:]:
            np.testing.assert_allclose(ours[path], of_keras, atol=1e-4, err_msg=path)


def test_a_frozen_encoder_waits_and_then_moves():
    model = classifier(TextCNNConfig(vocabulary_size=30, d_model=8, dropout=0.0))
    before = weights(model)
    optimizer = build_optimizer(1e-2, frozen_steps=3)
    train(model, optimizer, 3)
    waited = weights(model)
    for path, value in waited.items():
        same = np.array_equal(value, before[path])
        assert same == path.startswith(("embedding/", "encoder/")), path
    train(model, optimizer, 1)
    moved = weights(model)
    assert not np.array_equal(moved["embedding/token_table"], waited["embedding/token_table"])


def test_a_wrong_decay_is_refused():
    with pytest.raises(ValueError, match="layer_decay"):
        LayerwiseAdamW(1e-3, layer_decay=0.0)
