"""Label sets: their order, their file, and what they know."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kerasbert.errors import InputError
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.labels import LabelSet


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


NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=6).filter(
    lambda name: name == name.strip() and not {"\n", "\0"} & set(name)
)


@given(st.lists(NAMES, min_size=1, max_size=4, unique=True))
@example(["\ufeffa", "b"])
@example(["\ufeff"])
@example(["\ufeff\ufeffa"])
@example(["a\ufeff", "a\\n", "a\x85b", "a\u2028b", "a\x1cb", "a\rb", "\u200b"])
def test_any_name_comes_back_from_its_file(tmp_path_factory, names):
    path = tmp_path_factory.mktemp("labels") / "labels.txt"
    LabelSet(tuple(names)).save(path)
    assert LabelSet.load(path).names == tuple(names)


def test_a_file_with_a_byte_order_mark_as_editors_write_it(tmp_path):
    (tmp_path / "labels.txt").write_bytes(b"\xef\xbb\xbfa\r\nb\r\n")
    assert LabelSet.load(tmp_path / "labels.txt").names == ("a", "b")


def test_documents_of_another_task_are_refused():
    labels = LabelSet(("a", "b"))
    labels.check_known(documents("xa", "x"), "test.txt")
    labels.check_known(documents(""), "test.txt")
    with pytest.raises(
        InputError, match=r"test.txt: none of its 4 labels \(w, x, y \.\.\.\) is am"
    ):
        labels.check_known(documents("wx", "yz"), "test.txt")
    with pytest.raises(
        InputError, match=r"labels \(a\\u200b\) is among the 2 of training \(a, b\)"
    ):
        labels.check_known(documents(("a\u200b",)), "test.txt")
