"""Documents of a corpus: the same however it was cut, and what is wrong is named."""

import gzip
import json
import re

import pyarrow
import pyarrow.parquet
import pytest
import zstandard
from hypothesis import assume, given
from hypothesis import strategies as st

from kerasbert.corpus.prepare import pieces
from kerasbert.corpus.prepare.cutting import cut
from kerasbert.corpus.prepare.pieces import CorpusCounts, ReadOptions, read_corpus, read_piece
from kerasbert.corpus.prepare.sources import find_inputs
from kerasbert.errors import InputError
from kerasbert.text.lines import LineProblems


def read(paths, piece_bytes=1 << 20, corpus_format="lines", problems=None, counts=None, **options):
    """All documents of all pieces, in order."""
    sources = find_inputs(paths, text_field=options.get("text_field"))
    found = [
        document
        for piece in cut(sources, piece_bytes)
        for document in read_piece(piece, ReadOptions(corpus_format, **options), problems, counts)
    ]
    positions = [document.position for document in found]
    assert len(paths) > 1 or positions == sorted(set(positions))
    return [document.text for document in found]


def expected(text: str, corpus_format: str) -> list[str]:
    """The documents of a file, by plain means."""
    lines = [line.strip() for line in text.removeprefix("\ufeff").split("\n")]
    if corpus_format == "lines":
        return [line for line in lines if line]
    groups = re.split("\n\n+", "\n".join(lines).strip("\n"))
    return [group for group in groups if group]


TEXT = st.text("ab ü今\r\n\n\n\u3000\x0b", max_size=60)


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
    with pytest.raises(InputError, match="no corpus file"):
        list(read_corpus([]))
    with pytest.raises(InputError, match="corpus format 'words'"):
        list(read_corpus([path], "words"))
    with pytest.raises(InputError, match="limit: expected 1 or more"):
        list(read_corpus([path], limit=0))


@given(TEXT, st.integers(1, 80), st.sampled_from(["lines", "sentences"]), st.booleans())
def test_any_cut_reads_the_same(tmp_path_factory, text, piece_bytes, corpus_format, mark):
    """Windows line ends, a mark, blank lines, no last newline, cuts within characters."""
    assume(len(re.findall("\r(?!\n)", text)) <= text.count("\n"))  # else an old Mac's: refused
    path = tmp_path_factory.mktemp("cut") / "file.txt"
    path.write_bytes(("\ufeff" * mark + text).encode())
    assert read([path], piece_bytes, corpus_format) == expected(text, corpus_format)


@given(
    st.lists(st.sampled_from(["a", "b c", "", " ", "__label__x", "d __label__y", "\xff"])),
    st.integers(1, 40),
    st.sampled_from(["lines", "sentences"]),
)
def test_any_cut_counts_and_names_the_same(tmp_path_factory, lines, piece_bytes, corpus_format):
    path = tmp_path_factory.mktemp("cut") / "file.txt"
    path.write_bytes("\n".join(lines).encode("latin-1"))
    results = []
    for size in (1 << 20, piece_bytes):
        problems, counts = LineProblems(skip=True), CorpusCounts()
        texts = read([path], size, corpus_format, problems, counts)
        results.append((texts, problems, counts))
    assert results[0] == results[1]
    assert results[0][1].skipped == lines.count("\xff")


@pytest.mark.parametrize("corpus_format", ["lines", "sentences"])
@pytest.mark.parametrize("piece_bytes", [1, 7, 1 << 20])
def test_a_wrong_line_is_named_by_its_true_number(write, corpus_format, piece_bytes):
    path = write(b"one\n\nthree\n\n\nsix\nse\xffen\n")
    with pytest.raises(InputError, match=r"file.txt:7: byte 0xff at position 3"):
        read([path], piece_bytes, corpus_format)


def test_a_line_too_long_is_reported_once_for_any_cut(write, monkeypatch):
    monkeypatch.setattr("kerasbert.text.lines.LONGEST_LINE", 10)
    path = write("a\n\n" + "x" * 50 + "\nb\n\nc\n")
    for corpus_format, kept in (("lines", ["a", "b", "c"]), ("sentences", ["a", "b", "c"])):
        for piece_bytes in (1, 5, 9, 20, 1000):
            problems = LineProblems(skip=True)
            assert read([path], piece_bytes, corpus_format, problems) == kept
            assert problems.skipped == 1
            assert problems.examples[0].startswith(f"{path}:3: the line is longer")


def test_a_document_too_long_is_reported_once_for_any_cut(write, monkeypatch):
    monkeypatch.setattr(pieces, "LONGEST_LINE", 10)
    path = write("a\n\n" + "sentence\n" * 6 + "\nc\n\n")
    with pytest.raises(InputError, match=r"file.txt:3: the document .* an empty line"):
        read([path], 9, "sentences")
    for piece_bytes in (1, 5, 9, 20, 1000):
        problems = LineProblems(skip=True)
        assert read([path], piece_bytes, "sentences", problems) == ["a", "c"]
        assert problems.skipped == 1


def test_what_is_no_text_is_refused(write, tmp_path, monkeypatch):
    monkeypatch.setattr(pieces, "LONGEST_RUN", 20)
    chinese, packed = "今天好吗。" * 20, "A1b2" * 6
    text = "fine\n" + chinese + "\n" + "ab " * 20 + "\n\n" + packed
    records = table(tmp_path / "records.parquet", text.split("\n"), 10)
    lines = "\n".join(json.dumps({"text": line}) for line in text.split("\n"))
    for path in (write(text), records, write(lines, "records.jsonl")):
        for corpus_format in ("lines", "sentences"):
            with pytest.raises(InputError, match=rf"{path.name}:5: more than 20 characters"):
                read([path], corpus_format=corpus_format)


RECORDS = ["One. Two.", "", "a\nb\n\n c __label__x", "ü \u2028 今", None, "\ud83d\ude00", "\ud800!"]


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress, zstandard.compress])
@pytest.mark.parametrize("piece_bytes", [1, 30, 1 << 20])
def test_json_lines(write, pack, piece_bytes):
    """Lone surrogates, which JSON may name and UTF-8 may not, become question marks."""
    content = "\r\n".join(json.dumps({"n": 1, "body": text}) for text in RECORDS) + "\n\n"
    path = write(pack(content.encode()), "file.jsonl")
    counts = CorpusCounts()
    texts = read([path], piece_bytes, counts=counts, text_field="body")
    assert texts == ["One. Two.", "a\nb\n\n c", "ü \u2028 今", "😀", "?!"]
    assert counts == CorpusCounts(documents=5, stripped_labels=1, empty=3)
    assert read([path], piece_bytes, "sentences", text_field="body")[1] == "a\nb\nc"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "no JSON"),
        ("[1]", "a JSON list, an object with the field 'text' was expected"),
        ('{"body": "x"}', "no field 'text', it has 'body'; .*--text-field"),
        ("{}", "it has none"),
        ('{"text": 3}', "holds a int, text was expected"),
        ("[" * 100_000, "nested too deep|no JSON"),
    ],
)
def test_wrong_records_are_named(write, line, reason):
    path = write('{"text": "fine"}\n' + line + "\n", "file.json")
    with pytest.raises(InputError, match=f"file.json:2: .*{reason}"):
        read([path])
    problems = LineProblems(skip=True)
    assert read([path], problems=problems) == ["fine"]
    assert problems.skipped == 1


QUOTED = 'id;text\n1;"One.\nTwo; ""so"""\n2;\n3;ü __label__x\n'
LIST = [{"id": 1, "text": 'One.\nTwo; "so"'}, {"id": 2, "text": None}, {"text": "ü __label__x"}]


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress])
@pytest.mark.parametrize(
    ("content", "name", "field"),
    [
        (QUOTED, "file.csv", "text"),
        (QUOTED.replace("text", "Body"), "file.csv", None),
        (QUOTED.replace("text", "other"), "file.csv", "other"),
        (QUOTED, "file", "text"),
        (QUOTED.replace("text", "t").replace(";", "\t", 1), "file.tsv", "t"),
        (json.dumps(LIST), "file.json", None),
        (json.dumps(LIST, indent=1).replace("text", "t"), "file.txt", "t"),
    ],
)
def test_tables_and_json_lists(write, pack, content, name, field):
    """Line breaks in quotes forbid pieces."""
    if name == "file.tsv":
        content = content.replace("1;", "1\t").replace("2;", "2\t").replace("3;", "3\t")
    path = write(pack(content.encode()), name)
    options = {} if field is None else {"text_field": field}
    counts = CorpusCounts()
    assert read([path], 1, counts=counts, **options) == ['One.\nTwo; "so"', "ü"]
    assert counts == CorpusCounts(documents=2, stripped_labels=1, empty=1)


def test_errors_of_tables_and_json_lists(write):
    with pytest.raises(InputError, match=r"file.csv: .*Its fields: a, b. .*--text-field NAME"):
        read([write("a,b\nc,d\n", "file.csv")])
    path = write("text,b\nc,d\ne\n", "file.csv")
    with pytest.raises(InputError, match=r"file.csv:3: the row has 1 cell"):
        read([path])
    problems = LineProblems(skip=True)
    assert read([path], problems=problems) == ["c"] and problems.skipped == 1
    with pytest.raises(InputError, match=r"file.json, record 1: 'text' holds a number \(3\)"):
        read([write('[{"text": 3}]', "file.json")])


def table(path, texts, rows, column="text", kind=None):
    values = pyarrow.array(texts, kind or pyarrow.string())
    pyarrow.parquet.write_table(pyarrow.table({column: values}), path, row_group_size=rows)
    return path


@pytest.mark.parametrize("piece_bytes", [1, 300, 1 << 20])
@pytest.mark.parametrize("rows", [1, 7, 1000])
def test_parquet(tmp_path, rows, piece_bytes):
    texts = [f"text {number}" for number in range(600)] + [None, "", "a\n\nb __label__x"]
    path = table(tmp_path / "file.parquet", texts, rows, "body", pyarrow.large_string())
    counts = CorpusCounts()
    found = read([path], piece_bytes, counts=counts, text_column="body")
    assert found == [*texts[:600], "a\n\nb"]
    assert counts == CorpusCounts(documents=601, stripped_labels=1, empty=2)
    assert read([path], piece_bytes, "sentences", text_column="body")[-1] == "a\nb"


def test_parquet_errors(tmp_path, write, monkeypatch):
    path = table(tmp_path / "file.parquet", [1, 2], 10, kind=pyarrow.int64())
    with pytest.raises(InputError, match=r"no column 'body', the file has text.*--text-column"):
        read([path], text_column="body")
    with pytest.raises(InputError, match="column 'text' holds int64, text"):
        read([path])
    with pytest.raises(InputError, match=r"bad.parquet: the Parquet file cannot be read"):
        read([write(b"PAR1" + bytes(100), "bad.parquet")])
    monkeypatch.setattr(pieces, "LONGEST_LINE", 3)
    with pytest.raises(InputError, match=r"long.parquet:2: the line is longer"):
        read([table(tmp_path / "long.parquet", ["abc", "abcd"], 10)])
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"pip install kerasbert\[parquet\]"):
        read([path])


def test_several_kinds_in_one_corpus(write, tmp_path):
    paths = [
        write("plain\n", "a.txt"),
        write('{"text": "json"}', "b.ndjson"),
        table(tmp_path / "c.parquet", ["parquet"], 10),
        write(zstandard.compress(b"packed"), "d.zst"),
    ]
    assert read(paths) == ["plain", "json", "parquet", "packed"]
