"""Where raw text comes from: files of several kinds, folders, globs, standard input, URLs.

`find_inputs` lists them in a fixed order, `cut` parts them into pieces that can be read each by
itself, by any process and in any order; `pieces.py` reads them.
"""

from __future__ import annotations

import glob
import itertools
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, BinaryIO, TypeVar

from kerasbert.errors import InputError, Unfinished
from kerasbert.text.lines import check_file, packing, reading

STANDARD_INPUT = "-"
PathKind = TypeVar("PathKind", bound=PurePath)
_JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
_PACKED_SUFFIXES = (".gz", ".zst")
_PARQUET_MAGIC = b"PAR1"


@dataclass(frozen=True)
class Source:
    """One input.

    Attributes:
        path: what is opened: a local path, or a URL that fsspec knows.
        name: for a manifest: the base name, or the path below the folder or glob that was given.
        size: bytes as stored.
        format: "text", "jsonl" or "parquet".
        packing: None, "gz" or "zst".
    """

    path: str
    name: str
    size: int
    format: str = "text"
    packing: str | None = None

    @property
    def shown(self) -> str:
        """How messages name it."""
        return self.name if self.name == "standard input" else self.path


@dataclass(frozen=True)
class Piece:
    """A part of a source: bytes, or row groups of Parquet, from `start` until before `stop`.

    A packed file is one piece. `bytes` is how much of the source as stored it is, about.
    """

    source: Source
    start: int
    stop: int
    bytes: int


def find_inputs(
    paths: Sequence[str | Path], spool: Path | None = None, text_field: str | None = None
) -> list[Source]:
    """List the inputs that the paths name, in order; within a folder or glob, by name.

    Args:
        paths: files, folders (all files below them that are not hidden), globs, `-` for standard
            input, and URLs such as `s3://bucket/folder/*.txt`, which the extra `remote` opens.
        spool: the folder that keeps a copy of standard input; the caller removes it.
        text_field: when given, all that is not Parquet is JSON Lines, whatever its name.

    Raises:
        InputError: nothing is named, a file is missing or cannot be opened, a package is missing.
    """
    if not paths:
        raise InputError("no corpus file was named, expected at least one text file.")
    sources = []
    for path in map(str, paths):
        if path == STANDARD_INPUT:
            sources.append(_describe(_spooled(spool), "standard input", text_field))
        elif is_remote(path):
            sources += [_describe(*found, text_field) for found in _remote(path)]
        else:
            sources += [_describe(*found, text_field) for found in _local(path)]
    return sources


def is_remote(path: str) -> bool:
    """Whether fsspec must open it."""
    return "://" in path


def open_source(source: Source) -> BinaryIO:
    """Open a source for reading bytes as they are stored; it can be sought in.

    Raises:
        InputError: it cannot be opened.
    """
    if not is_remote(source.path):
        return check_file(source.path).open("rb")
    with _asking(source.path):
        return _filesystem(source.path)[0].open(source.path, "rb")


def cut(sources: Sequence[Source], piece_bytes: int) -> list[Piece]:
    """Part the sources into pieces of about so many bytes, in order.

    Raises:
        InputError: a Parquet file cannot be read.
    """
    return [piece for source in sources for piece in _cut(source, piece_bytes)]


def _cut(source: Source, piece_bytes: int) -> Iterator[Piece]:
    if source.packing is not None:
        yield Piece(source, 0, source.size, source.size)
    elif source.format == "parquet":
        from kerasbert.text.records import row_group_sizes

        ends = list(itertools.accumulate(row_group_sizes(source), initial=0))
        first = 0
        for stop in range(1, len(ends)):
            if stop == len(ends) - 1 or ends[stop + 1] - ends[first] > piece_bytes:
                share = (ends[stop] - ends[first]) / ends[-1]
                yield Piece(source, first, stop, round(share * source.size))
                first = stop
    else:
        for start in range(0, source.size, piece_bytes):
            stop = min(start + piece_bytes, source.size)
            yield Piece(source, start, stop, stop - start)


def _describe(path: str, name: str, text_field: str | None) -> Source:
    bare = Source(path, name, 0)
    with open_source(bare) as file, reading(path):
        kind = packing(file)
        is_parquet = file.read(4) == _PARQUET_MAGIC
        size = file.seek(0, 2)
    stem = path.lower()
    for suffix in _PACKED_SUFFIXES:
        stem = stem.removesuffix(suffix)
    is_json = text_field is not None or stem.endswith(_JSON_SUFFIXES)
    text_format = "parquet" if is_parquet else "jsonl" if is_json else "text"
    return Source(path, name, size, text_format, kind)


def _spooled(spool: Path | None) -> str:
    """Keep standard input in a file, which can be read in pieces and more than once."""
    if spool is None:
        raise InputError("standard input (-) cannot be read here. Name a file.")
    copy = spool / "standard-input"
    try:
        with copy.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
    except OSError as error:
        raise InputError(
            f"standard input could not be kept in {spool} ({error.strerror or error})."
            " Check the room on that disk."
        ) from None
    return str(copy)


def _local(path: str) -> Iterator[tuple[str, str]]:
    """Yield (path, name) of the files that a path names."""
    folder = Path(path)
    if folder.is_dir():
        names = [file.relative_to(folder) for file in folder.rglob("*") if file.is_file()]
        names = sorted((name for name in names if not _hidden(name)), key=_parts)
        if not names:
            raise InputError(f"{path}: the folder holds no file. Name a folder with text files.")
        yield from ((str(folder / name), name.as_posix()) for name in names)
    elif not folder.exists() and glob.has_magic(path):
        fixed = _fixed_part(folder)
        names = [file.relative_to(fixed) for file in fixed.glob(str(folder.relative_to(fixed)))]
        names = [name for name in names if (fixed / name).is_file() and not _hidden(name)]
        if not names:
            raise InputError(f"{path}: no file has such a name. Check the pattern.")
        yield from ((str(fixed / name), name.as_posix()) for name in sorted(names, key=_parts))
    else:
        yield str(check_file(path)), folder.name


def _hidden(name: PurePath) -> bool:
    return any(part.startswith(".") for part in name.parts)


def _parts(name: PurePath) -> tuple[str, ...]:
    return name.parts


def _fixed_part(pattern: PathKind) -> PathKind:
    """The folders of a pattern before its first wild card."""
    fixed = pattern
    while glob.has_magic(str(fixed)):
        fixed = fixed.parent
    return fixed


def _remote(url: str) -> Iterator[tuple[str, str]]:
    """As `_local`, of an address."""
    with _asking(url):
        files, path = _filesystem(url)
        if glob.has_magic(path):
            fixed = _fixed_part(PurePosixPath(path))
            matches = files.glob(path)
        elif files.isdir(path):
            fixed = PurePosixPath(path)
            matches = files.find(path)
        else:
            fixed = PurePosixPath(path).parent
            matches = [path]
        names = [
            PurePosixPath(match).relative_to(fixed) for match in matches if files.isfile(match)
        ]
        names = sorted((name for name in names if not _hidden(name)), key=_parts)
        found = [(files.unstrip_protocol(str(fixed / name)), name.as_posix()) for name in names]
    if not found:
        raise InputError(f"{url}: no such file. Check the address.")
    yield from found


def _filesystem(url: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError:
        raise InputError(
            f"{url}: reading an address needs the package fsspec, which is not installed."
            " Install it with: pip install kerasbert[remote]"
        ) from None
    return fsspec.core.url_to_fs(url)


class _asking:
    """Turn what fsspec and its many file systems raise into an `InputError`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, FileNotFoundError):
            raise InputError(f"{self.url}: no such file. Check the address.") from None
        if isinstance(error, Exception) and not isinstance(error, InputError):
            raise Unfinished(
                f"{self.url}: cannot be opened ({type(error).__name__}: {error}). Check the"
                " address, your rights, and that fsspec's package for it is installed."
            ) from None
