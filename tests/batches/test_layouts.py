"""The same texts with the special tokens elsewhere give the same batches, but for the ids."""

import numpy as np
import pytest
from made_tokenizers import LAYOUTS, PUBLIC, layout_stores

from kerasbert import (
    DocumentWords,
    JointBatches,
    LabeledBatches,
    LabelSet,
    MaskedLM,
    NextSentence,
    PretrainingBatches,
    Tokenizer,
    read_labeled,
)
from kerasbert.batches import EncodedTexts, Windows
from kerasbert.batches.labeled import in_order
from kerasbert.batches.packing import one_document_a_row
from kerasbert.heads.classification.linear_svm import TokenFeatures

OTHERS = [name for name in LAYOUTS if name != "first"]


@pytest.fixture(scope="module")
def stores(files, tmp_path_factory):
    return layout_stores(files / "raw.txt", tmp_path_factory.mktemp("layouts"))


def ids_of(first, other) -> np.ndarray:
    """(V,) the ids of the second tokenizer for those of the first."""
    size = first.vocabulary_size
    return np.array([other.vocabulary[first._tokenizer.id_to_token(i)] for i in range(size)])


def check_equal(first, other, ids):
    """Whatever is a token id may differ, and nothing else."""
    for name, value in first.items():
        if name == "token_ids":
            value = ids[value]
        np.testing.assert_array_equal(value, other[name], name)


def check_batches(first, other, ids, steps=4):
    for step in range(steps):
        inputs, targets, weights = first.batch(step)
        inputs2, targets2, weights2 = other.batch(step)
        check_equal(inputs, inputs2, ids)
        check_equal(weights, weights2, ids)
        for name in targets:  # unused slots hold 0 in either
            used = np.asarray(weights[name]) > 0
            mapped = (
                ids[targets[name]] if name in ("masked_lm", "document_words") else targets[name]
            )
            np.testing.assert_array_equal(mapped[used], targets2[name][used])


@pytest.mark.parametrize("layout", OTHERS)
@pytest.mark.parametrize("pack", [False, True])
@pytest.mark.parametrize("unit", ["token", "whole-word"])
def test_batches_of_pretraining(stores, layout, pack, unit):
    def batches(store):
        task = MaskedLM(store.tokenizer.vocabulary_size, unit=unit)
        return PretrainingBatches(store, [task], max_length=32, batch_size=8, pack=pack)

    first, other = batches(stores["first"]), batches(stores[layout])
    assert first.padding_share() == other.padding_share() > 0
    check_batches(first, other, ids_of(first.store.tokenizer, other.store.tokenizer))


@pytest.mark.parametrize("layout", OTHERS)
def test_batches_of_several_objectives(stores, layout):
    def batches(store):
        size = store.tokenizer.vocabulary_size
        tasks = [DocumentWords(size, store.token_shares()), MaskedLM(size), NextSentence()]
        return PretrainingBatches(store, tasks, max_length=32, batch_size=8)

    first, other = batches(stores["first"]), batches(stores[layout])
    check_batches(first, other, ids_of(first.store.tokenizer, other.store.tokenizer))


@pytest.mark.parametrize("layout", OTHERS)
@pytest.mark.parametrize("windows", [None, Windows(2, 4)])
def test_labelled_batches(stores, files, layout, windows):
    documents = read_labeled(files / "train.txt")
    labels = LabelSet.from_documents(documents)

    def batches(store):
        length = 32 if windows is None else 8
        return LabeledBatches(
            documents, store.tokenizer, labels, max_length=length, batch_size=7, windows=windows
        )

    first, other = batches(stores["first"]), batches(stores[layout])
    ids = ids_of(stores["first"].tokenizer, stores[layout].tokenizer)
    for step in range(4):
        check_equal(first.batch(step)[0], other.batch(step)[0], ids)
    for one, two in zip(in_order(first.texts, 7), in_order(other.texts, 7), strict=True):
        check_equal(one[1], two[1], ids)  # the last one is filled up
    if windows is None:
        joint = [
            JointBatches(part, MaskedLM(store.tokenizer.vocabulary_size))
            for part, store in ((first, stores["first"]), (other, stores[layout]))
        ]
        check_batches(*joint, ids)


@pytest.mark.parametrize("layout", OTHERS)
def test_features_of_the_linear_svms(stores, layout):
    texts = [("the old cat",), ("a fern near the old unheard of cat",)]
    rows, values = {}, {}
    for name in ("first", layout):
        tokenizer = stores[name].tokenizer
        size, special = tokenizer.vocabulary_size, tokenizer.special
        encoded = EncodedTexts(texts, tokenizer, 12)
        found = [encoded.rows(np.array([n]), 12)["token_ids"][0] for n in range(2)]
        made = TokenFeatures(size, 3, special).rows(found)
        rows[name], values[name] = made, np.zeros((2, 2 * size))
        for number, (ids, value) in enumerate(made):
            values[name][number, ids] = value
    ids = ids_of(stores["first"].tokenizer, stores[layout].tokenizer)
    both = np.concatenate([ids, ids + len(ids)])
    np.testing.assert_allclose(values["first"], values[layout][:, both], atol=1e-7)
    assert not rows[layout].idf[stores[layout].tokenizer.special.ids].any()


def test_padding_of_rows_that_are_not_packed():
    made = one_document_a_row(np.array([[7, 0, 3, 3]]), pad_id=3)
    assert made["document_ids"].tolist() == [[1, 1, 0, 0]]


@pytest.mark.parametrize("name", PUBLIC)
def test_a_row_of_a_public_tokenizer(files, name):
    texts = (files / "raw.txt").read_text(encoding="utf-8").split("\n")
    tokenizer = Tokenizer(PUBLIC[name](texts).to_str())
    encoded = EncodedTexts([("the old cat",), ("we found it and then a fern.",)], tokenizer, 40)
    special = tokenizer.special
    token_ids = encoded.rows(np.arange(2), 40)["token_ids"]
    for row, text, length in zip(
        token_ids, ("the old cat", "we found it and then a fern."), encoded.lengths, strict=True
    ):
        inner = tokenizer.encode([text])[0].tolist()
        assert row.tolist()[:length] == [special.cls, *inner, special.sep]
        assert (row[length:] == special.pad).all()
