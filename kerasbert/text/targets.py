"""What scikit-learn calls y: a label a document, or any number of them, and the way back to it."""

from __future__ import annotations

import contextlib
import math
import numbers
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from kerasbert.text.cells import described, is_missing, well_formed

Form = Literal["labels", "lists", "indicator"]
Labels = list[tuple[str, ...]]


@dataclass(frozen=True)
class Targets:
    """The labels of a classifier as its user wrote them. With K labels and N documents:

    Attributes:
        form: "labels", one a document; "lists" of them; or an "indicator" matrix (N, K).
        classes: (K,) of the type that was given, sorted; the columns of an indicator matrix.
    """

    form: Form
    classes: np.ndarray

    @property
    def names(self) -> list[str]:
        """As they stand in files, in the order of `classes`."""
        return [_name(value) for value in self.classes.tolist()]

    @classmethod
    def of(cls, y: Any) -> tuple[Targets, Labels]:
        """The targets that `y` has, and the names of each document's labels.

        Raises:
            ValueError: a label is missing, is none or of another type; there is nothing to learn.
        """
        values, columns = _values(y)
        if values.ndim == 2:
            found = cls("indicator", np.arange(values.shape[1]) if columns is None else columns)
        elif _holds_lists(values):
            found = cls("lists", _classes([label for row in values for label in _plain(row)]))
        else:
            found = cls("labels", _classes(values))
        labels = found.read(y)
        known = {name for row in labels for name in row}
        if found.form == "labels" and len(known) < 2:
            raise ValueError(
                f"y: there is one class only, {found.classes.tolist()[0]!r}, so there is nothing to"
                " learn. A classifier expects two or more."
            )
        if not known:
            raise ValueError(f"y: {len(labels)} documents, and none has a label.")
        _check_names(found.names)
        return found, labels

    def read(self, y: Any) -> Labels:
        """The names of the labels of each document, of a `y` of this form.

        Raises:
            ValueError: it has another form, or a label that is none.
        """
        values, _ = _values(y)
        form = "indicator" if values.ndim == 2 else "lists" if _holds_lists(values) else "labels"
        if form != self.form and len(values):
            raise ValueError(
                f"y: expected {_WORDS[self.form]}, as in fit. Received: {_WORDS[form]}"
            )
        if form == "indicator":
            if values.shape[1] != len(self.classes):
                raise ValueError(
                    f"y: expected {len(self.classes)} columns, as in fit. Received: shape"
                    f" {values.shape}"
                )
            names = np.array(self.names, dtype=object)
            return [tuple(names[row]) for row in values.astype(bool)]
        if form == "lists":
            return [tuple(dict.fromkeys(map(_name, _plain(row)))) for row in values]
        return [(_name(value),) for value in values.tolist()]

    def columns(self, names: Sequence[str]) -> np.ndarray:
        """(K of `names`,) the column that each of them has in `classes`."""
        place = {name: column for column, name in enumerate(self.names)}
        return np.array([place[name] for name in names], dtype=int)

    def answers(self, chosen: np.ndarray) -> Any:
        """What `predict` returns, in the form of `y`; chosen is (N, K) bool."""
        if self.form == "indicator":
            return chosen.astype(int)
        if self.form == "lists":
            return [self.classes[row].tolist() for row in chosen]
        return self.classes[chosen.argmax(axis=1)]

    def to_json(self) -> dict[str, Any]:
        """Plain values, for a file."""
        return {
            "form": self.form,
            "classes": self.classes.tolist(),
            "dtype": self.classes.dtype.str if self.classes.dtype.kind != "O" else "object",
        }

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Targets:
        """What `to_json` gave."""
        return cls(values["form"], np.array(values["classes"], dtype=values["dtype"]))


_WORDS = {
    "labels": "a label for each document",
    "lists": "a list of labels for each document",
    "indicator": "an indicator matrix (N, K) of 0 and 1",
}


def _values(y: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """`y` as an array: (N, K) of 0 and 1, (N,) of lists, or (N,) of labels; and named columns."""
    if y is None:
        raise ValueError(
            "fit requires y to be passed, but the target y is None: a label for each document, a"
            " list of labels, or an indicator matrix."
        )
    columns = np.asarray(y.columns) if hasattr(y, "columns") else None
    for way in ("toarray", "to_numpy"):  # of SciPy's sparse ones; of pandas and polars
        if hasattr(y, way):
            y = getattr(y, way)()
    if not hasattr(y, "__array__"):
        y = _array(y)
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        _warn_of_column(y.shape)
        y, columns = y[:, 0], None
    if y.ndim not in (1, 2):
        raise ValueError(f"y: expected {_WORDS['labels']}, or a matrix. Received: shape {y.shape}")
    if not len(y):
        raise ValueError("y: there is no label; 0 samples. Expected one for each document.")
    if y.ndim == 2:
        _check_matrix(y)
    elif _holds_lists(y):
        _check_lists(y)
    else:
        _check_labels(y)
    return y, columns


def _array(y: Any) -> np.ndarray:
    """Of a list: labels by their type, rows as objects unless they are those of an indicator."""
    if isinstance(y, str | bytes | Mapping) or not isinstance(y, Iterable):
        raise ValueError(
            f"y: expected {_WORDS['labels']}, or a list of them. Received: {described(y)}"
        )
    values = [value.tolist() if isinstance(value, np.ndarray) else value for value in y]
    rows = [value for value in values if _is_row(value)]
    if values and len(rows) == len(values) and _is_indicator(rows):
        return np.array([list(row) for row in rows])
    same = {type(value.item() if isinstance(value, np.generic) else value) for value in values}
    if not rows and len(same) == 1 and same <= {str, bool, int, float}:
        return np.array(values)
    made = np.empty(len(values), dtype=object)
    for number, value in enumerate(values):  # rows of one length would become a matrix
        made[number] = value
    return made


def _is_row(value: Any) -> bool:
    return isinstance(value, list | tuple | set | frozenset | np.ndarray)


def _is_indicator(rows: Sequence[Any]) -> bool:
    """Rows of one length, of 0 and 1: as lists of labels all documents would have the same ones."""
    return len(rows[0]) > 1 and all(
        isinstance(row, list | tuple)
        and len(row) == len(rows[0])
        and all(not isinstance(value, str) and value in (0, 1) for value in row)
        for row in rows
    )


def _holds_lists(y: np.ndarray) -> bool:
    return y.dtype == object and any(_is_row(value) for value in y)


def _name(label: Any) -> str:
    """A label in files: 1.0 is the class 1."""
    return str(int(label)) if isinstance(label, float) else str(label)


def _plain(row: Any) -> list[Any]:
    if isinstance(row, set | frozenset):
        return sorted(row)
    return row.tolist() if isinstance(row, np.ndarray) else list(row)


def _check_matrix(y: np.ndarray) -> None:
    if y.dtype.kind in "fc" and np.isnan(y).any():
        raise ValueError("Input y contains NaN: an indicator matrix holds 0 and 1.")
    if y.dtype.kind not in "biuf" and not (y.dtype == object and np.isin(y, (0, 1)).all()):
        raise ValueError(
            f"y: {_WORDS['indicator']} was expected. Received: a matrix of {y.dtype}; for several"
            " labels a document give a list of lists."
        )
    if not np.isin(y, (0, 1)).all():
        odd = y[~np.isin(y, (0, 1))].flat[0]
        raise ValueError(f"y: {_WORDS['indicator']} was expected. Received: {odd} in it")


def _check_lists(y: np.ndarray) -> None:
    for number, row in enumerate(y):
        if not _is_row(row):
            raise ValueError(
                f"y[{number}]: {_WORDS['lists']} was expected, as in others, [] for none. Received:"
                f" {described(row)}"
            )
        for value in row:
            _check_label(value, f"y[{number}]")


def _check_labels(y: np.ndarray) -> None:
    kind = y.dtype.kind
    if kind == "f":
        if not np.isfinite(y).all():
            number = int(np.flatnonzero(~np.isfinite(y))[0])
            what = "NaN" if np.isnan(y[number]) else "infinity"
            raise ValueError(f"Input y contains {what}: y[{number}] has no label.")
        if (y != np.floor(y)).any():
            odd = y[y != np.floor(y)][0]
            raise ValueError(
                f"Unknown label type: continuous, such as {odd}. Names of classes were expected; to"
                " predict a number is regression."
            )
    elif kind == "O":
        for number, value in enumerate(y.tolist()):
            _check_label(value, f"y[{number}]")
    elif kind not in "biuU":
        raise ValueError(
            "Unknown label type: expected strings, whole numbers or booleans. Received: an array of"
            f" {y.dtype}"
        )


def _check_label(value: Any, where: str) -> None:
    if is_missing(value) and not isinstance(value, str):
        raise ValueError(f"Input y contains NaN or None: {where} has no label.")
    if not isinstance(value, str | bool | np.bool_ | numbers.Integral) and not (
        isinstance(value, numbers.Real) and math.isfinite(value) and value == math.floor(value)
    ):
        raise ValueError(
            f"Unknown label type: {where} holds {described(value)}, a string, a whole number or a"
            " boolean was expected."
        )


def _classes(values: Any) -> np.ndarray:
    """The different labels, sorted, in the type that they have."""
    if isinstance(values, list):
        values = _array(values)
    if values.dtype == object:
        kinds = {type(value.item() if hasattr(value, "item") else value) for value in values}
        if len({str if issubclass(kind, str) else kind for kind in kinds}) > 1:
            names = " and ".join(sorted(kind.__name__ for kind in kinds))
            raise ValueError(f"y: labels of one type were expected. Received: {names}")
    return np.unique(values)


def _check_names(names: Sequence[str]) -> None:
    for name in names:
        if (
            not name
            or name != name.strip()
            or set("\n\r\0") & set(name)
            or well_formed(name) != name
        ):
            raise ValueError(
                f"y: {name!r} is no label: expected a name on one line, without white space around"
                " it. Strip it."
            )


def _warn_of_column(shape: tuple[int, ...]) -> None:
    kind: type[Warning] = UserWarning
    with contextlib.suppress(ImportError):
        from sklearn.exceptions import DataConversionWarning

        kind = DataConversionWarning
    warnings.warn(
        "A column-vector y was passed when a 1d array was expected. Change the shape of y from"
        f" {shape} to {shape[:1]}, for example with ravel().",
        kind,
        stacklevel=2,
    )
