"""Labelled data in memory: every form gives the documents that the file gives."""

import json
import sys

import numpy as np
import pyarrow
import pytest

from kerasbert.errors import InputError
from kerasbert.text.data import as_documents
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.fields import Fields
from kerasbert.text.lines import LineProblems

RECORDS = [
    {"id": 7, "text": "wheat, corn", "labels": ["grain", "daily news"]},
    {"id": 8, "text": "news\nof today", "labels": []},
]
TEXTS = [record["text"] for record in RECORDS]
LABELS = [record["labels"] for record in RECORDS]


class OnlyArrow:
    """What a DataFrame of any library shows of itself here, and no more."""

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


TABLE = pyarrow.Table.from_pylist(RECORDS)
FORMS = {
    "records": RECORDS,
    "a generator": (record for record in RECORDS),
    "columns": {name: [record[name] for record in RECORDS] for name in RECORDS[0]},
    "arrow": TABLE,
    "chunks": pyarrow.concat_tables([TABLE.slice(0, 1), TABLE.slice(1)]),
    "a reader": TABLE.to_reader(),
    "the interface alone": OnlyArrow(TABLE),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_documents(name):
    documents = as_documents(FORMS[name])
    assert [(d.id, *d.texts, d.labels) for d in documents] == [
        ("7", "wheat, corn", ("grain", "daily news")),
        ("8", "news\nof today", ()),
    ]


def test_texts_and_labels_and_files_and_documents(write):
    expected = [(text, tuple(labels)) for text, labels in zip(TEXTS, LABELS, strict=True)]
    path = write("".join(json.dumps(record) + "\n" for record in RECORDS), "a.jsonl")
    documents = as_documents((TEXTS, LABELS))
    for data in (path, str(path), documents):
        assert [(*d.texts, d.labels) for d in as_documents(data)] == expected
    pairs = as_documents(([("a", "b"), ["c", "d"]], np.array([1, 0])))
    assert pairs[0] == LabeledDocument(("a", "b"), ("1",), 1) and pairs[1].texts == ("c", "d")
    assert as_documents((np.array(["a", "b"]), ["x|y", "y"]), Fields(label_separator="|"))[
        0
    ].labels == ("x", "y")
    assert len(as_documents((TEXTS, LABELS), limit=1)) == 1


def test_fields_are_named_as_python_names_them():
    table = pyarrow.table({"a": ["t"], "b": ["u"], "c": [1]})
    with pytest.raises(InputError, match=r'data: .*Its fields: a, b, c. .*Fields\(text="..."\)'):
        as_documents(table)
    found = as_documents(table, Fields(text=("a", "b"), label="c", keep=("c",)))
    assert found[0].texts == ("t", "u") and found[0].labels == ("1",)
    assert found[0].fields == {"c": 1}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((["a", "b"], ["x"]), "data: 2 texts, 1 labels: expected as many of each"),
        ({"text": ["a"], "label": []}, "data: 1 text, 0 label: expected as many"),
        (("a", "x"), "texts: this is a str, expected the path of a file, "),
        ((["a", None], ["x", "y"]), "texts and labels:1: the text in 'texts' is not there"),
        ((["a", "b"], ["x", float("nan")]), "texts and labels:1: the label in 'labels' is not the"),
        ((["a", ("b", "c")], ["x", "y"]), "texts and labels:1: single texts and pairs"),
        ([{"text": "a", "label": "x"}, "b"], r"data\[1\]: this is a str, a dict was expected"),
        ([{"text": "a", "label": "x"}, {"text": ""}], r"data\[1\]: the text in 'text' is empty"),
        (["a", "b"], "data: this is a list of str, expected the path"),
        ([], "data: there is no document"),
        ((["a", "b"], np.eye(2)), r"labels: this is an array of shape \(2, 2\), .*make lists of n"),
        (3, "data: this is a int"),
        (pyarrow.table({"text": ["a", None], "label": ["x", "y"]}), r"data, row 1 \(from 0\): the"),
        (pyarrow.table({"text": ["a"], "label": [[]]}), "data: a label file without labels"),
    ],
)
def test_what_cannot_be_read_is_named(data, message):
    with pytest.raises(InputError, match=message) as error:
        as_documents(data)
    assert "--skip" not in str(error.value)


def test_columns_of_mixed_types_are_read_as_python_has_them():
    pandas = pytest.importorskip("pandas")
    mixed = pandas.DataFrame({"text": ["a", "b"], "label": ["x", 3]})
    assert [d.labels for d in as_documents(mixed)] == [("x",), ("3",)]
    with pytest.raises(InputError, match=r"data\[1\]: 'text' holds a number \(5\)"):
        as_documents(pandas.DataFrame({"text": ["a", 5], "label": ["x", "y"]}))
    twice = pandas.DataFrame([["a", "b", "x"]], columns=["text", "text", "label"])
    with pytest.raises(InputError, match="data: the field 'text' is there 2 times"):
        as_documents(twice)
    missing = pandas.DataFrame({"text": ["a", "b"], "label": ["x", None]})
    with pytest.raises(InputError, match=r"data, row 1 \(from 0\): the label in 'label' is not"):
        as_documents(missing)


def test_wrong_rows_are_left_out_where_that_is_asked_for():
    problems = LineProblems(skip=True)
    assert len(as_documents((["a", None], ["x", "y"]), problems=problems)) == 1
    assert problems.skipped == 1


def test_without_pyarrow_the_extra_is_named(monkeypatch, write):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for data in (TABLE, write(b"PAR1", "a.parquet")):
        with pytest.raises(InputError, match=r"pip install kerasbert\[parquet\]"):
            as_documents(data)
