"""What stands in a field: a text, or labels, of whatever type a table or a record gives them."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

from kerasbert.text.fields import FoundFields

_YES = {"1", "1.0", "true", "yes"}
_NO = {"0", "0.0", "false", "no", ""}


def is_missing(value: Any) -> bool:
    """Whether nothing is there: null, not a number, or an empty string."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value or value.isspace()
    return isinstance(value, numbers.Real) and value != value


def texts_of(
    values: Sequence[Any], names: Sequence[str], needed: bool = True, whole: bool = False
) -> tuple[str, ...]:
    """The text, or the two of a pair, of a row.

    Args:
        values: of the fields; that of a single one may be a list of the text, or of a pair's two.
        names: of the fields.
        needed: whether each must be there; one that is missing is an empty string otherwise.
        whole: whether white space at its ends stays.

    Raises:
        ValueError: one is missing, or no text.
    """
    if len(values) == 1 and isinstance(values[0], list | tuple) and len(values[0]) in (1, 2):
        values, names = values[0], (names[0],) * len(values[0])
    pairs = zip(values, names, strict=True)
    return tuple([_text(value, name, needed, whole) for value, name in pairs])


def _text(value: Any, name: str, needed: bool, whole: bool) -> str:
    if isinstance(value, str):
        text = value.strip()
        if text:
            return well_formed(value if whole else text)
    if is_missing(value):
        if not needed:
            return ""
        found = "empty" if isinstance(value, str) else "not there (null)"
        raise ValueError(
            f"the text in {name!r} is {found}, text was expected. Fill it in or remove the row"
        )
    raise ValueError(f"{name!r} holds {described(value)}, text was expected. Name a field of text")


def as_json(value: Any) -> Any:
    """A value of a field as JSON writes it: what JSON has no form for becomes its text."""
    if isinstance(value, str):
        return well_formed(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return None if value != value else value
    if isinstance(value, dict):
        return {str(name): as_json(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(one) for one in value]
    return str(value)


def well_formed(text: str) -> str:
    """The text with a question mark for each lone surrogate, which JSON may name."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")


def described(value: Any) -> str:
    """The type and the beginning of a value, for a message."""
    kind = {dict: "an object", list: "a list", bool: "true or false", bytes: "bytes"}.get(
        type(value), "a number" if isinstance(value, numbers.Number) else type(value).__name__
    )
    shown = repr(value)
    return f"{kind} ({shown[:40]}{'...' * (len(shown) > 40)})"


class LabelReader:
    """Labels of the rows of one file; rows with the same ones share them in memory."""

    def __init__(self, found: FoundFields, separator: str | None):
        self.names = found.label
        self.separator = separator
        self._seen: dict[tuple[str, ...], tuple[str, ...]] = {}

    def __call__(self, values: Sequence[Any]) -> tuple[str, ...]:
        """The labels of a row, from the values of its label fields.

        Raises:
            ValueError: a label is missing, or is none.
        """
        if not self.names:
            return ()
        labels = self._one_hot(values) if len(self.names) > 1 else self._of(values[0])
        return self._seen.setdefault(labels, labels)

    def _one_hot(self, values: Sequence[Any]) -> tuple[str, ...]:
        """The names of the fields that hold 1."""
        labels = []
        for name, value in zip(self.names, values, strict=True):
            said = "" if value is None else str(value).strip().lower()
            if said in _YES:
                labels.append(name)
            elif said not in _NO:
                raise ValueError(
                    f"{name!r} holds {described(value)}, 1 or 0 was expected: several label fields"
                    " are a label each. Name a single field of labels, or correct the row"
                )
        return tuple(labels)

    def _of(self, value: Any) -> tuple[str, ...]:
        name = self.names[0]
        if isinstance(value, list | tuple):
            parts = value
        elif self.separator is not None and isinstance(value, str):
            parts = [part for part in value.split(self.separator) if part.strip()]
        elif is_missing(value):
            found = "empty" if isinstance(value, str) else "not there (null)"
            raise ValueError(
                f"the label in {name!r} is {found}. Fill it in or remove the row; for documents"
                " without a label take lists, or a separator of labels"
            )
        else:
            parts = (value,)
        return tuple(dict.fromkeys([_label(part, name) for part in parts]))


def _label(value: Any, name: str) -> str:
    if isinstance(value, str):
        label = well_formed(value.strip())
        if not label:
            raise ValueError(f"a label in {name!r} is empty. Remove it, or give it a name")
        if "\n" in label or "\r" in label:
            raise ValueError(
                f"a label in {name!r} holds a line break: {label[:40]!r}. A label is one line;"
                " name a field of labels"
            )
        return label
    if is_missing(value):
        raise ValueError(f"a label in {name!r} is missing (null). Remove it, or give it a name")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"the label in {name!r} is {value}, no label. Correct the row")
    if isinstance(value, numbers.Number):  # bool, too: True, as tables write it
        return str(value)
    raise ValueError(
        f"{name!r} holds {described(value)}, a label was expected: text, a number, or a list of"
        " such. Name a field of labels"
    )
