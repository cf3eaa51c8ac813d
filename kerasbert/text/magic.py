"""What is no UTF-8 text, by how it begins: named for what it is, with what to do about it."""

from __future__ import annotations

import re

from kerasbert.errors import InputError

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


def check_bytes(head: bytes, name: str) -> None:
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
