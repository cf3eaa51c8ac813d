"""Label sets and kinds of task."""

from collections import Counter

import numpy as np
import pytest

from kerasbert.errors import InputError
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.labels import KINDS, LabelSet, check_kind, infer_kind


def documents(*labels):
    return [LabeledDocument(("text",), tuple(names), i) for i, names in enumerate(labels, start=1)]


def test_label_set_is_sorted_and_encodes_multi_hot():
    labels = LabelSet.from_documents(documents("b", "", "ac"))
    assert labels.names == ("a", "b", "c")
    assert len(labels) == 3
    targets = labels.encode(documents("c", "", "ba", "zc"))
    assert targets.dtype == np.float32
    assert targets.tolist() == [[0, 0, 1], [0, 0, 0], [1, 1, 0], [0, 0, 1]]
    assert labels.encode([]).shape == (0, 3)
    assert labels.unseen(documents("zc", "zy", "")) == Counter(z=2, y=1)


def test_label_set_saves_and_loads(tmp_path):
    labels = LabelSet(("straße", "日本", "a::b"))
    labels.save(tmp_path / "labels.txt")
    assert (tmp_path / "labels.txt").read_bytes() == "straße\n日本\na::b\n".encode()
    assert LabelSet.load(tmp_path / "labels.txt") == labels
    assert [path.name for path in tmp_path.iterdir()] == ["labels.txt"]


@pytest.mark.parametrize("content", ["", "a\n\nb\n", "a\nb\na\n"])
def test_bad_label_file(tmp_path, content):
    (tmp_path / "labels.txt").write_text(content)
    with pytest.raises(InputError, match=r"labels\.txt"):
        LabelSet.load(tmp_path / "labels.txt")


def test_label_set_without_labels():
    with pytest.raises(InputError, match="without labels"):
        LabelSet.from_documents(documents("", ""))
    with pytest.raises(InputError, match="no such file"):
        LabelSet.load("nowhere/labels.txt")


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (["a", "b", "a"], "binary"),
        (["a", "b", "c"], "multi-class"),
        (["a", "b", ""], "multi-label"),
        (["a", "ab"], "multi-label"),
        (["a", ""], "multi-label"),
    ],
)
def test_kind_is_inferred(labels, kind):
    assert infer_kind(documents(*labels)) == kind
    check_kind(documents(*labels), kind)


def test_nothing_to_learn():
    with pytest.raises(InputError, match="same one label 'a'"):
        infer_kind(documents("a", "a"))
    with pytest.raises(InputError, match="no label in 2 documents"):
        infer_kind(documents("", ""))


@pytest.mark.parametrize(
    ("labels", "kind", "message"),
    [
        (["a", "b", "ab"], "multi-class", "line 3: the document has 2 labels"),
        (["a", ""], "binary", "line 2: the document has no label"),
        (["a", "b", "a", "c"], "binary", "line 4: 'c' is a third label"),
        (["a", "a"], "multi-class", "only 'a'"),
        (["", ""], "multi-label", "found none"),
        (["a", "b"], "regression", "unknown kind"),
    ],
)
def test_contradicted_kind(labels, kind, message):
    with pytest.raises(InputError, match=message):
        check_kind(documents(*labels), kind)


def test_file_is_named_and_two_classes_may_be_multi_class():
    with pytest.raises(InputError, match=r"train\.txt:1: "):
        check_kind(documents("ab"), "multi-class", path="train.txt")
    check_kind(documents("a", "b"), "multi-class")
    assert KINDS == ("multi-label", "multi-class", "binary")
