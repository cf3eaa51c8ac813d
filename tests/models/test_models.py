"""Both stages over the same two layers: build, save, load, carry over."""

import keras
import numpy as np
import pytest
from few_blocks import FEW_BLOCKS

from kerasbert import (
    InputError,
    MaskedLM,
    NextSentence,
    build_classifier,
    build_embedding,
    build_encoder,
    build_encoder_model,
    build_pretrain_model,
    compile_pretrain,
    transfer_weights,
)
from kerasbert.config import CONFIGS
from kerasbert.layers import Pooling

VOCABULARY = 30


def layers(name, **changes):
    config = CONFIGS[name](
        **{"vocabulary_size": VOCABULARY, "d_model": 16} | FEW_BLOCKS[name] | changes
    )
    return build_embedding(config), build_encoder(config)


def inputs(length=7, masked=2):
    rng = np.random.default_rng(0)
    ids = rng.integers(5, VOCABULARY, (3, length)).astype(np.int32)
    return {
        "token_ids": ids,
        "segment_ids": np.zeros_like(ids),
        "masked_positions": np.tile(np.arange(masked, dtype=np.int32), (3, 1)),
    }


def numpy(tensors):
    return keras.tree.map_structure(lambda x: np.asarray(x), tensors)


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_pretraining_gives_logits_at_masked_positions_only(name, tmp_path):
    model = build_pretrain_model(*layers(name), [MaskedLM(VOCABULARY), NextSentence()])
    found = numpy(model.predict(inputs(), verbose=0))
    assert found["masked_lm"].shape == (3, 2, VOCABULARY)
    assert found["next_sentence"].shape == (3, 2)
    model.save(tmp_path / "model.keras")
    again = numpy(keras.models.load_model(tmp_path / "model.keras").predict(inputs(), verbose=0))
    for output in found:
        np.testing.assert_array_equal(again[output], found[output])


class Everywhere(keras.layers.Layer):
    """An encoder of a user's own, which cannot be asked for single positions."""

    def __init__(self, inner):
        super().__init__(name="encoder")
        self.inner = inner

    def call(self, hidden, padding_mask, training=None):
        return self.inner(hidden, padding_mask, training=training)

    def compute_output_shape(self, hidden_shape, padding_mask_shape=None):
        return hidden_shape


def test_masked_lm_alone_trains_the_same_whoever_computes_states_that_nobody_reads(tmp_path):
    """The last block computes the masked positions only: same losses, same weights after steps."""

    def trained(wrap):
        embedding, encoder = layers("transformer", dropout=0.0, layers=2)
        model = build_pretrain_model(embedding, wrap(encoder), [MaskedLM(VOCABULARY)])
        compile_pretrain(model, [MaskedLM(VOCABULARY)], keras.optimizers.SGD(1.0))
        target = {"masked_lm": np.full((3, 2), 7, np.int32)}
        weight = {"masked_lm": np.ones((3, 2), np.float32)}
        losses = [
            float(np.asarray(model.train_on_batch(inputs(), target, weight))) for _ in range(3)
        ]
        return model, losses, [np.asarray(value) for value in encoder.get_weights()]

    model, losses, weights = trained(lambda encoder: encoder)
    _, expected_losses, expected_weights = trained(Everywhere)
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-5)
    for found, expected in zip(weights, expected_weights, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras").predict(inputs(), verbose=0)
    found = model.predict(inputs(), verbose=0)
    np.testing.assert_array_equal(again["masked_lm"], found["masked_lm"])


def test_the_head_shares_the_token_embedding():
    model = build_pretrain_model(*layers("text-cnn"), [MaskedLM(VOCABULARY)])
    tables = [w for w in model.weights if w.shape == (VOCABULARY, 16)]
    assert len(tables) == 1
    shapes = [tuple(w.shape) for w in model.get_layer("masked_lm").weights]
    assert shapes == [(VOCABULARY,)]


def test_the_pooling_is_there_only_if_an_objective_uses_it():
    without = build_pretrain_model(*layers("text-cnn"), [MaskedLM(VOCABULARY)])
    assert "pooling" not in [layer.name for layer in without.layers]
    with_it = build_pretrain_model(*layers("text-cnn"), [NextSentence()])
    assert "pooling" in [layer.name for layer in with_it.layers]


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_every_model_gives_pooled_and_sequence(name):
    model = build_encoder_model(*layers(name))
    features = {key: value for key, value in inputs().items() if key != "masked_positions"}
    found = numpy(model.predict(features, verbose=0))
    assert found["pooled"].shape == (3, 16) and found["sequence"].shape == (3, 7, 16)


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_what_was_learned_is_carried_over_weight_by_weight(name):
    source = build_pretrain_model(*layers(name), [MaskedLM(VOCABULARY), NextSentence()])
    for weight in source.weights:
        weight.assign(np.random.default_rng(1).normal(size=weight.shape))
    pooling = Pooling("cls", projection=True, name="pooling")
    target = build_classifier(*layers(name), labels=4, pooling=pooling)
    report = transfer_weights(source, target)
    for layer in ("embedding", "encoder", "pooling"):
        pairs = zip(source.get_layer(layer).weights, target.get_layer(layer).weights, strict=True)
        for theirs, ours in pairs:
            assert np.array_equal(*map(keras.ops.convert_to_numpy, (theirs, ours))), ours.path
    assert report.new == ["logits/kernel", "logits/bias"]
    assert {path.split("/")[0] for path in report.unused} == {
        "masked_lm",
        "masked_lm_transform",
        "masked_lm_norm",
        "next_sentence",
    }
    assert len(report.loaded) + len(report.unused) == len(source.weights)


def test_an_encoder_weight_that_is_not_loaded_is_an_error():
    source = build_pretrain_model(*layers("transformer", layers=1), [MaskedLM(VOCABULARY)])
    target = build_classifier(*layers("transformer", layers=2), labels=4)
    with pytest.raises(InputError, match=r"encoder/block_1/.*found nothing"):
        transfer_weights(source, target)
    with pytest.raises(InputError, match=r"encoder/block_1/.*not used by the new model"):
        transfer_weights(
            build_pretrain_model(*layers("transformer", layers=2), [MaskedLM(VOCABULARY)]),
            build_classifier(*layers("transformer", layers=1), labels=4),
        )


def test_another_vocabulary_is_an_error():
    source = build_pretrain_model(*layers("text-cnn"), [MaskedLM(VOCABULARY)])
    target = build_classifier(*layers("text-cnn", vocabulary_size=31), labels=4)
    with pytest.raises(InputError, match=r"token_table: expected shape \(31, 16\).*\(30, 16\)"):
        transfer_weights(source, target)


def test_the_same_layer_objects_serve_both_stages():
    embedding, encoder = layers("text-cnn")
    build_pretrain_model(embedding, encoder, [MaskedLM(VOCABULARY)])
    classifier = build_classifier(embedding, encoder, labels=2)
    assert classifier.get_layer("encoder") is encoder


def test_a_layer_of_another_name_is_refused():
    config = CONFIGS["text-cnn"](vocabulary_size=VOCABULARY, d_model=16)
    nameless = keras.layers.Dense(16)
    with pytest.raises(ValueError, match="encoder layer must be called 'encoder'"):
        build_classifier(build_embedding(config), nameless, labels=2)


def test_equal_seeds_give_equal_weights_and_others_do_not():
    def weights(seed):
        config = CONFIGS["transformer"](vocabulary_size=VOCABULARY, d_model=16, layers=2)
        model = build_classifier(build_embedding(config, seed), build_encoder(config, seed), 3)
        return [keras.ops.convert_to_numpy(weight) for weight in model.weights]

    assert all(np.array_equal(*pair) for pair in zip(weights(1), weights(1), strict=True))
    assert not all(np.array_equal(*pair) for pair in zip(weights(1), weights(2), strict=True))


def test_no_two_weights_of_a_layer_start_alike():
    """Seeds that meet would make heads or layers copies of each other."""
    for name in CONFIGS:
        embedding, encoder = layers(name)
        model = build_classifier(embedding, encoder, labels=16)
        kernels = [keras.ops.convert_to_numpy(w) for w in model.weights if len(w.shape) > 1]
        for number, kernel in enumerate(kernels):
            for other in kernels[:number]:
                assert kernel.shape != other.shape or not np.allclose(kernel, other)


@pytest.mark.parametrize("kind", ["multi-label", "multi-class"])
def test_an_untrained_classifier_can_begin_at_the_label_shares(kind):
    from kerasbert.heads.classification.logits import begin_at_label_shares
    from kerasbert.heads.classification.scores import probabilities

    gold = np.eye(3, dtype=np.float32)[[0, 0, 0, 1, 1, 2]]
    model = build_classifier(*layers("text-cnn"), labels=3)
    model.get_layer("logits").kernel.assign(np.zeros((16, 3)))
    begin_at_label_shares(model, gold, kind)
    features = {key: value for key, value in inputs().items() if key != "masked_positions"}
    found = probabilities(np.asarray(model.predict(features, verbose=0)), kind)
    np.testing.assert_allclose(found[0], [0.5, 0.33, 0.2], atol=0.04)


def test_sublayers_without_a_name_are_found_again():
    @keras.saving.register_keras_serializable(package="tests")
    class Own(keras.layers.Layer):
        def build(self, hidden_shape, padding_mask_shape=None):
            self.first, self.second = keras.layers.Dense(16), keras.layers.Dense(16)
            self.first.build(hidden_shape)
            self.second.build(hidden_shape)

        def call(self, hidden, padding_mask):
            return self.second(self.first(hidden))

    config = CONFIGS["text-cnn"](vocabulary_size=VOCABULARY, d_model=16)
    models = [
        build_classifier(build_embedding(config, seed), Own(name="encoder"), labels=2)
        for seed in (0, 1)
    ]
    report = transfer_weights(*models)
    pairs = zip(*(model.get_layer("encoder").weights for model in models), strict=True)
    assert all(np.array_equal(*map(keras.ops.convert_to_numpy, pair)) for pair in pairs)
    assert report.new == ["logits/kernel", "logits/bias"] and len(report.loaded) == 8
