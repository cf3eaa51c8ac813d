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

Holds = Literal["labels", "texts", "corpus", "records", "lines"]

HEAD = 1 << 16  # bytes that are looked at
PACKED_SUFFIXES = (".gz", ".zst")
JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
_TAB_SUFFIXES = (".tsv", ".tab")
_CUT = 4096  # bytes; a head that is shorter is the whole file, or all that has arrived of a pipe
_LINES = 20  # of the head
_MOST_NAMES = 12  # of fields in a message

_UNPACK = "Unpack it first: {}."
_AS_TEXT = "Save its text as UTF-8, a document a line."
_AS_RECORDS = "Write its texts as JSON Lines or plain text."
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (rb"\x1f\x8b", "packed with gzip", _UNPACK.format("zcat FILE | kerasbert ...")),
    (rb"\x28\xb5\x2f\xfd", "packed with Zstandard", _UNPACK.format("zstdcat FILE | kerasbert ...")),
    (rb"BZh[1-9]1AY&SY", "packed with bzip2", _UNPACK.format("bunzip2 FILE")),
    (rb"\xfd7zXZ\0", "packed with xz", _UNPACK.format("unxz FILE")),
    (rb"\x5d\0\0", "packed with LZMA", _UNPACK.format("unlzma FILE")),
    (rb"\x04\x22\x4d\x18", "packed with LZ4", _UNPACK.format("unlz4 FILE")),
    (rb"\x1f\x9d", "packed with compress", _UNPACK.format("uncompress FILE")),
    (rb"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK.format("7z x FILE")),
    (rb"Rar!\x1a\x07", "a RAR archive", _UNPACK.format("unrar x FILE")),
    (rb"PK\x03\x04.*(?:word|xl|ppt)/", "an Office document", _AS_TEXT),
    (rb"PK\x03\x04.{26}mimetypeapplication/vnd\.oasis", "an OpenDocument file", _AS_TEXT),
    (rb"PK\x03\x04", "a ZIP archive", _UNPACK.format("unzip FILE")),
    (rb".{257}ustar", "a tar archive", _UNPACK.format("tar -xf FILE")),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document", _AS_TEXT),
    (rb"%PDF-", "a PDF", "Extract its text: pdftotext FILE."),
    (rb"\{\\rtf", "rich text (RTF)", _AS_TEXT),
    (rb"PAR1", "Parquet", _AS_RECORDS),
    (rb"ARROW1\0\0|FEA1|\xff{4}....\x10\0\0\0", "an Arrow table", _AS_RECORDS),
    (rb"Obj\x01", "Avro", _AS_RECORDS),
    (rb"SQLite format 3\0", "an SQLite database", _AS_RECORDS),
    (rb"\x89HDF", "an HDF5 file", _AS_RECORDS),
    (rb"\x93NUMPY", "a NumPy array", _AS_RECORDS),
)
_UTF32, _UTF16 = (b"\xff\xfe\0\0", b"\0\0\xfe\xff"), (b"\xff\xfe", b"\xfe\xff")
_NULS = 0.05  # the share of NUL bytes that no text has

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
        holds: what is expected: "labels" (lines of a text and its labels), "texts" (to answer),
            "corpus" (raw text), "records" (JSON Lines), or "lines" of any kind of UTF-8.

    Raises:
        InputError: saying what it is and what to do.
    """
    _check_bytes(head, name)
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
        is_table = suffix == ".csv" or suffix in _TAB_SUFFIXES
        if is_table and text.strip() and not text.lstrip().startswith("{"):
            raise _refused(name, "a table", columns_of(text, suffix), "texts")
        return
    lines = _first_lines(text, len(head) >= _CUT)
    if not lines:
        return
    if (fields := _fields(lines, suffix)) is not None:
        raise _refused(name, "JSON Lines", fields, holds)
    if _is_json_document(text, len(head) < HEAD, suffix):
        raise _refused(name, "a JSON document", [], holds)
    if columns := _table(text, lines, suffix, holds):
        raise _refused(name, "a table", columns, holds)


def suffix_of(name: str) -> str:
    """In lower case, without that of a packing."""
    path = PurePath(name.lower())
    return path.with_suffix("").suffix if path.suffix in PACKED_SUFFIXES else path.suffix


def _check_bytes(head: bytes, name: str) -> None:
    """Refuse what is no UTF-8 text, or has no line ends."""
    for magic, what, remedy in _MAGIC:
        if re.match(magic, head, re.DOTALL):
            raise InputError(f"{name}: this is {what}, text was expected. {remedy}")
    nuls = head.count(0)
    if head.startswith(_UTF32):
        raise _not_utf8(name, "UTF-32")
    if head.startswith(_UTF16) or (nuls > 0.3 * len(head) and _alternates(head)):
        raise _not_utf8(name, "UTF-16")
    if nuls > max(1, _NULS * len(head)):
        raise InputError(
            f"{name}: this is binary data ({nuls} NUL bytes in the first {len(head)}), text was"
            " expected. Name a file of UTF-8 text."
        )
    bare = head.count(b"\r") - head.count(b"\r\n") - head.endswith(b"\r")
    if bare > head.count(b"\n"):
        raise InputError(
            f"{name}: the lines end in a carriage return alone, as on an old Mac: all would be one."
            " Convert it: tr '\\r' '\\n' < FILE."
        )


def _alternates(head: bytes) -> bool:
    """Whether nearly all NUL bytes stand at odd places, or at even ones."""
    first, second = head[::2].count(0), head[1::2].count(0)
    return min(first, second) < 0.1 * max(first, second)


def _not_utf8(name: str, encoding: str) -> InputError:
    return InputError(
        f"{name}:1: the file is {encoding}, UTF-8 was expected."
        f" Convert it: iconv -f {encoding} -t UTF-8."
    )


def _first_lines(text: str, cut: bool) -> list[str]:
    """Some lines that are not empty, less the last one if it may be cut and there are others."""
    lines = text.split("\n")
    if cut and len(lines) > 1:
        lines.pop()
    full = (line.rstrip() for line in lines)
    return list(itertools.islice((line for line in full if line), _LINES))


def _fields(lines: list[str], suffix: str) -> list[str] | None:
    """The fields of JSON Lines, None if they are something else."""
    records = [_json(line) for line in lines]
    if all(isinstance(record, dict) and record for record in records):
        return list(records[0])
    # A record longer than the head, or a file that says what it is and begins like it.
    if _RECORD.match(lines[0]) and (suffix in JSON_SUFFIXES or len(lines[0]) > HEAD // 2):
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
        return False
    first = start.split("\n", 1)[0].strip()
    return first in ("[", "{", "[{") or (first.startswith("[{") and "\n" not in start)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def columns_of(text: str, suffix: str) -> list[str]:
    """The first row of a table."""
    rows = _rows(text, "\t" if suffix in _TAB_SUFFIXES else ",", 1)
    return rows[0] if rows else []


def _table(text: str, lines: list[str], suffix: str, holds: Holds) -> list[str]:
    """The columns of a table, none if this is something else."""
    if holds == "labels" and all("__label__" in line for line in lines):
        return []
    if suffix == ".csv":
        return columns_of(text, suffix) or [lines[0]]
    if suffix in _TAB_SUFFIXES:
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


def _refused(name: str, what: str, names: list[str], holds: Holds) -> InputError:
    """What it is, what was expected, and the remedy of those who expected it."""
    is_lines = what == "JSON Lines"
    listed = ", ".join(cell.strip()[:40] for cell in names[:_MOST_NAMES])
    if listed:
        more = ", ..." * (len(names) > _MOST_NAMES)
        listed = f" {'Its fields are' if is_lines else 'Its first row'}: {listed}{more}."
    expected = "a text a line was expected"
    if holds == "labels":
        expected = "lines were expected: text __label__a __label__b"
        remedy = "Write a line for each row or record: its text, then __label__ and each label."
    elif holds == "texts":
        remedy = "Name the field that holds the text: --text-field NAME."
        if not is_lines:
            remedy = "Write it as JSON Lines and give --text-field NAME, or write a text a line."
    else:
        remedy = "Name the field of the text: kerasbert prepare --text-field NAME."
        if not is_lines:
            remedy = "Write it as JSON Lines, then kerasbert prepare --text-field NAME reads it."
    return InputError(f"{name}: this is {what}, {expected}. {remedy}{listed}")
