"""What a file is, by its name and how it begins: the one place that every reader of text asks.

Prose is never refused for a comma or a bracket: content counts only where nothing but a table or
JSON looks like it. What is refused is named for what it is, with what to do about it.
"""

from __future__ import annotations

import csv
import itertools
import json
import re
from pathlib import PurePath
from typing import Any, Literal

from kerasbert.errors import InputError
from kerasbert.text.magic import check_bytes

Holds = Literal["labels", "texts", "corpus", "records", "lines"]
Form = Literal["lines", "jsonl", "json", "table"]

HEAD = 1 << 16  # bytes that are looked at
PACKED_SUFFIXES = (".gz", ".zst")
JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
TAB_SUFFIXES = (".tsv", ".tab")
TABLE_SUFFIXES = (".csv", *TAB_SUFFIXES)
_CUT = 4096  # bytes; a head that is shorter is the whole file, or all that has arrived of a pipe
_LINES = 20  # of the head
_MOST_NAMES = 12  # of fields in a message
_WHAT = {"jsonl": "JSON Lines", "json": "a JSON document", "table": "a table"}

# How people call the columns of text and labels; two of them make a header.
_NAMES = """
text texts label labels sentence sentence1 sentence2 premise hypothesis question question1
question2 answer content contents body title headline summary description document abstract
review comment tweet message source target category categories class sentiment score rating id
idx index _id guid uuid url date name lang language tag tags topic split
"""
_COLUMNS = frozenset(_NAMES.split())
_COLUMN = re.compile(r"[\w .#/-]{0,40}")
_RECORD = re.compile(r'\{\s*"(?:[^"\\]|\\.)*"\s*:')


def check_head(head: bytes, name: str, holds: Holds) -> None:
    """Refuse what is not what a reader expects.

    Args:
        head: the first bytes, unpacked; up to `HEAD` of them.
        name: of the file; its suffix counts.
        holds: what is expected: "corpus" (raw text), "records" (JSON Lines), "labels" or "texts"
            (lines, tables or records), or "lines" of any kind of UTF-8.

    Raises:
        InputError: saying what it is and what to do.
    """
    check_bytes(head, name)
    if holds == "lines":
        return
    text = head.decode("utf-8", "ignore").removeprefix("\ufeff")
    suffix = suffix_of(name)
    if holds == "records":
        if _is_json_document(text, len(head) < HEAD, suffix):
            raise InputError(
                f"{name}: this is one JSON document, JSON Lines (a record a line) were expected."
                f" Convert it: jq -c '.[]' {PurePath(name).name}."
            )
        is_table = suffix in TABLE_SUFFIXES
        if is_table and text.strip() and not text.lstrip().startswith("{"):
            raise _refused(name, "a table", columns_of(text, suffix))
        return
    form, fields = form_of(head, name, holds)
    if form != "lines" and holds == "corpus":
        raise _refused(name, _WHAT[form], fields)


def form_of(head: bytes, name: str, holds: Holds, named: bool = False) -> tuple[Form, list[str]]:
    """What UTF-8 text is, and the names of its fields so far as its beginning tells.

    Args:
        head: the first bytes, unpacked; up to `HEAD` of them.
        name: of the file; its suffix counts.
        holds: what is expected, see `check_head`: pairs of texts look like a table.
        named: whether fields of it were named: then one record makes JSON Lines.
    """
    text = head.decode("utf-8", "ignore").removeprefix("\ufeff")
    suffix = suffix_of(name)
    lines = _first_lines(text, len(head) >= _CUT)
    if not lines:
        return "lines", []
    if (fields := _fields(lines, suffix, named)) is not None:
        return "jsonl", fields
    if _is_json_document(text, len(head) < HEAD, suffix):
        return "json", []
    if columns := _table(text, lines, suffix, holds):
        return "table", columns
    return "lines", []


def suffix_of(name: str) -> str:
    """In lower case, without that of a packing."""
    path = PurePath(name.lower())
    return path.with_suffix("").suffix if path.suffix in PACKED_SUFFIXES else path.suffix


def _first_lines(text: str, cut: bool) -> list[str]:
    """Some lines that are not empty, less the last one if it may be cut and there are others."""
    lines = text.split("\n")
    if cut and len(lines) > 1:
        lines.pop()
    full = (line.rstrip() for line in lines)
    return list(itertools.islice((line for line in full if line), _LINES))


def _fields(lines: list[str], suffix: str, named: bool) -> list[str] | None:
    """The fields of JSON Lines, None if they are something else."""
    records = [_json(line) for line in lines]
    if all(isinstance(record, dict) and record for record in records):
        return list(records[0])
    if suffix == ".json" and records[0] is None and _json("\n".join(lines)) is not None:
        return None  # one document on several lines
    # A record longer than the head, or a file that says what it is and begins like it.
    long = len(lines[0]) > HEAD // 2
    told = suffix in JSON_SUFFIXES or (named and isinstance(records[0], dict))
    if _RECORD.match(lines[0]) and (told or long):
        return list(records[0]) if isinstance(records[0], dict) else []
    return None


def _is_json_document(text: str, whole: bool, suffix: str) -> bool:
    """Whether this is one JSON value over the whole file: a list of records, or indented."""
    start = text.lstrip()
    if not start.startswith(("[", "{")):
        return False
    value = _json(start) if whole else None
    if isinstance(value, list):
        return suffix in JSON_SUFFIXES or (bool(value) and isinstance(value[0], dict))
    if isinstance(value, dict):
        return bool(value) and "\n" in start.strip()
    if whole:
        return suffix == ".json" and start.startswith("[")  # damaged
    first = start.split("\n", 1)[0].strip()
    return first in ("[", "{", "[{") or (first.startswith("[{") and "\n" not in start)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def columns_of(text: str, suffix: str) -> list[str]:
    """The first row of a table."""
    rows = _rows(text, "\t" if suffix in TAB_SUFFIXES else ",", 1)
    return rows[0] if rows else []


def _table(text: str, lines: list[str], suffix: str, holds: Holds) -> list[str]:
    """The columns of a table, none if this is something else."""
    if holds == "labels" and all("__label__" in line for line in lines):
        return []
    if suffix == ".csv":
        return columns_of(text, suffix) or [lines[0]]
    if suffix in TAB_SUFFIXES:
        # With one TAB it may be pairs, as predict and finetune read them; raw text has none.
        tabs = lines[0].count("\t")
        if tabs > 1 or (tabs and holds == "corpus"):
            return columns_of(text, suffix)
        if tabs and holds == "labels" and "__label__" not in text:
            return columns_of(text, suffix)
    for delimiter in "\t,;|":
        if delimiter in lines[0] and _is_header(rows := _rows(text, delimiter, 2)):
            return rows[0]
    return []


def _is_header(rows: list[list[str]]) -> bool:
    """Whether the first of two rows names columns, and the second has as many."""
    if len(rows) < 2 or len(rows[0]) != len(rows[1]):
        return False
    names = [name.strip().lower() for name in rows[0]]
    return all(map(_COLUMN.fullmatch, names)) and len(_COLUMNS.intersection(names)) >= 2


def _rows(text: str, delimiter: str, count: int) -> list[list[str]]:
    lines = (f"{line}\n" for line in text.lstrip().split("\n"))
    try:
        return list(itertools.islice(csv.reader(lines, delimiter=delimiter), count))
    except csv.Error:
        return []


def _refused(name: str, what: str, names: list[str]) -> InputError:
    """What it is, what was expected, and the remedy of those who expected it."""
    is_lines = what == "JSON Lines"
    listed = ", ".join(cell.strip()[:40] for cell in names[:_MOST_NAMES])
    if listed:
        more = ", ..." * (len(names) > _MOST_NAMES)
        listed = f" {'Its fields are' if is_lines else 'Its first row'}: {listed}{more}."
    remedy = "Name the field of the text: kerasbert prepare --text-field NAME."
    return InputError(f"{name}: this is {what}, a text a line was expected. {remedy}{listed}")
