"""What the linear SVMs read, their cost and their share: chosen, and the same every time."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from kerasbert import LabeledBatches, LabelSet
from kerasbert.heads.classification import linear_svm
from kerasbert.heads.classification.head import Classification
from kerasbert.heads.classification.linear_choice import choose_linear
from kerasbert.heads.classification.linear_share import choose_share, share_of_lowest_loss
from kerasbert.text.documents import LabeledDocument
from kerasbert.tokenizer.training import train_tokenizer

WORDS = ["red", "blue", "cold", "warm"]


def data(label_of, count=300, seed=0):
    """Texts of four words, each beside one of two others."""
    rng = np.random.default_rng(seed)
    words = [rng.permutation(WORDS).tolist() for _ in range(count)]
    documents = [LabeledDocument((" ".join(text),), (label_of(text),), 1) for text in words]
    tokenizer = train_tokenizer([" ".join(WORDS)] * 2, style="word", vocabulary_size=20)
    labels = LabelSet.from_documents(documents)
    return [
        LabeledBatches(part, tokenizer, labels, "multi-class", max_length=12)
        for part in (documents[: count // 2], documents[count // 2 :])
    ], tokenizer.vocabulary_size


def test_the_order_of_words_is_learned_from_pairs_alone(monkeypatch):
    (train, valid), size = data(lambda t: "a" if t.index("red") + 1 == t.index("blue") else "b")
    found = choose_linear(train, valid, size)
    assert found.bigrams == 12 and found.f1 > 0.99
    assert str(found).startswith("tokens and 12 pairs of neighbours, cost ")
    assert choose_linear(train, valid, size) == found
    monkeypatch.setattr(linear_svm, "MOST_WEIGHTS", 2 * (size + 5))  # room for five
    assert choose_linear(train, valid, size).bigrams == 5
    monkeypatch.setattr(linear_svm, "MOST_WEIGHTS", 1)
    alone = choose_linear(train, valid, size)
    assert alone.bigrams == 0 and alone.f1 < 0.9 and str(alone).startswith("tokens, cost ")


def test_fewer_pairs_than_the_layer_has_room_for_are_refused():
    (train, valid), size = data(lambda t: t[0])
    from kerasbert.layers import TokenScores

    layer = TokenScores(size, bigrams=13)
    layer.build((None, 4), (None, None))
    with pytest.raises(ValueError, match=r"expected at most the 12 .*Received: 13"):
        linear_svm.fit_token_scores(layer, train, valid)


@pytest.mark.parametrize("exclusive", [False, True])
def test_the_share_is_that_of_a_logistic_regression(exclusive):
    rng = np.random.default_rng(0)
    true = rng.normal(size=(400, 2)) * 2
    gold = np.eye(2, dtype=bool)[true.argmax(1)] if exclusive else rng.random((400, 2)) < 0.5
    true = np.where(gold, 1.0, -1.0) if not exclusive else true
    network, linear = (true + rng.normal(size=true.shape) * noise for noise in (4, 2))
    found = share_of_lowest_loss(network, linear, gold, exclusive)
    parts = [network, linear]
    if exclusive:  # of two classes, the softmax of logits is the sigmoid of their difference
        x, y = np.stack([part[:, 1] - part[:, 0] for part in parts], axis=1), gold[:, 1]
    else:
        x, y = np.stack([part.ravel() for part in parts], axis=1), gold.ravel()
    peer = LogisticRegression(C=1e6, fit_intercept=not exclusive, tol=1e-8).fit(x, y)
    a, b = peer.coef_[0]
    assert found == pytest.approx(b / (a + b), abs=2e-3) and 0.6 < found < 1
    # Ten times as sure of itself, the network counts a tenth for the same answer.
    surer = share_of_lowest_loss(10 * network, linear, gold, exclusive)
    assert surer == pytest.approx(10 * b / (a + 10 * b), abs=2e-3)


def test_of_one_that_knows_nothing_nothing_is_left():
    rng = np.random.default_rng(0)
    gold = np.eye(3)[rng.integers(0, 3, 300)]
    right, wrong = 4 * gold - 2, -4 * gold
    head = Classification(LabelSet(["a", "b", "c"]), "multi-class")
    known = SimpleNamespace(gold=gold, unseen=0)
    assert choose_share(head, right, wrong, known) == 0
    assert choose_share(head, wrong, right, known) == 1
    assert share_of_lowest_loss(right[:0], right[:0], gold[:0], True) == 0.5
    assert share_of_lowest_loss(right * np.nan, right, gold, True) == 0.5
