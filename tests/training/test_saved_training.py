"""A compiled model that is saved and loaded trains on exactly as the one that was not."""

import keras
import numpy as np
import pytest

from kerasbert import (
    DocumentWords,
    MaskedLM,
    TextCNNConfig,
    TransformerConfig,
    WarmupDecay,
    build_classifier,
    build_embedding,
    build_encoder,
    build_joint_model,
    build_pretrain_model,
    compile_classifier,
    compile_joint,
    compile_pretrain,
)
from kerasbert.batches import PretrainingBatches
from kerasbert.heads.classification.losses import build_loss
from kerasbert.training.optimizers import AdamW, build_optimizer
from kerasbert.training.optimizers.layer_rates import LayerwiseAdamW

RNG = np.random.default_rng(0)
INPUTS = {
    "token_ids": RNG.integers(5, 30, (8, 12)).astype(np.int32),
    "segment_ids": np.zeros((8, 12), np.int32),
}
TARGETS = (RNG.random((8, 3)) < 0.5).astype(np.float32)
HIDDEN = {"masked_positions": RNG.integers(1, 12, (8, 2)).astype(np.int32)}
WORDS = RNG.integers(5, 30, (8, 2)).astype(np.int32)


def layers(kind):
    config = {
        "cnn": TextCNNConfig(vocabulary_size=30, d_model=4, dropout=0.1),
        "transformer": TransformerConfig(
            vocabulary_size=30, d_model=4, layers=2, heads=1, dropout=0.1
        ),
    }[kind]
    return build_embedding(config, 1), build_encoder(config, 2)


def optimizer(**settings):
    # So strong a decay shows at once in a weight that should have none.
    return build_optimizer(WarmupDecay(0.02, 40, 1), weight_decay=5.0, **settings)


def values(model):
    variables = [*model.variables, *model.optimizer.variables]
    return [(v.path, np.array(keras.ops.convert_to_numpy(v))) for v in variables]


def train(model, batch, epochs):
    x, y, *weights = batch
    weights = weights[0] if weights else None
    for _ in range(epochs):  # each `fit` ends as a user's script does
        model.fit(x, y, sample_weight=weights, batch_size=4, shuffle=False, verbose=0)


def check(model, batch, folder):
    train(model, batch, 3)
    model.save(folder / "model.keras")
    again = keras.models.load_model(folder / "model.keras")
    assert again.optimizer.get_config() == model.optimizer.get_config()
    at_first = values(model)
    train(model, batch, 3)
    train(again, batch, 3)
    moved = 0
    for (path, before), (_, value), (_, found) in zip(
        at_first, values(model), values(again), strict=True
    ):
        np.testing.assert_array_equal(found, value, err_msg=path)
        moved += not np.array_equal(before, value)
    assert moved > 10


@pytest.mark.parametrize(
    "kind, settings",
    [
        ("cnn", {"average_momentum": 0.7, "batches_per_update": 4}),
        pytest.param(
            *("transformer", {"layer_decay": 0.5, "frozen_steps": 8}), marks=pytest.mark.in_turn
        ),
        ("transformer", {"layer_decay": 0.5, "frozen_steps": 2, "batches_per_update": 4}),
    ],
    ids=str,
)
def test_a_classifier(kind, settings, tmp_path):
    model = build_classifier(*layers(kind), 3, dropout=0.1)
    compile_classifier(model, "multi-label", optimizer(**settings))
    check(model, (INPUTS, TARGETS), tmp_path)


def test_a_pretraining_model(store, tmp_path):
    size = store.tokenizer.vocabulary_size
    config = TextCNNConfig(vocabulary_size=size, d_model=8)
    tasks = [DocumentWords(size, shares=store.token_shares()), MaskedLM(size)]
    batches = PretrainingBatches(store, tasks, max_length=24, batch_size=8)
    model = build_pretrain_model(build_embedding(config, 1), build_encoder(config, 2), tasks)
    compile_pretrain(model, tasks, optimizer(average_momentum=0.7))
    check(model, batches.batch(0), tmp_path)


def test_a_classifier_with_an_objective_beside_it(tmp_path):
    model = build_classifier(*layers("cnn"), 3, dropout=0.1)
    task = MaskedLM(30)
    joint = build_joint_model(model, task)
    compile_joint(joint, task, 0.5, build_loss("focal", "multi-label"), optimizer())
    weights = {"labels": np.ones(8, np.float32), "masked_lm": np.ones((8, 2), np.float32)}
    check(joint, (INPUTS | HIDDEN, {"labels": TARGETS, "masked_lm": WORDS}, weights), tmp_path)


@pytest.mark.parametrize("kind", [AdamW, LayerwiseAdamW])
def test_what_is_excluded_by_hand_stays_so(kind, tmp_path):
    dense = [keras.layers.Dense(2, name=name) for name in ("first", "second")]
    model = keras.Sequential([keras.Input((3,)), *dense])
    adamw = kind(0.01, weight_decay=0.5)
    with pytest.raises(ValueError, match=r"var_names .* Received: \['.*first/kernel'\]"):
        adamw.exclude_from_weight_decay([dense[0].kernel])
    adamw.exclude_from_weight_decay(var_names=["bias"])
    model.compile(adamw, "mse")
    model.get_layer("second").bias.assign([1.0, 2.0])
    nothing_to_learn = np.zeros((1, 3)), np.array([[1.0, 2.0]])  # what moves, decays
    model.train_on_batch(*nothing_to_learn)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    before = again.get_weights()
    again.train_on_batch(*nothing_to_learn)
    moved = [not np.array_equal(*pair) for pair in zip(before, again.get_weights(), strict=True)]
    assert moved == [True, False, True, False]
    np.testing.assert_allclose(again.get_weights()[2], before[2] * (1 - 0.5 * 0.01), rtol=1e-5)


def test_by_itself_it_decays_and_averages_as_keras_does():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile(AdamW(0.01, use_ema=True, ema_momentum=0.9), "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), batch_size=1, verbose=0)
    average = model.optimizer.variables[2]
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(average), keras.ops.convert_to_numpy(model.weights[0])
    )


def test_an_optimizer_of_an_older_version_is_loaded():
    config = keras.optimizers.serialize(build_optimizer(0.1, layer_decay=0.5))
    for name in ("undecayed", "average_apart"):
        del config["config"][name]
    again = keras.optimizers.deserialize(config)
    assert isinstance(again, LayerwiseAdamW) and again.undecayed == []
