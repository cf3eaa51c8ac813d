"""Texts to be tagged: of every form that texts have, or with their words given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kerasbert.errors import InputError
from kerasbert.streams import is_stream, shown
from kerasbert.text.cells import as_json
from kerasbert.text.conll import is_conll, read_sentences
from kerasbert.text.fields import ID_NAMES, Fields
from kerasbert.text.inputs import InputText, read_texts
from kerasbert.text.labeled import open_rows
from kerasbert.text.lines import LineProblems
from kerasbert.text.tag_records import TOKEN_NAMES
from kerasbert.text.words import SplitText


def read_tag_inputs(
    path: Path, fields: Fields | None = None, say: Callable[[str], None] | None = None
) -> Iterator[InputText]:
    """Yield the texts of a file that are to be tagged; tags in it are not read.

    CoNLL columns (by their ending) give a text a sentence, records with "tokens" one each: the
    tokens with a space between them. Of any other file see `read_texts`.

    Args:
        path: a file, or a stream such as `-`.
        fields: of a table or records.
        say: told what was found, and what is not read.

    Raises:
        InputError: a file, line or record that cannot be read.
    """
    fields = fields or Fields()
    if is_conll(path):
        name = shown(path)
        for one in read_sentences(path, LineProblems(offers=False), tagged=False):
            yield InputText((SplitText.of_words(one.tokens),), f"{name}:{one.lines[0]}")
        return
    rows = None if is_stream(path) else _token_rows(path, fields)
    if rows is None:
        yield from read_texts(path, False, fields, say)
        return
    table, tokens = rows
    known = [one for one in ID_NAMES if one in table.columns]
    identity = fields.id or (known[0] if known else None)
    kept = [one for one in (identity, *fields.keep) if one is not None]
    for row, values in table.rows([tokens, *kept]):
        words = values[0]
        if words is None:
            words = []
        if not isinstance(words, list) or not all(isinstance(one, str) for one in words):
            raise InputError(f"{table.place(row)}: {tokens!r} is {words!r:.60}, expected words.")
        more = {one: as_json(value) for one, value in zip(kept, values[1:], strict=True)}
        yield InputText((SplitText.of_words(words),), table.place(row), kept=more)


def _token_rows(path: Path, fields: Fields) -> tuple[Any, str] | None:
    """The rows of records of tokens, and the field these are in; None for anything else."""
    rows = open_rows(path, shown(path), LineProblems(offers=False), fields, "texts")
    if rows is None:
        return None
    columns = list(rows.columns)
    if fields.text:
        return (rows, fields.text[0]) if fields.text[0] in TOKEN_NAMES else None
    found = next((one for one in TOKEN_NAMES if one in columns), None)
    return (rows, found) if found is not None and "text" not in columns else None
