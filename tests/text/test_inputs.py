"""Texts to be answered: every form, every row in its place, nothing guessed of labels."""

import csv
import gzip
import io
import json
import os

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasbert.errors import InputError
from kerasbert.text.fields import Fields
from kerasbert.text.inputs import InputText, is_empty, read_texts

ROWS = [
    {"id": "7", "text": "wheat, corn", "title": 'so "called"', "label": "grain"},
    {"id": "8", "text": "", "title": "", "label": "news"},
    {"id": "9", "text": "Öl\nGas", "title": "c", "label": "grain"},
]


def table(rows=ROWS, delimiter=",", **options):
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, **options)
    writer.writerows([list(rows[0]), *(list(row.values()) for row in rows)])
    return out.getvalue()


def parquet():
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), out)
    return out.getvalue()


LINES = "".join(json.dumps(row) + "\n" for row in ROWS)
FORMS = {
    "csv": (table(), "a.csv"),
    "semicolons": (table(delimiter=";"), "a.csv"),
    "tsv": (table(delimiter="\t"), "a.tsv"),
    "packed": (gzip.compress(table().encode()), "a.csv.gz"),
    "json lines": (LINES, "a.jsonl"),
    "json": (json.dumps(ROWS, indent=1), "a.json"),
    "parquet": (parquet(), "a.parquet"),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("streamed", [False, True])
def test_the_same_rows_in_any_form_are_the_same_texts(write, pipe, name, streamed):
    content, file = FORMS[name]
    path = pipe(content) if streamed else write(content, file)
    said = []
    found = list(read_texts(path, False, Fields(keep=("title",)), said.append))
    assert [one.texts for one in found] == [("wheat, corn",), ("",), ("Öl\nGas",)]
    assert [one.kept for one in found] == [{"id": r["id"], "title": r["title"]} for r in ROWS]
    assert [is_empty(one.texts) for one in found] == [False, True, False]
    assert "text from 'text', ids from 'id'" in said[0] and "'label' is not read" in said[1]


texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\0"), max_size=20)


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(st.tuples(texts, texts), min_size=1, max_size=5),
    delimiter=st.sampled_from(",;\t|"),
    form=st.sampled_from(["table", "jsonl", "json"]),
)
def test_any_text_keeps_its_place(tmp_path_factory, rows, delimiter, form):
    """Empty and blank ones, too: so many rows in, so many texts out."""
    path = tmp_path_factory.mktemp("any") / f"a.{form}"
    records = [{"text": text, "note": note} for text, note in rows]
    content = {
        "table": lambda: table(records, delimiter, quoting=csv.QUOTE_ALL),
        "jsonl": lambda: "".join(json.dumps(record) + "\n" for record in records),
        "json": lambda: json.dumps(records),
    }[form]()
    path.write_bytes(content.encode())
    found = list(read_texts(path, False, Fields(text="text", keep=("note",))))
    assert [one.texts[0] for one in found] == [text.strip() for text, _ in rows]
    assert [one.kept["note"] for one in found] == [note for _, note in rows]


def test_lines_keep_their_numbers(write, pipe):
    content = "a\n \n\n__label__x b\nc __label__y\n"
    for path in (write(content), pipe(content)):
        found = list(read_texts(path, False))
        assert [one.texts[0] for one in found] == ["a", "", "", "b", "c"]
        assert [one.stripped for one in found] == [False, False, False, True, True]
        assert found[3].place.endswith(":4")


def test_pairs(write):
    assert [one.texts for one in read_texts(write("\na\tb\n", "a.txt"), True)] == [
        ("", ""),
        ("a", "b"),
    ]
    path = write("1\tx\ta\tb\n2\ty\tc\t\n", "a.tsv")
    fields = Fields(text=("p", "q"), columns=("id", "kind", "p", "q"))
    found = list(read_texts(path, True, fields))
    assert found[0] == InputText(("a", "b"), f"{path}:1", kept={"id": "1"})
    assert found[1].texts == ("c", "") and is_empty(found[1].texts)
    with pytest.raises(InputError, match=r"'p' and 'q' make pairs, single texts were expected"):
        list(read_texts(path, False, fields))
    path = write('{"text": ["a", "b"]}\n{"text": "a"}\n', "a.jsonl")
    with pytest.raises(InputError, match=r"a.jsonl:2: 'text' holds a single text, a pair was .*"):
        list(read_texts(path))


def test_values_that_json_lacks_come_along_as_text(write, tmp_path):
    import datetime

    row = {"text": "a", "day": datetime.date(2026, 1, 2), "n": [1, None], "nan": float("nan")}
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([row]), path)
    (found,) = read_texts(path, False, Fields(keep=("day", "n", "nan")))
    assert found.kept == {"day": "2026-01-02", "n": [1, None], "nan": None}


WRONG = {
    "no field": ("first,second\na,b\n", "a.csv", {}, "holds the text was not said.*--text-field"),
    "another field": ("text,n\na,b\n", "a.csv", {"text": "body"}, "no field 'body'.*text, n"),
    "keep": ("text,n\na,b\n", "a.csv", {"keep": ("m",)}, "no field 'm'.*Name one that is there"),
    "ragged": ("text,n\na,b\nc\n", "a.csv", {}, "a.csv:3: the row has 1 cell"),
    "number": ('{"text": 3}\n', "a.jsonl", {}, "a.jsonl:1: 'text' holds a number"),
    "twice": ("text,text\na,b\n", "a.csv", {}, "'text' is there 2 times"),
    "two TABs": ("a\tb\tc\n", "a.txt", {}, "at most one TAB, found 2"),
    "bytes": (b"text\nb\xff\n", "a.csv", {}, "a.csv:2: byte 0xff"),
    "empty": ("", "a.csv", {"text": "a"}, None),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_read_is_named(write, name):
    content, file, options, message = WRONG[name]
    path = write(content, file)
    if message is None:
        assert list(read_texts(path, False, Fields(**options))) == []
        return
    with pytest.raises(InputError, match=message) as error:
        list(read_texts(path, False, Fields(**options)))
    assert "--skip" not in str(error.value)


def test_a_long_record_of_a_stream_is_read_whole(pipe):
    records = [{"text": "x" * 300_000, "id": n} for n in range(3)]
    path = pipe("".join(json.dumps(record) + "\n" for record in records))
    assert [one.kept["id"] for one in read_texts(path, False)] == [0, 1, 2]


def test_records_are_yielded_as_they_arrive():
    read, write = os.pipe()
    try:
        found = read_texts(f"/dev/fd/{read}", False)
        for number in range(3):
            os.write(write, json.dumps({"text": str(number)}).encode() + b"\n")
            assert next(found).texts == (str(number),)
        os.close(write)
        assert list(found) == []
    finally:
        os.close(read)
