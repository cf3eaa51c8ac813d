"""Sentences and labels of a line: what is legal is read, what is wrong is named."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasbert.corpus.prepare.pieces import read_corpus
from kerasbert.errors import InputError
from kerasbert.text.documents import (
    LabeledDocument,
    parse_labeled,
    strip_labels,
)
from kerasbert.text.labeled import read_labeled
from kerasbert.text.lines import LineProblems
from kerasbert.text.look_alikes import JOINTS
from kerasbert.text.sentences import split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Version 3.5 of a.b works.", ["Version 3.5 of a.b works."]),
        ('He said "no." Then left.', ['He said "no."', "Then left."]),
        ("Wait... What?! Yes", ["Wait...", "What?!", "Yes"]),
        ("今天好。明天呢？好！", ["今天好。", "明天呢？", "好！"]),
        ("他说：“好。”然后走了。", ["他说：“好。”", "然后走了。"]),
        ("真的？！是", ["真的？！", "是"]),
        ("  ", []),
        ("", []),
        ("...", ["..."]),
    ],
)
def test_sentences(text, sentences):
    assert split_sentences(text) == sentences


@settings(deadline=None)
@given(st.text(st.sampled_from('ab .!?。！？"”)\u3000\n'), max_size=60))
def test_sentences_lose_only_white_space(text):
    sentences = split_sentences(text)
    assert "".join("".join(sentences).split()) == "".join(text.split())
    assert all(sentence and sentence == sentence.strip() for sentence in sentences)


@pytest.mark.parametrize("text", ["." * 300_000 + "a", '."' * 150_000 + "a", "a " * 150_000])
def test_hostile_text_takes_linear_time(text):
    start = time.perf_counter()
    split_sentences(text)
    parse_labeled(text + " __label__x" * 1000)
    assert time.perf_counter() - start < 5


def test_strip_labels():
    assert strip_labels("a b __label__x  __label__y ") == ("a b", True)
    assert strip_labels("a __label__x b") == ("a __label__x b", False)
    assert strip_labels("a b__label__x") == ("a b__label__x", False)
    assert strip_labels("__label__x") == ("", True)


@pytest.mark.parametrize(
    ("line", "texts", "labels"),
    [
        ("a b __label__x __label__y", ("a b",), ("x", "y")),
        ("a __label__y __label__x __label__y", ("a",), ("y", "x")),
        ("a\u3000__label__x", ("a",), ("x",)),
        ("a  b   __label__x  ", ("a  b",), ("x",)),
        ("a b", ("a b",), ()),
        ("see my__label__x here __label__x", ("see my__label__x here",), ("x",)),
        ("a b\tc __label__x", ("a b", "c"), ("x",)),
        ("a\tb", ("a", "b"), ()),
        ("a b__label__x,__label__y __label__x", ("a b__label__x,__label__y",), ("x",)),
        ("a __label__C++ __label__a/b __label__x,y", ("a",), ("C++", "a/b", "x,y")),
    ],
)
def test_labeled_line(line, texts, labels):
    assert parse_labeled(line) == (texts, labels)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a __label__x b __label__y", "'__label__x' stands before the end"),
        ("a __label__x\tb __label__y", "'__label__x' stands before the end"),
        ("__label__x a", "stands before the end"),
        ("__label__x __label__y", "no text before the labels"),
        ("a __label__", "label without a name"),
        ("a\tb\tc __label__x", "2 TABs"),
        ("a\t__label__x", "one text of the pair is empty"),
        ("\ta __label__x", "one text of the pair is empty"),
        ("a __label__x\t__label__y", "one text of the pair is empty.* labels are parted by spaces"),
        ("a __label__x,__label__y", "several labels, .*: write __label__x __label__y"),
        ("a __label__x|__label__y __label__z", "several .* write __label__x __label__y __label__z"),
        ("a __label__x；__label__y", "several labels, .*: write __label__x __label__y"),
        ("a __label__toxic__label__racist", "several labels, .*: write __label__toxic __label__r"),
        ("a __label____label__x", "several labels, .*: write __label__x"),
        (
            "a __label__x, __label__y",
            "'__label__x,' ends in ',', .* spaces alone: write __label__x",
        ),
        ("a __label__x __label__y; __label__z;", "'__label__y;' ends in ';', labels are parted"),
    ],
)
def test_labeled_line_errors(write, line, reason):
    with pytest.raises(ValueError, match=reason):
        parse_labeled(line)
    path = write(f"fine __label__x\n\n{line}\nlast __label__y\n")
    with pytest.raises(InputError, match=f"file.txt:3: .*{reason}"):
        read_labeled(path)
    problems = LineProblems(skip=True)
    assert [document.line for document in read_labeled(path, problems)] == [1, 4]
    assert problems.skipped == 1


def test_read_labeled(write):
    path = write("a b __label__x\r\n\r\nc\r\nd __label__y __label__x", "l.txt")
    assert read_labeled(path) == [
        LabeledDocument(("a b",), ("x",), 1),
        LabeledDocument(("c",), (), 3),
        LabeledDocument(("d",), ("y", "x"), 4),
    ]
    assert len(read_labeled(path, limit=2)) == 2


def test_a_first_line_unlike_all_others_is_the_wrong_one(write):
    """With bad lines left out, it would be the only document of the file."""
    path = write("a\tb __label__x\n" + "c __label__y\n" * 3)
    with pytest.raises(InputError, match=r"file.txt:1: a pair .*, but 3 of .* Correct line 1"):
        read_labeled(path, LineProblems(skip=True))
    path = write("a __label__x\nb\tc __label__y\nd __label__x\n")
    assert len(read_labeled(path, LineProblems(skip=True))) == 2


def test_labeled_file_errors(write):
    with pytest.raises(InputError, match=r"file.txt:3: a pair .* expected one text .* line 1"):
        read_labeled(write("a __label__x\nb __label__x\nc\td __label__y\n"))
    with pytest.raises(InputError, match="a label file without labels"):
        read_labeled(write("a\nb\n"))
    with pytest.raises(InputError, match="no document"):
        read_labeled(write("\n\n"))


words = st.text(st.characters(exclude_categories=("Cs", "Z", "Cc")), min_size=1, max_size=8).filter(
    lambda word: not word.startswith("__label__") and word == "".join(word.split())
)
names = words.filter(lambda name: name[-1] not in JOINTS)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(words, min_size=1), st.lists(names, unique=True, max_size=4)),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(["\n", "\r\n"]),
)
def test_labeled_round_trip(tmp_path_factory, documents, end):
    documents = [(text, labels) for text, labels in documents] + [(["last"], ["x"])]
    content = end.join(
        " ".join([*text, *(f"__label__{name}" for name in labels)]) for text, labels in documents
    )
    path = tmp_path_factory.mktemp("round") / "file.txt"
    path.write_bytes(content.encode("utf-8"))
    if content.startswith("\ufeff"):  # at the start of a file it is a byte-order mark
        return
    read = read_labeled(path)
    assert [(document.texts, document.labels) for document in read] == [
        ((" ".join(text),), tuple(labels)) for text, labels in documents
    ]


@settings(max_examples=100, deadline=None)
@given(content=st.one_of(st.binary(max_size=80), st.text(max_size=60).map(str.encode)))
@pytest.mark.parametrize("skip", [False, True])
def test_any_bytes_read_or_are_refused(tmp_path_factory, skip, content):
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(content)
    readers = (
        lambda problems: list(read_corpus([path], "lines", problems)),
        lambda problems: list(read_corpus([path], "sentences", problems)),
        lambda problems: read_labeled(path, problems),
    )
    for read in readers:
        try:
            assert read(LineProblems(skip))
        except InputError as error:
            assert str(path) in str(error)
