"""Labels that are numbers: read as they stand, refused by line where they are none."""

import json

import pytest

from kerasbert.errors import InputError
from kerasbert.text import LineProblems, as_documents, read_labeled
from kerasbert.text.fields import Fields
from kerasbert.text.numbers import as_number, what_numbers


@pytest.fixture
def write(tmp_path):
    def to(content, name="a.csv"):
        (tmp_path / name).write_text(content, "utf-8")
        return tmp_path / name

    return to


@pytest.mark.parametrize(
    "text, value",
    [("3.8", 3.8), (" -1 ", -1), ("+.5", 0.5), ("2e-3", 0.002), ("5.", 5)]
    + [(word, None) for word in ("", "nan", "inf", "1_000", "1e999", "3,8", "high", "٣", "0x1")],
)
def test_what_is_a_number(text, value):
    assert as_number(text) == value


def labels(documents):
    return [document.labels for document in documents]


def test_lines_tables_records_and_lists(write):
    lines = read_labeled(write("a b __label__3.8\nc\td __label__-1\n", "a.txt").with_name("a.txt"),
                         LineProblems(skip=True), numbers=True)  # fmt: skip
    assert labels(lines) == [("3.8",)]  # the second is a pair
    table = write("text,score,mood\na,3.50,1\nb,-2,1\n")
    assert labels(read_labeled(table, numbers=True)) == [("3.50",), ("-2",)]
    both = read_labeled(table, fields=Fields(label=("mood", "score")), numbers=True)
    assert labels(both) == [("1", "3.50"), ("1", "-2")]
    records = "".join(json.dumps({"text": "a", "target": n}) + "\n" for n in (1, 2.5, "3"))
    assert labels(read_labeled(write(records, "a.jsonl"), numbers=True)) == [
        ("1",),
        ("2.5",),
        ("3",),
    ]
    assert labels(as_documents((["a", "b"], [0.5, [1, 2]]), numbers=True)) == [("0.5",), ("1", "2")]


WRONG = {
    "text": ("text,score\na,1\nb,high\n", r"a.csv:3: 'score' holds 'high', a finite number"),
    "nan": ("text,score\na,1\nb,nan\n", r"a.csv:3: 'score' holds 'nan'"),
    "inf": ("text,score\na,1\nb,-inf\n", r"a.csv:3: 'score' holds '-inf'"),
    "comma": ('text,score\na,1\nb,"3,8"\n', r"a.csv:3: .*with a comma; write a point: 3.8"),
    "empty": ("text,score\na,1\nb,\n", r"a.csv:3: the number in 'score' is empty"),
    "ragged": ("text,score\na,1\nb,2,3\n", r"a.csv:3: the row has 3 cells"),
    "no field": ("text,other\na,1\n", r"which field holds the labels .*label, labels, target, sc"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_number_is_named_by_its_row(name, write):
    content, message = WRONG[name]
    with pytest.raises(InputError, match=message):
        read_labeled(write(content), numbers=True)


@pytest.mark.parametrize(
    "line, message",
    [
        ("b", "no label, one number was expected: text __label__3.8"),
        ("b __label__1 __label__2", "2 labels, one number"),
        ("b __label__good", "the label 'good' is no finite number"),
        ("b __label__nan", "the label 'nan' is no finite number"),
    ],
)
def test_a_line_without_its_number(line, message, write):
    with pytest.raises(InputError, match=f"a.txt:2: {message}"):
        read_labeled(write(f"a __label__1\n{line}\n", "a.txt"), numbers=True)


def test_values_of_records(write):
    for value, message in (("null", "not there"), ("true", "true or false"), ("[]", "a list")):
        path = write(f'{{"text": "a", "score": {value}}}\n', "a.jsonl")
        with pytest.raises(InputError, match=f"a.jsonl:1: .*{message}"):
            read_labeled(path, numbers=True)


def test_rows_may_have_more_cells_where_that_is_said(write):
    path = write("x\t1.5\ta\ny\t2\tb\tmore\tand more\n", "a.tsv")
    names = ("id", "score", "text")
    with pytest.raises(InputError, match=r"a.tsv:2: the row has 5 cells.*or end --columns in ..."):
        read_labeled(path, fields=Fields(columns=names), numbers=True)
    found = read_labeled(path, fields=Fields(columns=(*names, "...")), numbers=True)
    assert [(d.texts, d.labels, d.id) for d in found] == [
        (("a",), ("1.5",), "x"), (("b",), ("2",), "y")
    ]  # fmt: skip
    short = write("x\t1.5\ta\ny\t2\n", "b.tsv")
    with pytest.raises(InputError, match=r"b.tsv:2: the row has 2 cells"):
        read_labeled(short, fields=Fields(columns=(*names, "...")), numbers=True)


def test_numbers_are_told_from_names():
    many = {f"{n / 4}": 1 for n in range(30)}  # a quarter of them whole
    assert what_numbers(many) == "measured"
    assert what_numbers(many | {"3": 100}) == "unclear"
    assert what_numbers(many | {"a": 1}) is None and what_numbers(many, alone=False) is None
    assert what_numbers({str(n): 1 for n in range(90)}) is None  # names of classes
    assert what_numbers(dict.fromkeys(("0.5", "1.5"), 9)) is None
