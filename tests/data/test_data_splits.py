"""Duplicates stay apart from what is held out, and files are written whole or not at all."""

import pytest

from kerasbert.data.splits import (
    Document,
    keep_frequent_labels,
    labeled_line,
    merge_same_text,
    one_line,
    shares_in_raw,
    split_of,
    write_lines,
    write_set,
)
from kerasbert.errors import InputError


def document(text, *labels, group="g"):
    return Document(text, frozenset(labels), group)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  two\tlines\r\nand\u2028more ", "two lines and more"),
        ("__label__a is __label____label__b, not x__label__c", "a is b, not x__label__c"),
        ("a\x00b\ud800c\ufeff", "abc"),
        (" __label__ \n", ""),
    ],
)
def test_one_line_is_what_a_reader_of_labelled_lines_can_read(text, expected):
    assert one_line(text) == expected
    assert one_line(expected) == expected


def test_same_text_is_one_document_with_the_labels_of_all():
    merged = merge_same_text(
        [document("Read a file.", "x", group="one"), document("read: a FILE 2", "y", group="two")]
    )
    assert merged == [document("Read a file.", "x", "y", group="one")]


def test_share_in_raw_counts_word_8_grams():
    raw = ["zero one two three four five six seven eight nine"]
    texts = [
        "one two three four five six seven eight",  # its one 8-gram is there
        "One, two: three four five six seven EIGHT ten",  # one of two
        "eight nine ten",
        "three words here",
    ]
    assert shares_in_raw(texts, raw) == [1.0, 0.5, 0.0, 0.0]
    assert shares_in_raw(["three words here"], ["Three words here!"]) == [1.0]


def test_split_is_80_10_10_and_depends_on_the_group_alone():
    splits = [split_of(f"group {number}") for number in range(5000)]
    assert splits == [split_of(f"group {number}") for number in range(5000)]
    assert 450 < splits.count("valid") < 550
    assert 450 < splits.count("test") < 550


def test_every_kept_label_is_in_train():
    splits = {
        "train": [document("a", "often"), document("b", "often", "rare"), document("c", "rare")],
        "valid": [document("d", "often", "unseen"), document("e", "unseen")],
        "test": [],
    }
    kept = keep_frequent_labels(splits, least=2, counted=("train", "valid"))
    assert kept["train"] == [
        document("a", "often"),
        document("b", "often", "rare"),
        splits["train"][2],
    ]
    assert kept["valid"] == [document("d", "often")]
    assert keep_frequent_labels(splits, least=3)["train"] == []


def test_a_set_is_five_files_with_shuffled_lines(tmp_path):
    splits = {
        "train": [document("a text", "x", "b"), document("b text", "x")],
        "valid": [document("c text", "x")],
        "test": [document("d text", "b")],
    }
    counts = write_set(tmp_path / "new", splits, ["a text", "b text"])
    assert counts == {"train": 2, "valid": 1, "test": 1, "raw": 2, "labels": 2, "words": 4}
    lines = (tmp_path / "new" / "train.txt").read_text().splitlines()
    assert sorted(lines) == ["a text __label__b __label__x", "b text __label__x"]
    table = (tmp_path / "new" / "labels.tsv").read_text()
    assert table == "label\ttrain\tvalid\ttest\nx\t2\t1\t0\nb\t1\t0\t1\n"


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    def broken():
        yield "first"
        raise InputError("second")

    path = tmp_path / "file.txt"
    with pytest.raises(InputError, match="second"):
        write_lines(path, broken())
    assert list(tmp_path.iterdir()) == []
    assert write_lines(path, [labeled_line("text", ["a"])]) == 1
    assert path.read_bytes() == b"text __label__a\n"
    with pytest.raises(InputError, match="cannot be written"):
        write_lines(path / "below a file", [])
