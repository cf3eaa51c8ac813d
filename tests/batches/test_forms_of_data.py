"""The same labelled data in every form that people have them in give the same batches."""

import csv
import io
import json

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from kerasbert.batches.labeled import LabeledBatches
from kerasbert.text.data import as_documents
from kerasbert.text.fields import Fields
from kerasbert.text.labels import LabelSet
from kerasbert.tokenizer import train_tokenizer

ROWS = [
    {"text": "wheat, corn; and | oil", "labels": ["grain", "oil"]},
    {"text": 'so "called" news', "labels": ["news"]},
    {"text": "Öl und Weizen 小麦", "labels": ["grain"]},
    {"text": "rain", "labels": []},
] * 3
TEXTS = [row["text"] for row in ROWS]
LABELS = [row["labels"] for row in ROWS]
JOINED = [{"text": row["text"], "labels": "|".join(row["labels"])} for row in ROWS]
BY_BAR = Fields(label_separator="|")


def marked(row):
    return " ".join(f"__label__{name}" for name in row["labels"])


def table(delimiter):
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, ["text", "labels"], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(JOINED)
    return out.getvalue()


def parquet():
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), out)
    return out.getvalue()


FILES = {
    "lines": ("".join(f"{row['text']} {marked(row)}\n" for row in ROWS), "a.txt"),
    "labels first": ("".join(f"{marked(row)} {row['text']}\n" for row in ROWS), "a.txt"),
    "csv": (table(","), "a.csv"),
    "tsv": (table("\t"), "a.tsv"),
    "json lines": ("".join(json.dumps(row) + "\n" for row in ROWS), "a.jsonl"),
    "json": (json.dumps(ROWS), "a.json"),
    "parquet": (parquet(), "a.parquet"),
}


def pandas_frame():
    return pytest.importorskip("pandas").DataFrame(ROWS)


def polars_frame():
    return pytest.importorskip("polars").DataFrame(ROWS)


def pandas_columns():
    frame = pandas_frame()
    return frame["text"], frame["labels"]


MEMORY = {
    "dicts": lambda: ROWS,
    "texts and labels": lambda: (TEXTS, LABELS),
    "columns": lambda: {"text": TEXTS, "labels": LABELS},
    "arrow": lambda: pyarrow.Table.from_pylist(ROWS),
    "pandas": pandas_frame,
    "pandas, two columns": pandas_columns,
    "polars": polars_frame,
}


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(TEXTS, style="word", vocabulary_size=60)


def batches_of(documents, tokenizer):
    labels = LabelSet.from_documents(documents)
    batches = LabeledBatches(documents, tokenizer, labels, max_length=12, batch_size=4, seed=3)
    return labels.names, [batches.batch(step) for step in range(2 * batches.steps_per_epoch)]


@pytest.mark.parametrize("name", [*FILES, *MEMORY])
def test_the_same_data_in_any_form_are_the_same_batches(write, tokenizer, name):
    data = write(*FILES[name]) if name in FILES else MEMORY[name]()
    names, found = batches_of(as_documents(data, BY_BAR), tokenizer)
    expected_names, expected = batches_of(as_documents((TEXTS, LABELS)), tokenizer)
    assert names == expected_names == ("grain", "news", "oil") and len(found) == 6
    for (inputs, target), (expected_inputs, expected_target) in zip(found, expected, strict=True):
        assert inputs.keys() == expected_inputs.keys()
        for key, ids in inputs.items():
            np.testing.assert_array_equal(ids, expected_inputs[key], strict=True)
        np.testing.assert_array_equal(target, expected_target, strict=True)
