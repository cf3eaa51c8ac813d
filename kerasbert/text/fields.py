"""Which fields of a table or of records hold the text, the labels and the id: given, or found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kerasbert.errors import InputError

# How people call them, the most telling first; compared without case.
_TEXT = """
text texts sentence sentences content contents document body review comment tweet message post
description abstract question utterance article summary headline title
"""
_LABEL = """
label labels category categories class classes target targets tag tags topic topics sentiment
intent intents genre genres
"""
_NUMBER = """
score scores value values rating ratings stars grade grades similarity relatedness points price
"""
TEXT_NAMES = tuple(_TEXT.split())
LABEL_NAMES = tuple(_LABEL.split())
NUMBER_NAMES = (*LABEL_NAMES[:2], "target", *_NUMBER.split(), *LABEL_NAMES)  # of numbers
ID_NAMES = ("id", "_id", "doc_id", "document_id", "text_id", "guid", "uuid")
PAIR_NAMES = (
    *(("sentence1", "sentence2"), ("sentence_1", "sentence_2"), ("sentence_a", "sentence_b")),
    *(("text1", "text2"), ("text_1", "text_2"), ("text_a", "text_b")),
    *(("premise", "hypothesis"), ("question1", "question2"), ("question", "sentence")),
    *(("question", "context"), ("query", "passage"), ("query", "document")),
)
_MOST_NAMES = 20  # in a message
_ONE_COLUMN = " One column was found: cells are parted by a comma, a semicolon, a TAB or a bar."
_FLAGS = {"text": "--text-field", "label": "--label-field", "id": "--id-field"}


@dataclass(frozen=True)
class Fields:
    """How a table, or records, are read: the names of what counts.

    What is not named is found by the names that people give such fields.

    Attributes:
        text: the field of the text, or two fields that make a pair.
        label: the field of the labels: a string, a number or a list of them. Several fields are
            labels themselves, each 1 where the document has it and 0 where not.
        id: the field that tells documents apart for their owner.
        label_separator: what parts several labels in one string, such as "|".
        columns: the names of the columns of a table without a header, from the left; "..." as the
            last one says that rows may have more cells, which nobody reads.
        keep: further fields that stay with the document.
    """

    text: str | tuple[str, ...] = ()
    label: str | tuple[str, ...] = ()
    id: str | None = None
    label_separator: str | None = None
    columns: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("text", "label", "columns", "keep"):
            value = getattr(self, name)
            names = (value,) if isinstance(value, str) else tuple(value)
            object.__setattr__(self, name, names)
        if len(self.text) > 2:
            raise InputError(
                f"the text has one field, or two for a pair, received {len(self.text)}:"
                f" {', '.join(self.text)}. Of more, make one before."
            )
        if self.label_separator is not None and not self.label_separator.strip(" \t"):
            raise InputError(
                "the label separator is empty or a space, expected what stands between two labels,"
                " such as , or |."
            )
        twice = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if twice:
            raise InputError(f"the column {twice[0]!r} is named twice. Name each column once.")

    @property
    def given(self) -> bool:
        """Whether any field is named: then the file holds fields."""
        return bool(self.text or self.label or self.columns or self.id or self.keep)


@dataclass(frozen=True)
class FoundFields:
    """The fields of one file or table, each there once.

    Attributes:
        text: one name, or two of a pair.
        label: names, none where no labels are read.
        id: a name, or None.
        keep: names.
        note: a sentence for people where a field was found by its name, else None.
        unread: a field that looks like labels where none are read, else None.
    """

    text: tuple[str, ...]
    label: tuple[str, ...]
    id: str | None
    keep: tuple[str, ...]
    note: str | None
    unread: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All that is read, in this order."""
        return (*self.text, *self.label, *((self.id,) if self.id is not None else ()), *self.keep)


def find_fields(
    fields: Fields,
    columns: Sequence[str],
    name: str,
    labeled: bool = True,
    flags: bool = True,
    numbers: bool = False,
) -> FoundFields:
    """Match what was named with what is there, and find what was not named.

    Args:
        fields: as named.
        columns: the fields that are there.
        name: of the file or table, for messages.
        labeled: whether labels are needed.
        flags: messages name the flags of the commands, else the attributes of `Fields`.
        numbers: whether the labels are numbers.

    Raises:
        InputError: a field is not there or there twice, or none was found; listing the columns.
    """
    text = tuple(fields.text) or _find_text(columns)
    usual = NUMBER_NAMES if numbers else LABEL_NAMES
    label = tuple(fields.label) or _find(usual, columns, text)
    ids = (fields.id,) if fields.id is not None else _find(ID_NAMES, columns, (*text, *label))
    for kind, needed, found in (("text", True, text), ("label", labeled, label)):
        if needed and not found:
            raise _none_found(name, kind, columns, flags, TEXT_NAMES if kind == "text" else usual)
    unread = None if labeled else next((one for one in label if one not in fields.keep), None)
    if not labeled:
        label = ()
    for kind, given in (("text", text), ("label", label), ("id", ids), ("", fields.keep)):
        for one in given:
            _check_there(name, one, columns, _remedy(kind, flags))
    both = sorted(set(text) & set(label))
    if both:
        raise InputError(
            f"{name}: the field {both[0]!r} is named for the text and for the labels. Name two."
        )
    note = None
    if not fields.text or (labeled and not fields.label):
        parts = [f"text from {_listed(text)}"]
        what = "numbers" if numbers else "labels"
        parts += [f"{what} from {_listed(label)}"] * bool(label)
        parts += [f"ids from {_listed(ids)}"] * bool(ids)
        note = f"{name}: {', '.join(parts)}"
    return FoundFields(text, label, ids[0] if ids else None, tuple(fields.keep), note, unread)


def _find_text(columns: Sequence[str]) -> tuple[str, ...]:
    lower = {column.strip().lower(): column for column in reversed(columns)}
    for pair in PAIR_NAMES:
        if all(side in lower for side in pair):
            return tuple(lower[side] for side in pair)
    return _find(TEXT_NAMES, columns)


def _find(
    known: Sequence[str], columns: Sequence[str], taken: Sequence[str] = ()
) -> tuple[str, ...]:
    """The first column with the first of these names, if any has one."""
    lower = {column.strip().lower(): column for column in reversed(columns) if column not in taken}
    return next(((lower[name],) for name in known if name in lower), ())


def _check_there(name: str, field: str, columns: Sequence[str], remedy: str) -> None:
    count = list(columns).count(field)
    if count == 0:
        raise InputError(f"{name}: there is no field {field!r}. {_listing(columns)} {remedy}")
    if count > 1:
        raise InputError(
            f"{name}: the field {field!r} is there {count} times. Give each column its own name."
        )


def _none_found(
    name: str, kind: str, columns: Sequence[str], flags: bool, usual: Sequence[str]
) -> InputError:
    what = "the text" if kind == "text" else "the labels"
    without = "--columns NAME NAME ..." if flags else "Fields(columns=(...))"
    return InputError(
        f"{name}: which field holds {what} was not said, and none has a usual name"
        f" ({', '.join(usual[:4])}, ...)."
        f" {_listing(columns)} {_remedy(kind, flags)} If the first row of a table is no header,"
        f" {without} names its columns.{_ONE_COLUMN * (len(columns) == 1)}"
    )


def _remedy(kind: str, flags: bool) -> str:
    if not kind:
        return "Name one that is there."
    return f"Name it: {_FLAGS[kind]} NAME." if flags else f'Name it: Fields({kind}="...").'


def _listing(columns: Sequence[str]) -> str:
    shown = ", ".join(column.strip()[:40] for column in columns[:_MOST_NAMES])
    more = ", ..." * (len(columns) > _MOST_NAMES)
    return f"Its fields: {shown or 'none'}{more}."


def _listed(names: Sequence[str]) -> str:
    return " and ".join(repr(name) for name in names)
