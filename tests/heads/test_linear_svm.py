"""Linear SVMs against scikit-learn: features, the minimum, and what becomes of them in a model."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from kerasbert import (
    LabeledBatches,
    LabelSet,
    build_classifier,
    build_embedding,
    build_encoder,
    read_labeled,
)
from kerasbert.batches.labeled import predict_logits
from kerasbert.config import TextCNNConfig
from kerasbert.evaluation.calibration import fit_line
from kerasbert.evaluation.f1 import f1_scores
from kerasbert.evaluation.thresholds import fit_threshold
from kerasbert.heads.classification import linear_svm
from kerasbert.heads.classification.linear_svc import SCORE_GRID
from kerasbert.heads.classification.linear_svm import (
    SparseRows,
    fit_kernel,
    fit_linear_svms,
    fit_token_scores,
    labels_per_token,
    too_many_weights,
)
from kerasbert.layers import Pooling

RNG = np.random.default_rng(0)
VOCABULARY = 40


def texts(count):
    return [
        np.r_[2, RNG.integers(5, VOCABULARY, RNG.integers(1, 15)), 3].astype(np.int32)
        for _ in range(count)
    ]


def matrix(rows):
    dense = np.zeros((len(rows.ids), VOCABULARY))
    for number, (ids, values) in enumerate(rows):
        dense[number, ids] = values
    return dense


def test_rows_are_the_tfidf_of_scikit_learn_and_others_take_the_idf_of_training():
    train, valid = texts(50), texts(10)
    names = [f"t{i}" for i in range(5, VOCABULARY)]
    peer = TfidfVectorizer(sublinear_tf=True, vocabulary=names, token_pattern=r"\S+")

    def words(ids):
        return " ".join(f"t{i}" for i in ids)

    expected = peer.fit_transform(map(words, train)).toarray()
    rows = SparseRows(train, VOCABULARY)
    np.testing.assert_allclose(matrix(rows)[:, 5:], expected, atol=1e-6)
    expected = peer.transform(map(words, valid)).toarray()
    other = matrix(SparseRows(valid, VOCABULARY, rows.idf))
    np.testing.assert_allclose(other[:, 5:], expected, atol=1e-6)
    assert not other[:, :5].any()


def test_it_finds_the_minimum_that_linear_svc_finds():
    train = texts(200)
    gold = np.stack([[(ids == t).any() for t in (7, 8)] for ids in train])
    gold[RNG.random(gold.shape) < 0.1] ^= True  # no line parts them without an error
    gold = np.c_[gold, np.zeros(200, bool)]
    rows = SparseRows(train, VOCABULARY)
    kernel, bias = fit_linear_svms(rows, gold, cost=1, passes=300)
    for label in (0, 1):
        peer = LinearSVC(tol=1e-8, max_iter=100000).fit(matrix(rows), gold[:, label])
        np.testing.assert_allclose(kernel[:, label], peer.coef_[0], atol=2e-3)
        np.testing.assert_allclose(bias[label], peer.intercept_[0], atol=2e-3)
    margins = rows.margins(kernel, bias)
    np.testing.assert_allclose(margins, matrix(rows) @ kernel + bias, atol=1e-5)
    assert (margins[:, 2] < 0).all()  # a label that no document has
    again = fit_linear_svms(rows, gold, cost=1, passes=300)
    np.testing.assert_array_equal(again[0], kernel)


def spread(kernel):
    """The dense (V, K) weights of a sparse kernel."""
    dense = np.zeros((VOCABULARY, len(kernel.bias)), np.float32)
    np.add.at(dense, (np.arange(VOCABULARY)[:, None], kernel.columns), kernel.weights)
    return dense


def test_labels_fitted_in_pieces_keep_the_largest_weights_of_each_token():
    train = texts(60)
    gold = RNG.random((60, 11)) < 0.2
    rows = SparseRows(train, VOCABULARY)
    whole, bias = fit_linear_svms(rows, gold)
    piece = 3 * (VOCABULARY + 2 * 60)  # three labels at a time
    every = fit_kernel(rows, gold, kept=99, piece=piece)
    np.testing.assert_allclose(spread(every), whole, atol=1e-5)
    np.testing.assert_allclose(every.bias, bias, atol=1e-5)
    kept = fit_kernel(rows, gold, kept=4, piece=piece)
    assert kept.weights.shape == kept.columns.shape == (VOCABULARY, 4)
    smallest = np.sort(np.abs(whole), axis=1)[:, -4][:, None]
    np.testing.assert_allclose(
        spread(kept), np.where(np.abs(whole) >= smallest, whole, 0), atol=1e-5
    )
    expected = matrix(rows) @ spread(kept) + kept.bias
    np.testing.assert_allclose(kept.margins(rows), expected, atol=1e-5)


def test_few_labels_are_as_they_were_and_very_many_are_left_out():
    assert labels_per_token(224) is labels_per_token(512) is None
    assert labels_per_token(513) == 64
    rows, gold = SparseRows(texts(30), VOCABULARY), RNG.random((30, 3)) < 0.5
    kernel, bias = fit_linear_svms(rows, gold)
    found = fit_kernel(rows, gold, labels_per_token(3))
    np.testing.assert_array_equal(found.weights, kernel)
    np.testing.assert_array_equal(found.margins(rows), rows.margins(kernel, bias))
    assert too_many_weights(20_000, 16, 1_989) is None
    assert too_many_weights(20_000, 0, 5_000) is None  # 100 million
    assert "40,000 features x 5,000 labels" in too_many_weights(20_000, 16, 5_000)
    assert "--linear-svm" in too_many_weights(20_000, 0, 5_001)


@pytest.mark.parametrize("lead, kept", [(0, None), (6, None), (6, 1)])
def test_a_model_answers_with_the_mean_of_the_network_and_the_svms(files, lead, kept, monkeypatch):
    if kept:
        monkeypatch.setattr(linear_svm, "WHOLE_UP_TO", 1)
        monkeypatch.setattr(linear_svm, "LABELS_PER_TOKEN", kept)
    documents = {name: read_labeled(files / f"{name}.txt") for name in ("train", "valid")}
    labels = LabelSet.from_documents(documents["train"])
    from kerasbert import train_tokenizer

    tokenizer = train_tokenizer(
        (d.texts[0] for d in documents["train"]), style="word", vocabulary_size=60
    )
    data = {
        name: LabeledBatches(part, tokenizer, labels, "multi-label", max_length=40)
        for name, part in documents.items()
    }
    config = TextCNNConfig(vocabulary_size=tokenizer.vocabulary_size, d_model=8)
    both = {}
    for size in (None, tokenizer.vocabulary_size):
        model = build_classifier(
            build_embedding(config),
            build_encoder(config),
            len(labels),
            token_scores=size,
            pooling=Pooling("max", lead=lead, name="pooling"),
        )
        if size:
            fit_token_scores(model.get_layer("token_scores"), data["train"], data["valid"])
        both[size] = predict_logits(model, data["valid"].texts)
    network, mean = both.values()
    valid = data["valid"]
    size = tokenizer.vocabulary_size * (2 if lead else 1)

    def features(texts):
        rows = [texts.rows(np.array([n]), 40)["token_ids"][0] for n in range(len(texts))]
        again = [[i + tokenizer.vocabulary_size for i in ids[:lead] if i >= 5] for ids in rows]
        return [np.array([*ids, *leading]) for ids, leading in zip(rows, again, strict=True)]

    rows = SparseRows(features(data["train"].texts), size)
    kernel = fit_kernel(rows, data["train"].gold, kept)
    margins = kernel.margins(SparseRows(features(valid.texts), size, rows.idf))
    slope, _ = fit_line(margins, valid.gold)
    best = fit_threshold(margins, valid.gold, grid=SCORE_GRID, prefer=0.0)
    svms = 2 * mean - network
    np.testing.assert_allclose(svms, slope * (margins - best), atol=1e-3)
    f1 = {id(x): f1_scores(x > 0, valid.gold)["f1"] for x in (network, mean, svms)}
    assert f1[id(svms)] > 0.8 and f1[id(mean)] > f1[id(network)]  # the network is untrained
