"""Callbacks that see, keep and stop."""

import copy
import json
from dataclasses import replace

import keras
import numpy as np
import pytest

from kerasbert import (
    EpochF1,
    KeepBest,
    LabeledBatches,
    LabelSet,
    MaskedLM,
    ObjectiveValidation,
    PretrainingBatches,
    TextCNNConfig,
    build_classifier,
    build_embedding,
    build_encoder,
    build_pretrain_model,
    read_labeled,
    train_tokenizer,
)
from kerasbert.files import to_json
from kerasbert.runs import RunFolder, load_model
from kerasbert.tasks import TASKS, SentenceOrder, TaskBatch, TaskSettings
from kerasbert.tasks.held_out import figures_of
from kerasbert.training import History


@pytest.fixture
def valid(files):
    documents = read_labeled(files / "valid.txt")
    tokenizer = train_tokenizer([text for d in documents for text in d.texts], "word", 100)
    labels = LabelSet.from_documents(documents)
    return LabeledBatches(documents, tokenizer, labels, "multi-label", max_length=64)


def classifier(labels=2):
    config = TextCNNConfig(vocabulary_size=100, d_model=8)
    return build_classifier(build_embedding(config), build_encoder(config), labels)


def test_epoch_f1_counts_every_document_as_scikit_learn_does(valid):
    from sklearn.metrics import f1_score

    model = classifier()
    callback = EpochF1(valid, batch_size=7)  # 40 documents: the last batch is not full
    callback.set_model(model)
    logs: dict = {}
    callback.on_epoch_end(0, logs)
    everything = valid.texts.rows(np.arange(40), 64)
    logits = np.asarray(model.predict(everything, verbose=0))
    predicted = logits >= 0
    predicted[np.arange(40), logits.argmax(axis=1)] |= ~predicted.any(axis=1)
    for average in ("micro", "macro"):
        expected = f1_score(valid.gold, predicted, average=average, zero_division=0)
        assert logs[f"val_{average}_f1"] == pytest.approx(expected)
    assert logs["val_f1"] == pytest.approx((logs["val_micro_f1"] + logs["val_macro_f1"]) / 2)


class Own(keras.Model):
    """A model that is no graph of layers."""

    def __init__(self, activation=None):
        super().__init__()
        self.embedding = keras.layers.Embedding(100, 4)
        self.scores = keras.layers.Dense(2, activation=activation)

    def call(self, inputs):
        return self.scores(keras.ops.mean(self.embedding(inputs["token_ids"]), axis=1))


def with_end(end):
    model = classifier()
    return keras.Model(model.input, end(model.output))


def epoch_logs(model, valid, from_logits=None, **options):
    valid = copy.copy(valid)
    valid.head = replace(valid.head, **options)
    callback = EpochF1(valid, from_logits=from_logits)
    callback.set_model(model)
    logs: dict = {}
    callback.on_epoch_end(0, logs)
    return logs


def test_epoch_f1_takes_probabilities_for_what_they_are(valid):
    """At 0.5, whether the sigmoid is in the model or not; said, seen, and in 16 bits."""
    from sklearn.metrics import f1_score

    model = classifier()
    shift = keras.layers.Dense(2, bias_initializer=keras.initializers.Constant([-0.3, 0.4]))
    plain = keras.Model(model.input, shift(model.output))
    squashed = keras.Model(model.input, keras.layers.Activation("sigmoid")(plain.output))
    half = keras.Model(
        model.input, keras.layers.Activation("sigmoid", dtype="mixed_float16")(plain.output)
    )
    unknown = keras.Model(
        model.input, keras.layers.Lambda(lambda x: keras.ops.sigmoid(x))(plain.output)
    )
    logs = epoch_logs(plain, valid)
    said = np.asarray(squashed.predict(valid.texts.rows(np.arange(40), 64), verbose=0))
    predicted = said >= 0.5
    predicted[np.arange(40), said.argmax(axis=1)] |= ~predicted.any(axis=1)
    micro = f1_score(valid.gold, predicted, average="micro", zero_division=0)
    assert logs["val_micro_f1"] == pytest.approx(micro) and 0 < micro < 1
    assert epoch_logs(squashed, valid) == pytest.approx(logs, rel=1e-5)
    assert epoch_logs(unknown, valid, from_logits=False) == pytest.approx(logs, rel=1e-5)
    assert epoch_logs(half, valid) == pytest.approx(logs, rel=1e-2)
    with pytest.raises(ValueError, match="from_logits=True or False"):
        epoch_logs(unknown, valid)


@pytest.mark.parametrize("activation", [None, "sigmoid"])
def test_epoch_f1_and_a_model_of_ones_own_making(activation, valid):
    model = Own(activation)
    loss = keras.losses.BinaryCrossentropy(from_logits=activation is None)
    model.compile("adam", loss, metrics=["mae"])
    callbacks = [EpochF1(valid), EpochF1(valid, name="again")]
    fitting = {"steps_per_epoch": 2, "epochs": 2, "verbose": 0, "callbacks": callbacks}
    history = model.fit(valid.stream(), **fitting).history
    everything = valid.texts.rows(np.arange(40), 64)
    inputs = {key: everything[key] for key in ("token_ids", "segment_ids")}
    expected = float(loss(valid.gold, model.predict(inputs, verbose=0)))
    assert history["val_loss"][-1] == pytest.approx(expected, rel=1e-2)  # padding counts in `Own`
    assert len(history["val_f1"]) == 2 and history["val_f1"] == history["again_f1"]


def test_epoch_f1_leaves_the_loss_of_keras(valid):
    """`val_loss` of `fit(validation_data=...)` is the compiled loss, here the squared error."""
    model = with_end(keras.layers.Activation("sigmoid"))
    model.compile("sgd", "mse")
    inputs = valid.texts.rows(np.arange(40), 64)
    fitting = {"epochs": 2, "verbose": 0, "batch_size": 40, "shuffle": False}
    fitting |= {"validation_data": (inputs, valid.gold), "callbacks": [EpochF1(valid)]}
    history = model.fit(inputs, valid.gold, **fitting).history
    squared = np.square(np.asarray(model.predict(inputs, verbose=0)) - valid.gold).mean()
    assert history["val_loss"][-1] == pytest.approx(squared, rel=1e-4)
    assert len(history["val_f1"]) == 2


def test_epoch_f1_writes_over_no_other_figure(valid):
    callback = EpochF1(valid)
    callback.set_model(classifier())
    with pytest.raises(ValueError, match=r"`name` of its own. Received: val_f1$"):
        callback.on_epoch_end(0, {"val_f1": 0.9})
    logs: dict = {}
    for epoch in range(2):  # its own from the epoch before
        callback.on_epoch_end(epoch, logs)
    with pytest.raises(ValueError, match="`set_model` first"):
        EpochF1(valid).on_epoch_end(0)


def test_epoch_f1_follows_the_rule(valid):
    model = with_end(lambda x: x * 0 - 3.0)  # no label is ever reached
    assert epoch_logs(model, valid)["val_f1"] > 0  # each document here has a label
    assert epoch_logs(model, valid, rule="threshold")["val_f1"] == 0
    everything = epoch_logs(model, valid, rule="top-k", top_k=2)
    assert everything["val_micro_f1"] == pytest.approx(
        2 * valid.gold.sum() / (valid.gold.sum() + valid.gold.size)
    )
    valid.gold[:36] = 0
    assert epoch_logs(model, valid)["val_f1"] == pytest.approx(
        epoch_logs(model, valid, rule="at-least-one")["val_f1"]
    )


def test_a_loss_that_is_no_number_has_its_reason(valid):
    """Classes: no document here has a label that the training data has."""
    valid.head, valid.gold = replace(valid.head, kind="multi-class"), valid.gold * 0
    logits = np.zeros((40, 2), np.float32)
    scores = json.loads(to_json(valid.head.score(logits, valid)))
    assert scores["loss"] is None and scores["f1"] == 0
    assert scores["loss_reason"] == "no document has a label that the training data has"
    logits[3] = np.nan
    scores = valid.head.score(logits, valid)
    assert scores["loss_reason"] == "the model's outputs are no finite numbers"


def test_history_leaves_empty_what_is_no_number(tmp_path):
    history = History(RunFolder(tmp_path), ["epoch", "loss", "val_loss"], 1)
    history.step = 1
    history.on_epoch_end(0, {"loss": 0.5, "val_loss": float("nan")})
    assert (tmp_path / "history.csv").read_text() == "epoch,loss,val_loss\n1,0.5,\n"
    state = json.loads(to_json(history.state()))
    del state["rows"][0]["val_loss"]  # of an earlier version
    history.restore(state)
    assert history.rows == [{"epoch": 1, "loss": 0.5, "val_loss": ""}]


def test_a_state_before_the_first_epoch_is_json(tmp_path):
    best = KeepBest(RunFolder(tmp_path))
    state = json.loads(to_json(best.state()))
    assert state["best"] is None and not [name for name in state if name.endswith("_reason")]
    best.restore(state)
    assert best.best == float("-inf")


def test_keep_best_keeps_the_best_and_stops(tmp_path):
    model = classifier()
    folder = RunFolder(tmp_path)
    best = KeepBest(folder, patience=2)
    best.set_model(model)
    kernel = model.get_layer("logits").kernel
    for epoch, value in enumerate([0.2, 0.5, 0.4, 0.5]):
        kernel.assign(np.full(kernel.shape, value))
        best.on_epoch_end(epoch, {"val_f1": value})
    assert (best.best, best.best_epoch, best.stopped, model.stop_training) == (0.5, 2, True, True)
    kept = keras.ops.convert_to_numpy(load_model(tmp_path).get_layer("logits").kernel)
    assert (kept == np.float32(0.5)).all()


def test_keep_best_takes_the_lower_loss_of_equal_figures(tmp_path):
    """Small validation data: F1 1.0 from the first epoch on, which has barely learned."""
    model = classifier()
    best = KeepBest(RunFolder(tmp_path), patience=4)
    best.set_model(model)
    kernel = model.get_layer("logits").kernel
    for epoch, loss in enumerate([0.5, 0.2, float("nan"), 0.3]):
        kernel.assign(np.full(kernel.shape, loss))
        best.on_epoch_end(epoch, {"val_f1": 1.0, "val_loss": loss})
    assert (best.best, best.best_epoch, best.waited) == (1.0, 2, 3)  # patience is for F1
    kept = keras.ops.convert_to_numpy(load_model(tmp_path).get_layer("logits").kernel)
    assert (kept == np.float32(0.2)).all()
    again = KeepBest(RunFolder(tmp_path), patience=4)
    again.set_model(model)
    again.restore(json.loads(to_json(best.state())))
    again.on_epoch_end(4, {"val_f1": 1.0, "val_loss": 0.25})
    assert (again.best_epoch, again.stopped) == (2, True)


def test_keep_best_says_what_is_missing(tmp_path):
    best = KeepBest(RunFolder(tmp_path))
    best.set_model(classifier())
    with pytest.raises(ValueError, match="'val_f1' is not in the logs"):
        best.on_epoch_end(0, {"loss": 1.0})


def test_token_shares_are_counted_on_the_training_part(store):
    from kerasbert.corpus.store.held_out import validation_documents

    text = store.read(0, store.documents)
    counts = np.ones(store.tokenizer.vocabulary_size)
    for document in np.flatnonzero(~validation_documents(text.document_hashes)):
        for token in text.token_ids[text.starts[document] : text.starts[document + 1]]:
            counts[token] += 1
    np.testing.assert_allclose(store.token_shares(), counts / counts.sum())


def test_document_words_validation_is_total_loss_over_total_weight(store):
    words, masked = (TASKS[name](store, TaskSettings()) for name in ("document-words", "masked-lm"))
    batches = PretrainingBatches(store, [words], max_length=32, batch_size=8, part="valid")
    config = TextCNNConfig(vocabulary_size=store.tokenizer.vocabulary_size, d_model=8)
    model = build_pretrain_model(
        build_embedding(config), build_encoder(config), [words, masked]
    )  # fmt: skip
    found = ObjectiveValidation({words: batches}).scores(model)

    nats = unigram = total = 0.0
    shares = store.token_shares() * words.weights
    for step in range(batches.steps_per_epoch):
        inputs, targets, weights = batches.batch(step)
        positions = np.zeros((len(inputs["token_ids"]), 1), np.int32)
        made = model.predict_on_batch({**inputs, "masked_positions": positions})
        logits = np.asarray(made["document_words"]).astype(np.float64)
        log_probability = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        for row, place in zip(*np.nonzero(weights["document_words"]), strict=True):
            weight = weights["document_words"][row, place]
            target = targets["document_words"][row, place]
            nats -= weight * log_probability[row, target]
            unigram -= weight * np.log(shares[target] / shares.sum())
            total += weight
    expected = {
        "val_loss": nats / total,
        "val_loss_document_words": nats / total,
        "unigram_loss_document_words": unigram / total,
    }
    assert found == pytest.approx(expected, rel=1e-4)


def test_masked_lm_validation_is_total_loss_over_total_weight(store):
    vocabulary = store.tokenizer.vocabulary_size
    task = MaskedLM(vocabulary)
    batches = PretrainingBatches(store, [task], max_length=32, batch_size=8, part="valid")
    config = TextCNNConfig(vocabulary_size=vocabulary, d_model=8)
    model = build_pretrain_model(build_embedding(config), build_encoder(config), [task])
    found = ObjectiveValidation({task: batches}).scores(model)

    nats, hits, unigram, hidden = [], [], [], []
    frequency = -np.log(store.token_shares())
    for step in range(batches.steps_per_epoch):
        inputs, targets, weights = batches.batch(step)
        logits = np.asarray(model.predict_on_batch(inputs)["masked_lm"]).astype(np.float64)
        log_probability = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        for row, slot in zip(*np.nonzero(weights["masked_lm"]), strict=True):
            target = targets["masked_lm"][row, slot]
            position = inputs["masked_positions"][row, slot]
            nats.append(-log_probability[row, slot, target])
            hits.append(logits[row, slot].argmax() == target)
            unigram.append(frequency[target])
            hidden.append(inputs["token_ids"][row, position] == 4)
    shown = np.array(hidden)
    assert 0.7 < shown.mean() < 0.9
    expected = {
        "val_loss": np.mean(nats),
        "val_loss_masked_lm": np.mean(nats),
        "unigram_loss_masked_lm": np.mean(unigram),
        "masked_accuracy": np.mean(hits),
        "val_loss_masked_lm_mask": np.array(nats)[shown].mean(),
        "unigram_loss_masked_lm_mask": np.array(unigram)[shown].mean(),
    }
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", ["next-sentence", "sentence-order"])
def test_pair_validation_is_the_mean_loss_of_the_pairs(name, store):
    task = TASKS[name](store, TaskSettings())
    batches = PretrainingBatches(store, [task], max_length=32, batch_size=8, part="valid")
    config = TextCNNConfig(vocabulary_size=store.tokenizer.vocabulary_size, d_model=8)
    masked = TASKS["masked-lm"](store, TaskSettings())
    model = build_pretrain_model(build_embedding(config), build_encoder(config), [task, masked])
    found = ObjectiveValidation({task: batches}).scores(model)
    losses = []
    for step in range(batches.steps_per_epoch):
        inputs, targets, weights = batches.batch(step)
        positions = np.zeros((len(inputs["token_ids"]), 1), np.int32)
        made = model.predict_on_batch({**inputs, "masked_positions": positions})
        logits = np.asarray(made[task.name]).astype(np.float64)
        nats = (
            np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(logits)), targets[task.name]]
        )
        losses += nats[weights[task.name] > 0].tolist()
    name = task.name
    assert (
        found[f"val_loss_{name}"] == pytest.approx(np.mean(losses), rel=1e-4) and len(losses) > 20
    )
    assert found[f"chance_loss_{name}"] == pytest.approx(np.log(2))


class Longer(SentenceOrder):
    """An objective of a user's own, with a loss of each position and nothing said of figures."""

    name = "longer"
    figures = scoring_model = score = None

    def make(self, rows, rng):
        lengths = (~rows.special).sum(axis=1, keepdims=True)
        target = np.repeat(lengths > 12, rows.token_ids.shape[1], axis=1).astype("int32")
        return TaskBatch(target=target, weight=(~rows.special).astype("float32"))

    def head(self, embedding, sequence, pooled, inputs):
        return keras.layers.Dense(2, name=self.name)(sequence)


def test_an_objective_of_ones_own_is_validated_beside_others(store):
    """`val_loss` is the sum; an own objective has total loss over total weight under its name."""
    own, masked = Longer(), MaskedLM(store.tokenizer.vocabulary_size)
    config = TextCNNConfig(vocabulary_size=store.tokenizer.vocabulary_size, d_model=8)
    model = build_pretrain_model(build_embedding(config), build_encoder(config), [own, masked])
    valid = {
        task: PretrainingBatches(store, [task], max_length=32, batch_size=8, part="valid")
        for task in (own, masked)
    }
    found = ObjectiveValidation(valid).scores(model)
    nats = total = 0.0
    for step in range(valid[own].steps_per_epoch):
        inputs, targets, weights = valid[own].batch(step)
        positions = np.zeros((len(inputs["token_ids"]), 1), np.int32)
        made = model.predict_on_batch({**inputs, "masked_positions": positions})
        logits = np.asarray(made["longer"]).astype(np.float64)
        log_probability = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        chosen = np.take_along_axis(log_probability, targets["longer"][..., None], axis=-1)[..., 0]
        nats -= (chosen * weights["longer"]).sum()
        total += weights["longer"].sum()
    assert found["val_loss_longer"] == pytest.approx(nats / total, rel=1e-4)
    parts = found["val_loss_longer"] + found["val_loss_masked_lm"]
    assert found["val_loss"] == pytest.approx(parts)
    assert figures_of(own).columns == ["val_loss_longer"]
    assert set(found) == {"val_loss", "val_loss_longer", *MaskedLM.figures.columns}
