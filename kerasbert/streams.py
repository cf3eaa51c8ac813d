"""Inputs that can be read only once: `-`, /dev/stdin, a pipe, a fifo. What needs more reads a copy.

A pipe cannot be sought in, and is empty when it is opened again, but files are told by how they
begin, and some are read twice. So a reader asks for a `readable` file; within `copies_kept`, as in
every command, all that ask for one pipe get one copy.
"""

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from kerasbert.errors import InputError

STANDARD_INPUT = "-"
_ALSO_STANDARD_INPUT = (STANDARD_INPUT, "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
_BLOCK = 1 << 18
_kept: "_Copies | None" = None


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Whether a path names what can be read only once: standard input, a pipe, a device."""
    if str(path) == STANDARD_INPUT:
        return True
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def shown(path: str | os.PathLike[str]) -> str:
    """How messages name it."""
    return "standard input" if str(path) == STANDARD_INPUT else str(path)


@contextlib.contextmanager
def open_stream(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open what `is_stream`, to be read once.

    Raises:
        InputError: it cannot be opened.
    """
    if str(path) == STANDARD_INPUT:
        if sys.stdin is None:
            raise InputError("standard input (-) is closed. Name a file, or send text in.")
        yield sys.stdin.buffer
        return
    try:
        stream = Path(path).open("rb")  # noqa: SIM115 (what the block below raises is not ours)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be opened ({error.strerror or error}). Name a file or a pipe."
        ) from None
    with stream:
        yield stream


class Begun:
    """An open stream whose beginning is looked at, and is read again with the rest.

    Attributes:
        head: its beginning, with the first line whole.

    Args:
        stream: an open one; no more is waited for than its first line.
        most: bytes of a head without a line end.
    """

    def __init__(self, stream: BinaryIO, most: int):
        self._read = getattr(stream, "read1", None) or stream.read
        parts: list[bytes] = []
        while block := self._read(_BLOCK):
            parts.append(block)
            if b"\n" in block or sum(map(len, parts)) > most:
                break
        self.head = self._left = b"".join(parts)

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, of the head first; b"" at the end."""
        if not self._left:
            return self._read(size)
        block, self._left = self._left[:size], self._left[size:]
        return block

    @contextlib.contextmanager
    def kept(self, name: str) -> Iterator[Path]:
        """A copy as a file, for what has to be read more than once.

        Raises:
            InputError: there is no room for it, naming `name`.
        """
        with tempfile.TemporaryDirectory(prefix="kerasbert-", ignore_cleanup_errors=True) as folder:
            copy = Path(folder) / "copy"
            _copy(self, copy, name)
            yield copy


def copy_stream(path: str | os.PathLike[str], copy: Path) -> None:
    """Read a stream to its end, into a file.

    Raises:
        InputError: it cannot be read, or there is no room for it.
    """
    with open_stream(path) as stream:
        _copy(stream, copy, shown(path))


def _copy(stream: Any, copy: Path, name: str) -> None:
    try:
        with copy.open("wb") as file:
            shutil.copyfileobj(stream, file, 1 << 20)
    except OSError as error:
        raise InputError(
            f"{name} could not be kept in {copy.parent} ({error.strerror or error})."
            " Check the room on that disk, or write it to a file and name that."
        ) from None


@contextlib.contextmanager
def readable(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A file that can be sought in and read again: the path itself, or a copy of a stream.

    Raises:
        InputError: a stream that cannot be read.
    """
    if not is_stream(path):
        yield Path(path)
        return
    with copies_kept():
        assert _kept is not None
        yield _kept.copy_of(path)


@contextlib.contextmanager
def copies_kept() -> Iterator[None]:
    """In this block each stream is copied once, however often it is read; then copies are gone."""
    global _kept
    if _kept is not None:
        yield
        return
    with contextlib.ExitStack() as stack:
        _kept = _Copies(stack)
        try:
            yield
        finally:
            _kept = None


class _Copies:
    """The copies of a block, in a folder that is made when there is one."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self._folder: Path | None = None
        self._copies: dict[str, Path] = {}

    def copy_of(self, path: str | os.PathLike[str]) -> Path:
        key = STANDARD_INPUT if str(path) == STANDARD_INPUT else os.path.realpath(path)
        if key not in self._copies:
            if self._folder is None:
                made = tempfile.TemporaryDirectory(prefix="kerasbert-", ignore_cleanup_errors=True)
                self._folder = Path(self._stack.enter_context(made))
            copy = self._folder / str(len(self._copies))
            copy_stream(path, copy)
            self._copies[key] = copy
        return self._copies[key]


def check_standard_input(flags: Mapping[str, Any]) -> None:
    """Refuse standard input for two flags: whichever is read first would leave the other nothing.

    Raises:
        InputError: naming them.
    """
    named = [
        f"--{name.replace('_', '-')}"
        for name, value in flags.items()
        for path in (value if isinstance(value, tuple) else (value,))
        if isinstance(value, Path | tuple) and str(path) in _ALSO_STANDARD_INPUT
    ]
    if len(named) > 1:
        raise InputError(
            f"{' and '.join(named)}: standard input can be read for one of them only. Name files,"
            " or give each its own pipe: <(COMMAND)."
        )
