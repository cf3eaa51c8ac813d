"""Batches through `fit` and `evaluate`: from where the model is, every row once, never for ever."""

from collections import Counter

import keras
import numpy as np
import pytest

from kerasbert import JointBatches, LabeledBatches, LabelSet, MaskedLM, PretrainingBatches
from kerasbert.batches.labeled import predict_logits
from kerasbert.batches.stream import OnePass, batches_seen, for_keras, stream
from kerasbert.heads.classification.scores import mean_loss
from kerasbert.text import LabeledDocument, read_labeled
from kerasbert.tokenizer import train_tokenizer


class Numbers:
    """Batch `step` is (2, 1) numbers that no other step has."""

    steps_per_epoch = 3

    def batch(self, step):
        x = np.full((2, 1), 1 + step / 10, np.float32)
        return x, x * 0 + step

    def once(self):
        return for_keras(OnePass(self.batch, self.steps_per_epoch))


def model(**settings):
    layers = [keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="ones")]
    found = keras.Sequential(layers)
    found.compile(keras.optimizers.Adam(0.1, **settings), "mse")
    return found


def fit(model, data, epochs, callbacks=()):
    model.fit(
        data, steps_per_epoch=3, epochs=epochs, callbacks=list(callbacks), shuffle=False, verbose=0
    )


class Interrupt(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


@pytest.mark.parametrize("settings", [{}, {"gradient_accumulation_steps": 4}], ids=str)
def test_restored_by_keras_it_goes_on_where_the_optimizer_is(settings, tmp_path):
    whole = model(**settings)
    fit(whole, stream(Numbers()), 4)
    stopped = model(**settings)
    backup = [keras.callbacks.BackupAndRestore(tmp_path / "backup")]
    with pytest.raises(KeyboardInterrupt):
        fit(stopped, stream(Numbers(), stopped), 4, [*backup, Interrupt()])
    again = model(**settings)
    fit(again, stream(Numbers(), again), 4, backup)
    assert batches_seen(again) == 12
    for found, expected in zip(again.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_second_fit_goes_on_with_the_same_stream():
    whole, parts = model(), model()
    fit(whole, stream(Numbers()), 3)
    data = stream(Numbers(), parts)
    fit(parts, data, 1)
    fit(parts, data, 2)
    for found, expected in zip(parts.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_fit_that_would_repeat_batches_warns(tmp_path):
    """What `stream()` can't know, and a restored model tells: batches that have been seen."""
    stopped = model()
    backup = [keras.callbacks.BackupAndRestore(tmp_path / "backup")]
    with pytest.raises(KeyboardInterrupt):
        fit(stopped, stream(Numbers()), 4, [*backup, Interrupt()])
    again = model()
    with pytest.warns(UserWarning, match=r"on 6 batches already: pass stream\(model\)"):
        fit(again, stream(Numbers()), 4, backup)
    trained = model()
    fit(trained, stream(Numbers()), 1)
    with pytest.warns(UserWarning, match="on 3 batches already"):
        fit(trained, stream(Numbers()), 1)


def test_what_repeats_nothing_or_is_meant_to_does_not_warn(recwarn):
    trained, known = model(), {"validation_data": stream(Numbers()), "validation_steps": 2}
    steps = {"steps_per_epoch": 3, "shuffle": False, "verbose": 0}
    trained.fit(stream(Numbers()), epochs=3, **known, **steps)
    trained.fit(stream(Numbers(), 0), **known, **steps)
    trained.fit(stream(Numbers(), trained), **steps)
    trained.evaluate(stream(Numbers()), steps=2, verbose=0)
    assert not [str(each.message) for each in recwarn if "stream" in str(each.message)]


def test_a_model_that_is_not_compiled_is_refused():
    with pytest.raises(ValueError, match="expected a compiled model"):
        stream(Numbers(), keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))


def test_a_stream_that_would_never_end_is_refused():
    trained = model()
    for read in (
        lambda: trained.evaluate(stream(Numbers()), verbose=0),
        lambda: trained.predict(stream(Numbers()), verbose=0),
        lambda: trained.fit(stream(Numbers()), verbose=0),
        lambda: trained.fit(
            stream(Numbers()), steps_per_epoch=2, validation_data=stream(Numbers()), verbose=0
        ),
    ):
        with pytest.raises(ValueError, match=r"has no end: say how many .*`once\(\)`"):
            read()
    loss = trained.evaluate(stream(Numbers()), steps=3, verbose=0)
    assert loss == pytest.approx(trained.evaluate(Numbers().once(), verbose=0))


def test_validation_data_is_read_to_its_end_each_time():
    trained = model()
    history = trained.fit(
        stream(Numbers()),
        steps_per_epoch=2,
        epochs=3,
        validation_data=Numbers().once(),
        verbose=0,
        shuffle=False,
    ).history["val_loss"]
    assert len(set(history)) == 3
    assert history[-1] == pytest.approx(trained.evaluate(Numbers().once(), verbose=0))


def arrays(data):
    """The batches as numpy arrays, whatever the backend hands over."""
    for batch in data:
        yield keras.tree.map_structure(np.asarray, batch)


@pytest.fixture(scope="module")
def labeled():
    tokenizer = train_tokenizer(["a b c d e f g h a b c d e f g h"] * 2, "word", 50)
    documents = [
        LabeledDocument((" ".join("abcdefgh"[: 1 + i % 8]),), ("xyz"[i % 3],), i) for i in range(14)
    ]
    labels = LabelSet.from_documents(documents)
    return LabeledBatches(documents, tokenizer, labels, max_length=16, batch_size=4)


def test_each_document_comes_once(labeled):
    expected = Counter(tuple(row) for row in labeled.texts.rows(np.arange(14), 16)["token_ids"])
    joint = JointBatches(labeled, MaskedLM(20, rate=0.5))
    for source in (labeled, joint):
        batches = list(arrays(source.once()))
        sizes = [len(batch[0]["token_ids"]) for batch in batches]
        assert sizes == [4, 4, 4, 2] and len(sizes) == source.steps_per_epoch
        again = list(arrays(source.once()))
        assert all(map(np.array_equal, *map(keras.tree.flatten, (batches, again))))
    found = Counter()
    for inputs, target in arrays(labeled.once()):
        for ids in inputs["token_ids"]:
            found[tuple(np.pad(ids, (0, 16 - len(ids))))] += 1
        assert (target.sum(axis=1) == 1).all()
    assert found == expected


def test_evaluate_counts_every_document_once(files, store):
    from kerasbert import (
        TextCNNConfig,
        build_classifier,
        build_embedding,
        build_encoder,
        compile_classifier,
    )

    documents = read_labeled(files / "valid.txt")[:19]
    labels = LabelSet.from_documents(documents)
    data = LabeledBatches(documents, store.tokenizer, labels, max_length=16, batch_size=8)
    config = TextCNNConfig(vocabulary_size=store.tokenizer.vocabulary_size, d_model=4)
    classifier = build_classifier(build_embedding(config), build_encoder(config), len(labels))
    compile_classifier(classifier, "multi-label", "sgd")
    expected = mean_loss(predict_logits(classifier, data.texts), data.gold, "multi-label")
    assert classifier.evaluate(data.once(), verbose=0) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("pack", [False, True])
def test_each_row_of_a_store_comes_once(pack, store, monkeypatch):
    monkeypatch.setattr("kerasbert.batches.block_order.GROUP_ROWS", 64)  # several groups
    monkeypatch.setattr("kerasbert.batches.block_order.WINDOW", 2)
    tasks = [MaskedLM(store.tokenizer.vocabulary_size)]
    batches = PretrainingBatches(store, tasks, max_length=32, batch_size=8, pack=pack, seed=1)
    assert batches.total_rows % 8 and batches.steps_per_epoch > batches.order.group_steps
    rows, hidden = 0, 0
    for inputs, _, weights in arrays(batches.once()):
        rows += len(inputs["token_ids"])
        hidden += (inputs["token_ids"] > 0).sum()
        assert set(weights) == {"masked_lm"}
    assert rows == batches.total_rows and hidden == batches.blocks.tokens + special(batches)


def special(batches):
    """[CLS] and [SEP] of all texts of an epoch."""
    return 2 * sum(
        len(batches.blocks.table(np.array([block])).starts)
        for block in np.flatnonzero(batches.blocks.rows)
    )
