"""Where raw text comes from: files of several kinds, folders, globs, standard input, URLs.

`find_inputs` lists them in a fixed order, `open_source` opens one; `cutting.py` parts them.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, BinaryIO, TypeVar

from kerasbert.errors import InputError, Unfinished
from kerasbert.streams import STANDARD_INPUT, copy_stream, is_stream, shown
from kerasbert.text.formats import (
    HEAD,
    JSON_SUFFIXES,
    TABLE_SUFFIXES,
    check_head,
    form_of,
    suffix_of,
)
from kerasbert.text.lines import broken_link, check_file, packing, reading, unpack

PathKind = TypeVar("PathKind", bound=PurePath)
_PARQUET_MAGIC = b"PAR1"


@dataclass(frozen=True)
class Source:
    """One input.

    Attributes:
        path: what is opened: a local path, or a URL that fsspec knows.
        name: for a manifest: the base name, or the path below the folder or glob that was given.
        size: bytes as stored.
        format: "text", "jsonl", "json" (a list), "table" or "parquet".
        packing: None, "gz" or "zst".
        copy_of: how messages name the stream that `path` is a copy of.
    """

    path: str
    name: str
    size: int
    format: str = "text"
    packing: str | None = None
    copy_of: str | None = None

    @property
    def shown(self) -> str:
        """How messages name it."""
        return self.copy_of or self.path


def find_inputs(
    paths: Sequence[str | Path], spool: Path | None = None, text_field: str | None = None
) -> list[Source]:
    """List the inputs that the paths name, in order; within a folder or glob, by name.

    Args:
        paths: files, folders (all files below them that are not hidden), globs, `-` for standard
            input, pipes, and URLs such as `s3://bucket/folder/*.txt`, which the extra `remote`
            opens. Symbolic links are followed.
        spool: the folder that keeps copies of streams; the caller removes it.
        text_field: when given, all that is no table, JSON list or Parquet is JSON Lines, whatever
            its name.

    Raises:
        InputError: nothing is named, a file is missing or cannot be opened, a link is broken, a
            package is missing, something is neither text nor what else can be read.
    """
    if not paths:
        raise InputError("no corpus file was named, expected at least one text file.")
    if isinstance(paths, str):
        raise TypeError(f"expected a list of paths. Received: {paths!r}")
    sources: list[Source] = []
    for path in map(str, paths):
        if is_stream(path):
            if any(source.copy_of == shown(path) for source in sources):
                raise InputError(f"{shown(path)} is named twice, but can be read once. Name files.")
            sources.append(_describe_copy(path, spool, len(sources), text_field))
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


def _describe(path: str, name: str, text_field: str | None, copy_of: str | None = None) -> Source:
    given = copy_of or path
    with open_source(Source(path, name, 0)) as file, reading(given):
        kind = packing(file)
        is_parquet = file.read(4) == _PARQUET_MAGIC
        file.seek(0)
        head = b"" if is_parquet else unpack(file, kind, given).read(HEAD)
        size = file.seek(0, 2)
    text_format = "parquet" if is_parquet else _format(head, given, text_field)
    return Source(path, name, size, text_format, kind, copy_of)


def _format(head: bytes, name: str, text_field: str | None) -> str:
    """What text is, by how it begins, its name, and whether a field of it was named."""
    check_head(head, name, "lines")
    form, _ = form_of(head, name, "corpus")
    suffix = suffix_of(name)
    has_fields = text_field is not None
    if form != "jsonl" and (suffix in TABLE_SUFFIXES or (form == "table" and has_fields)):
        # A table of one column has no TABs: lines, unless its field was named.
        return "table" if form == "table" or has_fields else "text"
    if not has_fields and suffix not in JSON_SUFFIXES:
        check_head(head, name, "corpus")
        return "text"
    if form == "json":
        return "json"
    check_head(head, name, "records")
    return "jsonl"


def _describe_copy(path: str, spool: Path | None, number: int, text_field: str | None) -> Source:
    """Keep a stream in a file, which can be read in pieces and more than once."""
    if spool is None:
        raise InputError(f"{shown(path)} cannot be read here. Name a file.")
    is_standard_input = path == STANDARD_INPUT
    copy = spool / ("standard-input" if is_standard_input else f"pipe-{number}")
    spool.mkdir(exist_ok=True)
    copy_stream(path, copy)
    name = "standard input" if is_standard_input else copy.name  # a pipe's own name changes
    return _describe(str(copy), name, text_field, shown(path))


def _local(path: str) -> Iterator[tuple[str, str]]:
    """Yield (path, name) of the files that a path names."""
    folder = Path(path)
    if folder.is_dir():
        found = sorted(_matches(folder, ("**", "*")), key=_parts)
        if not found:
            raise InputError(f"{path}: the folder holds no file. Name a folder with text files.")
        yield from ((str(folder / name), name.as_posix()) for name in found)
    elif not os.path.lexists(folder) and glob.has_magic(path):
        fixed = _fixed_part(folder)
        found = sorted(set(_matches(fixed, folder.relative_to(fixed).parts)), key=_parts)
        if not found:
            raise InputError(f"{path}: no file has such a name. Check the pattern.")
        yield from ((str(fixed / name), name.as_posix()) for name in found)
    else:
        yield str(check_file(path)), folder.name


def _matches(
    folder: Path, pattern: Sequence[str], above: tuple[Path, ...] = ()
) -> Iterator[PurePath]:
    """Yield the files that a pattern names below a folder, through links; hidden ones left out.

    Args:
        folder: where to look.
        pattern: a part for each level; `**` stands for any number of folders.
        above: the folders that `**` has entered on its way here, so that a link to one of them does
            not lead round in circles.

    Raises:
        InputError: a folder that cannot be read, a broken link, what is neither file nor folder.
    """
    part, *rest = pattern
    if part == "**":
        if rest:
            yield from _matches(folder, rest, above)
        part, rest = "*", [part, *rest]
        above = (*above, folder.resolve())
    try:
        entries = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise InputError(
            f"{folder}: the folder cannot be read ({error.strerror}). Check its permissions."
        ) from None
    for entry in entries:
        if entry.name.startswith(".") or not fnmatchcase(entry.name, part):
            continue
        if entry.is_symlink() and not entry.exists():
            raise broken_link(entry)
        if entry.is_dir():
            if rest and not (above and entry.is_symlink() and entry.resolve() in above):
                yield from (entry.name / name for name in _matches(entry, rest, above))
        elif not rest:
            if is_stream(entry):
                raise InputError(f"{entry}: neither a file nor a folder. Remove it from there.")
            yield PurePath(entry.name)


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
