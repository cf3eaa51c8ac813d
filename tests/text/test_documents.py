"""Readers: every harmless variation reads alike, every wrong line is named."""

import gzip
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasbert.errors import InputError
from kerasbert.text.documents import (
    CorpusCounts,
    LabeledDocument,
    LineProblems,
    parse_labeled,
    read_corpus,
    read_labeled,
    read_lines,
    split_sentences,
    strip_labels,
)


@pytest.fixture
def write(tmp_path):
    def write(content, name="file.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write


HARMLESS = {
    "plain": "eins\nzwei ü\n".encode(),
    "windows line ends": "eins\r\nzwei ü\r\n".encode(),
    "byte-order mark": b"\xef\xbb\xbf" + "eins\nzwei ü\n".encode(),
    "no last newline": "eins\nzwei ü".encode(),
    "trailing spaces": "eins  \nzwei ü\t \n".encode(),
    "gzip": gzip.compress("eins\nzwei ü\n".encode()),
    "gzip of windows text with a mark": gzip.compress(b"\xef\xbb\xbf" + "eins\r\nzwei ü".encode()),
}


@pytest.mark.parametrize("content", HARMLESS.values(), ids=HARMLESS.keys())
def test_harmless_variations_read_alike(write, content):
    assert list(read_lines(write(content))) == [(1, "eins"), (2, "zwei ü")]


def test_only_newline_ends_a_line(write):
    text = "a\u2028b\x0bc\x85d\x0ce\rf"
    assert list(read_lines(write(text + "\n"))) == [(1, text)]


def test_empty_lines_keep_their_numbers(write):
    assert list(read_lines(write("\n\nx\n"))) == [(1, ""), (2, ""), (3, "x")]
    assert list(read_lines(write(""))) == []


def test_wrong_encoding_names_line_byte_and_remedy(write):
    path = write("gut\nsch\xf6n\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"file.txt:2: byte 0xf6 at position 4 .*UTF-8") as error:
        list(read_lines(path))
    assert "--skip-bad-lines" in str(error.value)


def test_bad_lines_are_skipped_and_counted(write):
    problems = LineProblems(skip=True)
    path = write(b"a\n" + b"\xff\n" * 7 + b"b\n")
    assert list(read_lines(path, problems)) == [(1, "a"), (9, "b")]
    assert problems.skipped == 7
    assert len(problems.examples) == 5
    assert f"{path}:2: byte 0xff" in problems.examples[0]


def test_utf16_is_named(write):
    with pytest.raises(InputError, match="UTF-16"):
        list(read_lines(write("text\n".encode("utf-16"))))


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        list(read_lines(tmp_path / "none.txt"))
    with pytest.raises(InputError, match="folder"):
        list(read_lines(tmp_path))
    with pytest.raises(InputError, match="cannot be opened"):
        list(read_lines("nul\0byte"))


@pytest.mark.parametrize("damage", ["cut", "garbled"])
def test_damaged_gzip(write, damage):
    packed = bytearray(gzip.compress(b"some text that is packed\n" * 1000))
    if damage == "cut":
        del packed[len(packed) // 2 :]
    else:
        packed[20:60] = b"\x00" * 40
    with pytest.raises(InputError, match="gzip file is damaged or cut short"):
        list(read_lines(write(bytes(packed), "file.gz")))


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


def test_corpus_of_lines(write):
    counts = CorpusCounts()
    paths = [
        write("One. Two.\n\n  \nx y __label__a __label__b\n__label__c\n", "a"),
        write("z", "b"),
    ]
    assert list(read_corpus(paths, counts=counts)) == [["One.", "Two."], ["x y"], ["z"]]
    assert counts == CorpusCounts(documents=3, sentences=4, stripped_labels=2, empty=3)


def test_corpus_of_sentences(write):
    counts = CorpusCounts()
    paths = [write("\n\nA b. C\nd\n__label__z\ne\n\n\nf", "a"), write("g\n", "b")]
    documents = list(read_corpus(paths, "sentences", counts=counts))
    assert documents == [["A b. C", "d", "e"], ["f"], ["g"]]
    assert (counts.documents, counts.sentences, counts.stripped_labels) == (3, 5, 1)


def test_corpus_limit_and_errors(write):
    path = write("a\nb\nc\n")
    assert list(read_corpus([path, path], limit=4)) == [["a"], ["b"], ["c"], ["a"]]
    for bad in ("", "\n \n", "__label__x\n"):
        with pytest.raises(InputError, match="no document"):
            list(read_corpus([write(bad, "bad.txt")]))
    with pytest.raises(InputError, match="no document"):
        list(read_corpus([]))
    with pytest.raises(InputError, match="corpus format 'words'"):
        list(read_corpus([path], "words"))
    with pytest.raises(InputError, match="at least 1"):
        list(read_corpus([path], limit=0))


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
        ("a __label____label__x", ("a",), ("__label__x",)),
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


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(words, min_size=1), st.lists(words, unique=True, max_size=4)),
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
