"""Callbacks that see, keep and stop."""

import keras
import numpy as np
import pytest

from kerasbert import (
    EpochF1,
    KeepBest,
    LabeledBatches,
    LabelSet,
    MaskedLM,
    MaskedLMValidation,
    PretrainingBatches,
    TextCNNConfig,
    build_classifier,
    build_embedding,
    build_encoder,
    build_pretrain_model,
    read_labeled,
    train_tokenizer,
)
from kerasbert.tasks import TASKS, TaskSettings
from kerasbert.training import DocumentWordsValidation, RunFolder, load_model


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


def test_keep_best_says_what_is_missing(tmp_path):
    best = KeepBest(RunFolder(tmp_path))
    best.set_model(classifier())
    with pytest.raises(ValueError, match="'val_f1' is not in the logs"):
        best.on_epoch_end(0, {"loss": 1.0})


def test_token_shares_are_counted_on_the_training_part(store):
    from kerasbert.text.held_out import validation_documents

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
    found = DocumentWordsValidation(batches, words).scores(model)

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
    expected = {"val_loss_words": nats / total, "unigram_loss_words": unigram / total}
    assert found == pytest.approx(expected, rel=1e-4)


def test_masked_lm_validation_is_total_loss_over_total_weight(store):
    vocabulary = store.tokenizer.vocabulary_size
    task = MaskedLM(vocabulary)
    batches = PretrainingBatches(store, [task], max_length=32, batch_size=8, part="valid")
    config = TextCNNConfig(vocabulary_size=vocabulary, d_model=8)
    model = build_pretrain_model(build_embedding(config), build_encoder(config), [task])
    found = MaskedLMValidation(batches).scores(model)

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
        "unigram_loss": np.mean(unigram),
        "masked_accuracy": np.mean(hits),
        "val_loss_mask": np.array(nats)[shown].mean(),
        "unigram_loss_mask": np.array(unigram)[shown].mean(),
    }
    assert found == pytest.approx(expected, rel=1e-4)
