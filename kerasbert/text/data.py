"""Labelled data in Python as they are in memory, or by the path of a file."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kerasbert.errors import InputError
from kerasbert.text.arrow import ArrowRows, speaks_arrow
from kerasbert.text.cells import LabelReader, texts_of
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.fields import Fields, FoundFields
from kerasbert.text.labeled import check_labels, documents_of, read_labeled
from kerasbert.text.lines import LineProblems
from kerasbert.text.numbers import NumberReader
from kerasbert.text.records import Columns, PythonRecords

_FORMS = (
    "expected the path of a file, (texts, labels), a list of dicts, a dict of columns, or a table"
    " of pandas, polars, Arrow, DuckDB or datasets"
)


def as_documents(
    data: Any,
    fields: Fields | None = None,
    problems: LineProblems | None = None,
    limit: int | None = None,
    labeled: bool = True,
    numbers: bool = False,
) -> list[LabeledDocument]:
    """The documents of labelled data, whatever holds them.

    Args:
        data: the path of a file; a tuple of texts and labels, equally many (a text is a string or a
            pair of them, a label a string, a number, or a list of such); a list of dicts; a dict of
            columns; `LabeledDocument`s; or anything with `__arrow_c_stream__`: a DataFrame of
            pandas or polars, an Arrow table, a relation of DuckDB, a dataset of Hugging Face.
        fields: which ones hold what, if they have no usual names.
        problems: what to do with rows that cannot be read.
        limit: take the first documents only.
        labeled: whether there must be labels; a file is always labelled.
        numbers: whether the labels are numbers, for a `Regression`.

    Raises:
        InputError: it is none of these, or a row cannot be read (unless `problems` skips), named as
            Python counts: from 0.
    """
    fields = fields or Fields()
    problems = problems or LineProblems(offers=False)
    if isinstance(data, str | Path):
        return read_labeled(data, problems, limit, fields, numbers=numbers)
    read = functools.partial(
        documents_of, name="data", problems=problems, fields=fields, labeled=labeled, flags=False,
        numbers=numbers,
    )  # fmt: skip
    documents: Iterable[LabeledDocument]
    if speaks_arrow(data):
        documents = read(_table_rows(data))
    elif isinstance(data, Mapping):
        documents = read(Columns({name: _listed(data[name], name) for name in data}))
    elif isinstance(data, tuple) and len(data) == 2:
        documents = _texts_and_labels(*data, fields, problems, numbers)
    else:
        items = _listed(data, "data")
        if items and all(isinstance(item, LabeledDocument) for item in items):
            return list(items[:limit])
        if items and not isinstance(items[0], Mapping):
            raise InputError(
                f"data: this is a {type(data).__name__} of {type(items[0]).__name__}, {_FORMS}."
            )
        if not items:
            raise InputError(f"data: there is no document, {_FORMS}.")
        documents = read(PythonRecords(items, problems))
    found = list(itertools.islice(documents, limit))
    if not found:
        such = f" ({problems.examples[0]})" if problems.examples else ""
        raise InputError(f"data: there is no document{such}, {_FORMS}.")
    if labeled and (limit is None or len(found) < limit):
        check_labels(found, "data", numbers)
    return found


def _table_rows(data: Any) -> ArrowRows | Columns:
    """The rows of a table; those of a DataFrame with columns of mixed types as Python has them."""
    is_frame = hasattr(data, "columns") and hasattr(data, "to_dict")
    names: list[Any] = list(data.columns) if is_frame else []
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(
            f"data: the field {twice!r} is there {names.count(twice)} times. Give each column"
            " its own name."
        )
    try:
        return ArrowRows(data)
    except InputError:
        if not is_frame or not all(hasattr(data[name], "tolist") for name in names):
            raise
        return Columns({str(name): data[name].tolist() for name in names})


def _texts_and_labels(
    texts: Any, labels: Any, fields: Fields, problems: LineProblems, numbers: bool
) -> Iterable[LabeledDocument]:
    if getattr(labels, "ndim", 1) > 1:
        raise InputError(
            f"labels: this is an array of shape {tuple(labels.shape)}, a label or a list of labels"
            " for each text was expected. Of a matrix of 0 and 1 make lists of names:"
            " [[name for name, one in zip(names, row) if one] for row in labels]."
        )
    columns = Columns({"texts": _listed(texts, "texts"), "labels": _listed(labels, "labels")})
    found = FoundFields(("texts",), ("labels",), None, (), None)
    read = NumberReader(found) if numbers else LabelReader(found, fields.label_separator)
    pairs: int | None = None
    for row, (text, label) in columns.rows(("texts", "labels")):
        try:
            parts = texts_of((text,), ("texts",))
            if len(parts) != (pairs := pairs or len(parts)):
                raise ValueError("single texts and pairs are mixed. Give one or the other")
            yield LabeledDocument(parts, read((label,)), row)
        except ValueError as error:
            problems.report("texts and labels", row - 1, str(error))


def _listed(values: Any, name: str) -> Sequence[Any]:
    """A list of what an array, a Series or any iterable holds."""
    if hasattr(values, "tolist"):
        values = values.tolist()  # of numpy and pandas: Python's own numbers
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise InputError(f"{name}: this is a {type(values).__name__}, {_FORMS}.")
    return values if isinstance(values, list) else list(values)
