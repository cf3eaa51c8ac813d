"""Labelled texts as batches."""

import keras
import numpy as np
import pytest

from kerasbert import LabeledBatches, LabelSet
from kerasbert.batches.apart import ApartTexts
from kerasbert.batches.encoded import EncodedTexts, WindowedTexts, Windows, _cut
from kerasbert.batches.labeled import in_order
from kerasbert.text import LabeledDocument
from kerasbert.tokenizer import train_tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(["a b c d e f g h a b c d e f g h"] * 2, "word", 50)


def documents(*texts, labels=("x",)):
    return [
        LabeledDocument((text,) if isinstance(text, str) else text, labels, line)
        for line, text in enumerate(texts, start=1)
    ]


def test_a_text_stands_between_cls_and_sep(tokenizer):
    texts = EncodedTexts([("a b",), ("c",)], tokenizer, 8)
    a, b, c = (ids[0] for ids in tokenizer.encode(["a", "b", "c"]))
    rows = texts.rows(np.array([1, 0]), 5)
    assert rows["token_ids"].tolist() == [[2, c, 3, 0, 0], [2, a, b, 3, 0]]
    assert not rows["segment_ids"].any()


def test_the_second_of_a_pair_is_segment_one(tokenizer):
    rows = EncodedTexts([("a b", "c")], tokenizer, 8).rows(np.array([0]), 7)
    assert (rows["token_ids"][0] == 3).sum() == 2
    assert rows["segment_ids"].tolist() == [[0, 0, 0, 0, 1, 1, 0]]


def test_long_texts_are_cut_and_counted(tokenizer):
    texts = EncodedTexts([("a b c d e f g h",), ("a",)], tokenizer, 6)
    assert texts.truncated == 1 and texts.lengths.tolist() == [6, 3]


@pytest.mark.parametrize(
    "lengths, room, expected",
    [
        ([3, 4], 9, [3, 4]),
        ([3, 9], 9, [3, 6]),
        ([9, 3], 9, [6, 3]),
        ([9, 9], 9, [5, 4]),
        ([12], 9, [9]),
    ],
)
def test_of_a_pair_the_longer_is_cut_first(lengths, room, expected):
    assert _cut(lengths, room) == expected


def test_targets_by_kind(tokenizer):
    docs = [
        LabeledDocument(("a",), ("x", "y"), 1),
        LabeledDocument(("b",), ("y",), 2),
        LabeledDocument(("c",), (), 3),
    ]
    labels = LabelSet.from_documents(docs)
    batches = LabeledBatches(docs, tokenizer, labels, "multi-label", batch_size=3)
    inputs, target = batches.batch(0)
    pairs = zip(inputs["token_ids"], target, strict=True)
    by_row = {tuple(ids[:3]): row.tolist() for ids, row in pairs}
    a, b, c = (ids[0] for ids in tokenizer.encode(["a", "b", "c"]))
    assert by_row == {(2, a, 3): [1, 1], (2, b, 3): [0, 1], (2, c, 3): [0, 0]}

    singles = documents("a", "b", labels=("y",)) + documents("c", labels=("x",))
    batches = LabeledBatches(singles, tokenizer, labels, "multi-class", batch_size=3)
    assert sorted(batches.batch(0)[1].tolist()) == [0, 1, 1]


def test_prediction_batches_cover_all_in_the_shapes_that_suit_the_backend(tokenizer):
    """One size and few lengths where a shape is compiled; on PyTorch no row without a text."""
    words = (5, 1, 3, 2, 20)
    texts = EncodedTexts([("a " * length,) for length in words], tokenizer, 64)
    seen, shapes = [], []
    for indices, inputs in in_order(texts, 2):
        seen += indices.tolist()
        shapes.append(inputs["token_ids"].shape)
    assert sorted(seen) == [0, 1, 2, 3, 4]
    free = keras.config.backend() == "torch"
    assert shapes == [(2, 8), (2, 8), (1, 24) if free else (2, 32)]


def test_a_batch_of_windows_or_pairs_is_as_short_as_it_can_be(tokenizer):
    windows = WindowedTexts([("a " * 16,)], tokenizer, 8, Windows(0, 8))
    assert windows.lengths.tolist() == [24]
    assert [windows.padded_length([0], few) for few in (True, False)] == [32, 24]
    pairs = ApartTexts([("a " * 15, "b")], tokenizer, 64)
    assert [pairs.padded_length([0], few) for few in (True, False)] == [64, 48]


def test_a_document_whose_label_training_never_saw_is_in_no_batch_but_counts(tokenizer):
    """It has no target: not that of class 0. To F1 its label is a miss."""
    docs = documents("a", labels=("z",)) + documents("b", "c", labels=("y",))
    labels = LabelSet(("x", "y"))
    batches = LabeledBatches(docs, tokenizer, labels, "multi-class", batch_size=2)
    assert batches.steps_per_epoch == 1
    a = tokenizer.encode(["a"])[0][0]
    for step in range(4):
        inputs, target = batches.batch(step)
        assert target.tolist() == [1, 1] and not (inputs["token_ids"] == a).any()
    assert len(batches.texts) == 3 and batches.unseen == 1
    assert batches.gold.tolist() == [[0, 0], [0, 1], [0, 1]]
    several = LabeledBatches(docs, tokenizer, labels, "multi-label", batch_size=3)
    assert sorted(several.batch(0)[1].tolist()) == [[0, 0], [0, 1], [0, 1]]


NO_BATCHES = {
    "kind": (documents("a"), ("x", "y"), "multiclass", "kind: expected .* Received: 'multiclass'"),
    "none": ([], ("x", "y"), "multi-label", "documents: expected one or more. Received: none"),
    "no label": (
        documents("a") + documents("b", labels=()),
        ("x", "y"),
        "multi-class",
        r"exactly one label each. Received: documents\[1\] \(line 1\) with no label",
    ),
    "two labels": (
        documents("a", labels=("x", "y")),
        ("x", "y"),
        "binary",
        r"kind binary .* Received: documents\[0\] \(line 1\) with 2 labels",
    ),
    "unknown": (documents("a", labels=("z",)), ("x", "y"), "multi-label", "none of them known"),
    "three": (
        documents("a"),
        ("x", "y", "z"),
        "binary",
        "kind 'binary': expected 2 labels, .* Received: 3",
    ),
    "one": (documents("a"), ("x",), "multi-class", "expected 2 labels or more, .* Received: 1"),
}


@pytest.mark.parametrize("name", NO_BATCHES)
def test_what_makes_no_batches_is_refused(name, tokenizer):
    docs, labels, kind, message = NO_BATCHES[name]
    with pytest.raises(ValueError, match=message):
        LabeledBatches(docs, tokenizer, LabelSet(labels), kind)
