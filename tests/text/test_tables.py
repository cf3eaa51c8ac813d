"""Labelled data as people have it: what is there is read, what is wrong is named with its row."""

import csv
import gzip
import io
import json
import math

import pyarrow
import pyarrow.parquet
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kerasbert.errors import InputError
from kerasbert.text.fields import Fields
from kerasbert.text.labeled import iterate_labeled, read_labeled
from kerasbert.text.lines import LineProblems

ROWS = [
    {"id": "7", "text": "wheat, corn", "label": "grain"},
    {"id": "8", "text": 'so "called"\nnews; of\ttoday', "label": "daily news"},
    {"id": "9", "text": "Öl | Gas", "label": "grain"},
]


def table(rows=ROWS, delimiter=",", header=True, **options):
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, **options)
    writer.writerows(([list(rows[0])] if header else []) + [list(row.values()) for row in rows])
    return out.getvalue()


def parquet(rows=ROWS):
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), out, row_group_size=2)
    return out.getvalue()


def plain(documents):
    return [(d.id, d.texts[0], d.labels) for d in documents]


EXPECTED = [(row["id"], row["text"], (row["label"],)) for row in ROWS]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)
SAME = {
    "comma": (table(), "a.csv"),
    "line feeds": (table(lineterminator="\n"), "a.csv"),
    "all in quotes": (table(quoting=csv.QUOTE_ALL), "a.csv"),
    "a mark": ("\ufeff" + table(), "a.csv"),
    "semicolon": (table(delimiter=";"), "a.csv"),
    "bar": (table(delimiter="|"), "a.csv"),
    "TAB": (table(delimiter="\t"), "a.tsv"),
    "TAB, no suffix": (table(delimiter="\t"), "a"),
    "csv named txt": (table(), "a.txt"),
    "gz": (gzip.compress(table().encode()), "a.csv.gz"),
    "zst": (zstandard.compress(table().encode()), "a.csv.zst"),
    "json lines": (LINES, "a.jsonl"),
    "json lines, packed": (gzip.compress(LINES.encode()), "a.ndjson.gz"),
    "json": (json.dumps(ROWS), "a.json"),
    "json, indented": (json.dumps(ROWS, indent=2), "a.json"),
    "json, packed": (gzip.compress(json.dumps(ROWS, ensure_ascii=False).encode()), "a.json.gz"),
    "parquet": (parquet(), "a.parquet"),
    "parquet without a name": (parquet(), "a"),
}


@pytest.mark.parametrize("name", SAME)
def test_the_same_rows_in_any_form_are_the_same_documents(write, name):
    said = []
    documents = read_labeled(write(*SAME[name]), say=said.append)
    assert plain(documents) == EXPECTED
    assert "text from 'text', labels from 'label', ids from 'id'" in said[0] and len(said) == 1


texts = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\r\0"), min_size=1, max_size=20
).filter(lambda text: text.strip())
names = texts.map(str.strip).filter(lambda name: name and "\n" not in name)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(texts, names), min_size=1, max_size=5),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_any_text_comes_back_from_a_table(tmp_path_factory, rows, delimiter, quoting):
    path = tmp_path_factory.mktemp("any") / "a.csv"
    records = [{"text": text, "label": label} for text, label in rows]
    content = table(records, delimiter, quoting=quoting)
    path.write_bytes(content.encode())
    if delimiter == "\t" and quoting == csv.QUOTE_MINIMAL and '"' in content:
        return  # quotes may be those of the text: see below
    read = [(d.texts[0], d.labels[0]) for d in iterate_labeled(path)]
    assert read == [(text.strip(), label) for text, label in rows]


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(st.tuples(texts, st.lists(names, unique=True)), min_size=1, max_size=5),
    form=st.sampled_from(["jsonl", "json", "parquet"]),
)
def test_any_text_and_labels_come_back_from_records(tmp_path_factory, rows, form):
    path = tmp_path_factory.mktemp("any") / f"a.{form}"
    records = [{"text": text, "labels": labels} for text, labels in rows]
    schema = pyarrow.schema([("text", "string"), ("labels", pyarrow.list_(pyarrow.string()))])
    if form == "parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(records, schema), path)
    elif form == "json":
        path.write_text(json.dumps(records, ensure_ascii=False), "utf-8")
    else:
        path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    read = [(d.texts[0], d.labels) for d in iterate_labeled(path)]
    assert read == [(text.strip(), tuple(labels)) for text, labels in rows]


def test_rows_are_counted_as_a_spreadsheet_counts_them(write):
    path = write('text,label\n"a\nb\nc",x\n\nd,\n', "a.csv")
    assert [d.line for d in read_labeled(path, LineProblems(skip=True))] == [2]
    with pytest.raises(InputError, match=r"a.csv, row 4 \(from line 6\): the label in 'label' is"):
        read_labeled(path)


def test_a_large_json_list_is_read_a_record_at_a_time(write):
    rows = [{"text": "x" * 1000 + f" {n}é", "label": "ab"[n % 2]} for n in range(1500)]
    documents = read_labeled(write(json.dumps(rows, indent=1, ensure_ascii=False), "a.json"))
    assert [d.texts[0] for d in documents] == [row["text"] for row in rows]
    assert documents[-1].line == 1500


def test_columns_without_a_header(write):
    path = write("grain;1988;7;of wheat\nnews;1990;8;of today\n", "a.csv")
    fields = Fields(columns=("genre", "year", "id", "body"), keep=("year",))
    documents = read_labeled(path, fields=fields)
    assert plain(documents) == [("7", "of wheat", ("grain",)), ("8", "of today", ("news",))]
    assert documents[0].fields == {"year": "1988"} and documents[0].line == 1
    path = write("of wheat\tgrain\nof today\tnews\n", "plain")
    assert plain(read_labeled(path, fields=Fields(columns=("text", "label"))))[1][1] == "of today"


def test_pairs_several_labels_and_one_hot_columns(write):
    path = write("premise,hypothesis,label\na,b,x\nc,d,y\n", "a.csv")
    assert read_labeled(path)[1].texts == ("c", "d")
    path = write("a,b,tags\nt,u,x | y|\nv,w,\n", "a.csv")
    fields = Fields(text=("b", "a"), label="tags", label_separator="|")
    assert [(d.texts, d.labels) for d in read_labeled(path, fields=fields)] == [
        (("u", "t"), ("x", "y")),
        (("w", "v"), ()),
    ]
    path = write("text,toxic,rude one\na,1,0\nb,0,0\nc,True,1.0\n", "a.csv")
    fields = Fields(label=("toxic", "rude one"))
    assert [d.labels for d in read_labeled(path, fields=fields)] == [
        ("toxic",),
        (),
        ("toxic", "rude one"),
    ]
    path = write("text,toxic,rude\na,1,0\nb,high,0\n", "a.csv")
    with pytest.raises(InputError, match=r"a.csv:3: 'toxic' holds .*'high'.*, 1 or 0 was expected"):
        read_labeled(path, fields=Fields(label=("toxic", "rude")))


def test_labels_of_any_type(write):
    values = [3, True, "a b", ["x", 4, "x"], 2.0]
    records = [{"text": "t", "label": value} for value in values]
    path = write("".join(json.dumps(record) + "\n" for record in records), "a.jsonl")
    assert [d.labels for d in read_labeled(path)] == [
        ("3",),
        ("True",),
        ("a b",),
        ("x", "4"),
        ("2.0",),
    ]


def test_quotes_of_a_table_by_tabs_are_told_from_those_of_its_texts(write):
    """Many programs put no quotes around the cells of such a file."""
    path = write('text\tlabel\n"So" he said\tx\n"All" of it"\ty\n"an open one\tx\n', "a.tsv")
    assert [d.texts[0] for d in read_labeled(path)] == [
        '"So" he said',
        '"All" of it"',
        '"an open one',
    ]
    path = write('text\tlabel\n"So ""he"" said\tit"\tx\n"two\nlines"\ty\n', "a.tsv")
    assert [d.texts[0] for d in read_labeled(path)] == ['So "he" said\tit', "two\nlines"]
    late = "text\tlabel\n" + "some words\tx\n" * 8000 + '"an open one\ty\n'
    assert read_labeled(write(late, "a.tsv"))[-1].texts == ('"an open one',)


WRONG = {
    "empty text": ("text,label\na,x\n,y\n", "a.csv", r"a.csv:3: the text in 'text' is empty.*Fill"),
    "empty label": ("text,label\na,x\nb,\n", "a.csv", r"a.csv:3: the label in 'label' is empty"),
    "ragged": (
        "text,label\na,x\nb,c,y\nd,x\n",
        "a.csv",
        r"a.csv:3: the row has 3 cells, the header has 2 columns \(text, label\), .*in quotes",
    ),
    "short": ("text,label\na,x\nb\n", "a.csv", r"a.csv:3: the row has 1 cell, the header has 2"),
    "after a quote": ('text,label\na,x\n"b" c,y\n', "a.csv", r"a.csv:3: a cell goes on after its"),
    "no json": ('{"text": "a", "label": "x"}\n{"text"\n', "a.jsonl", r"a.jsonl:2: this is no JSON"),
    "no object": ('{"text": "a", "label": "x"}\n[1]\n', "a.jsonl", r"a.jsonl:2: this is a JSON l"),
    "null text": (
        '{"text": "a", "label": "x"}\n{"text": null, "label": "x"}\n',
        "a.jsonl",
        r"a.jsonl:2: the text in 'text' is not there \(null\)",
    ),
    "no label": (
        '{"text": "a", "label": "x"}\n{"text": "b"}\n',
        "a.jsonl",
        r"a.jsonl:2: the label in 'label' is not there",
    ),
    "NaN": (
        '{"text": "a", "label": "x"}\n{"text": "b", "label": NaN}\n',
        "a.jsonl",
        r"a.jsonl:2: the label in 'label' is not there",
    ),
    "text of another type": (
        '[{"text": "a", "label": "x"}, {"text": {"a": 1}, "label": "x"}]',
        "a.json",
        r"a.json, record 2: 'text' holds an object .*Name a field of text",
    ),
    "label of another type": (
        '[{"text": "a", "label": "x"}, {"text": "b", "label": {"a": 1}}]',
        "a.json",
        r"a.json, record 2: 'label' holds an object",
    ),
    "null in a list": (
        '[{"text": "a", "label": ["x"]}, {"text": "b", "label": ["y", null]}]',
        "a.json",
        r"a.json, record 2: a label in 'label' is missing",
    ),
    "two lines in a label": (
        'text,label\na,x\nb,"y\nz"\n',
        "a.csv",
        r"a.csv:3: a label in 'label' holds a line break",
    ),
    "not UTF-8": (b"text,label\na,x\nb\xff,y\n", "a.csv", r"a.csv:3: byte 0xff at position 2"),
    "null in parquet": (
        parquet([{"text": "a", "label": "x"}, {"text": None, "label": "x"}]),
        "a.parquet",
        r"a.parquet, row 2: the text in 'text' is not there",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_row_is_named_or_left_out(write, name):
    content, file, message = WRONG[name]
    path = write(content, file)
    with pytest.raises(InputError, match=f"{message}.*--skip-bad-lines"):
        read_labeled(path)
    problems = LineProblems(skip=True)
    documents = read_labeled(path, problems)
    assert documents[0].texts == ("a",) and problems.skipped == 1
    assert {d.texts[0] for d in documents} <= {"a", "d"}


HOPELESS = {
    "no usual names": (
        "first,second\na,x\n",
        "a.csv",
        r"field holds the text was not said.*Its fields: first, second\. .*--text-field NAME.*--c",
    ),
    "another separator": ("text^label\na^x\n", "a.csv", r"Its fields: text\^label.*One column was"),
    "no labels": ("text,second\na,x\n", "a.csv", r"holds the labels .*--label-field NAME"),
    "twice": ("text,text,label\na,b,x\n", "a.csv", r"the field 'text' is there 2 times"),
    "open quote": ('text,label\na,x\n"b,y\nc,x\n', "a.csv", r"a.csv:3: a quote opens a cell"),
    "header only": ("text,label\n", "a.csv", r"no document in this file"),
    "one object": (
        '{"rows":\n [{"text": "a"}]}',
        "a.json",
        r"one JSON object with the fields rows",
    ),
    "broken json": ('[{"text": "a", "label": "x"},\n{"te', "a.json", r"record 2: this is no JSON"),
    "no list": ('[{"text": "a", "label": "x"}\n{}]', "a.json", r"record 1: .*expected ',' or ']'"),
    "damaged parquet": (parquet()[:-20], "a.parquet", r"Parquet file cannot be read"),
    "damaged gz": (gzip.compress(table().encode())[:60], "a.csv.gz", r"gzip file is damaged"),
    "numbers": (
        "text,label\n" + "".join(f"a,{n / 7}\n" for n in range(30)),
        "a.csv",
        r"the labels are numbers, such as 0.0 \(30 different ones\).*regression",
    ),
    "no labels at all": ('{"text": "a", "label": []}\n', "a.jsonl", "a label file without labels"),
    "only lines": ("a b\nc d\n", "a.txt", "without labels.*--columns"),
}


@pytest.mark.parametrize("name", HOPELESS)
def test_a_file_that_cannot_be_read_says_why(write, name):
    content, file, message = HOPELESS[name]
    for skip in (False, True):
        with pytest.raises(InputError, match=message) as error:
            read_labeled(write(content, file), LineProblems(skip=skip))
        assert file in str(error.value)


def test_wrong_fields_are_named(write):
    path = write("text,label\na,x\n", "a.csv")
    for fields, message in (
        (Fields(text="body"), r"no field 'body'. Its fields: text, label. .*--text-field NAME"),
        (Fields(label="y"), r"no field 'y'. .*--label-field NAME"),
        (Fields(id="y"), r"no field 'y'. .*--id-field NAME"),
        (Fields(keep=("y",)), r"no field 'y'. .*Name one that is there"),
        (Fields(text="label", label="label"), r"'label' is named for the text and for the labels"),
        (Fields(columns=("a", "b", "c")), r"3 columns are named .* first row has 2: text \| label"),
        (Fields(columns=("text", "label")), r"its first row is a header with these columns"),
    ):
        with pytest.raises(InputError, match=message):
            read_labeled(path, fields=fields)
    for options, message in (
        ({"text": ("a", "b", "c")}, "one field, or two for a pair, received 3"),
        ({"label_separator": " "}, "empty or a space"),
        ({"columns": ("a", "a")}, "'a' is named twice"),
    ):
        with pytest.raises(InputError, match=message):
            Fields(**options)


def test_a_duplicate_or_odd_column_that_nobody_asked_for_is_no_problem(write):
    path = write(",x,x,text,label,\n0,1,2,a,y,\n", "a.csv")
    assert plain(read_labeled(path)) == [(None, "a", ("y",))]


def test_lines_with_labels_first(write):
    path = write("__label__x __label__y a b\n\n__label__x c\td\n", "a.txt")
    with pytest.raises(InputError, match=r"a.txt:3: a pair"):
        read_labeled(path)
    path = write("__label__x __label__y a b\n\nc d\n__label__z e", "a.txt")
    assert [(d.texts[0], d.labels, d.line) for d in read_labeled(path)] == [
        ("a b", ("x", "y"), 1),
        ("c d", (), 3),
        ("e", ("z",), 4),
    ]
    assert read_labeled(write("__label__x a\tb\n"))[0].texts == ("a", "b")


def test_a_file_has_its_labels_last_or_first(write):
    mixed = ["a __label__x", "__label__x b", "c __label__y", "__label__x d __label__y"]
    path = write("\n".join(mixed), "a.txt")
    with pytest.raises(InputError, match=r"a.txt:2: .*'__label__x' stands before the end .*last"):
        read_labeled(path)
    assert len(read_labeled(path, LineProblems(skip=True))) == 2
    path = write("\n".join([mixed[1], *mixed, mixed[1]]), "a.txt")
    with pytest.raises(InputError, match=r"a.txt:2: .*'__label__x' stands after .* first"):
        read_labeled(path)
    assert len(read_labeled(path, LineProblems(skip=True))) == 3
    # One line each way: labels last, as ever.
    with pytest.raises(InputError, match=r"file.txt:1: .*before the end"):
        read_labeled(write("__label__x a\nb __label__x\n"))
    # Only labels, and labels at both ends, decide nothing.
    with pytest.raises(InputError, match=r"file.txt:1: no text before the labels"):
        read_labeled(write("__label__x\n__label__x a __label__y\n"))
    with pytest.raises(InputError, match=r"file.txt:2: no text after the labels"):
        read_labeled(write("__label__x a\n__label__x\n"))
    with pytest.raises(InputError, match=r"file.txt:1: .*several labels.* write __label__x __l"):
        read_labeled(write("__label__x,__label__y a\n__label__z b\n"))


@settings(max_examples=100, deadline=None)
@given(content=st.one_of(st.binary(max_size=80), st.text(max_size=60).map(str.encode)))
@example(content=b"\r\x01\n")
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".json", ".parquet"])
@pytest.mark.parametrize("skip", [False, True])
def test_any_bytes_are_read_or_refused(tmp_path_factory, suffix, skip, content):
    path = tmp_path_factory.mktemp("any") / f"file{suffix}"
    path.write_bytes(content)
    for fields in (None, Fields(columns=("text", "label")), Fields(text="a", label="b")):
        try:
            assert read_labeled(path, LineProblems(skip), fields=fields)
        except InputError as error:
            assert str(path) in str(error)


def test_infinite_numbers_are_no_labels(write):
    path = write(json.dumps({"text": "a", "label": math.inf}) + "\n", "a.jsonl")
    with pytest.raises(InputError, match=r"is inf, no label"):
        read_labeled(path)
