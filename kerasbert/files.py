"""Files that are whole or not there: written under a temporary name, flushed, then renamed."""

import contextlib
import errno
import json
import math
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from kerasbert.errors import InputError

_NAME_BYTES = 255  # of a file, on the usual file systems
_NO_ROOM = "Make room on that disk, or name another place."
_REMEDIES = {
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _NO_ROOM,
    errno.EISDIR: "Name a file.",
    errno.ENOTDIR: "A folder was expected there: name another place.",
    errno.EEXIST: "A folder was expected there: name another place.",
    errno.ENAMETOOLONG: "Give a shorter name.",
    errno.ENOENT: "Check the path.",
}


def trouble(error: OSError) -> str:
    """What to tell of a file that could not be written or read: which, why, and what to do."""
    reason = error.strerror or str(error)
    remedy = _REMEDIES.get(error.errno or 0, "Name a place where you may read and write.")
    return f"{error.filename or 'a file'}: {reason[:1].lower()}{reason[1:]}. {remedy}"


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path of the same suffix as `path`, to be written in the block.

    If the block succeeds `path` has the content; if it does not, all is as before. The folder is
    made if it is missing. A file keeps its mode and owner, a link leads where it led; what is no
    regular file, such as a pipe or `/dev/stdout`, gets the content when that is complete.

    Raises:
        OSError: naming the file.
    """
    path = Path(path)
    place = _for_stream(path) if _is_stream(path) else _for_file(path)
    temporary = None
    try:
        with place as temporary:
            yield temporary
    except OSError as error:
        if error.filename in (None, str(temporary)):
            error.filename = str(path)
        raise


@contextlib.contextmanager
def _for_file(path: Path) -> Iterator[Path]:
    """A path beside the file that `path` leads to; what is written there is renamed in the end."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "this is a folder, a file was expected", str(path))
    made = missing_folders(target.parent)
    temporary = target.with_name(f".{target.stem[:40]}.{os.getpid()}{target.suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            _become(temporary, target.stat())
        temporary.replace(target)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        remove_empty(made)


@contextlib.contextmanager
def _for_stream(path: Path) -> Iterator[Path]:
    """A path elsewhere, of what is written to `path` in the end."""
    with tempfile.TemporaryDirectory() as folder:
        temporary = Path(folder) / f"file{path.suffix}"
        yield temporary
        with temporary.open("rb") as file, _open_stream(path) as stream:
            shutil.copyfileobj(file, stream)


def _become(temporary: Path, old: os.stat_result) -> None:
    """Give a file the owner, where that is allowed, and the mode of another."""
    if hasattr(os, "chown"):  # not on Windows
        with contextlib.suppress(OSError):
            os.chown(temporary, old.st_uid, old.st_gid)
    temporary.chmod(stat.S_IMODE(old.st_mode))


def _own_output(path: Path) -> int | None:
    """1 or 2 where the path is that of this process's standard output or standard error."""
    for number in (1, 2):
        with contextlib.suppress(OSError):
            if os.path.samestat(path.stat(), os.fstat(number)):
                return number
    return None


def _is_stream(path: Path) -> bool:
    """Whether a path leads to what cannot be replaced by a file: a device, a pipe, own output."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) or _own_output(path) is not None


def _open_stream(path: Path) -> BinaryIO:
    number = _own_output(path)
    if number is None:
        return path.open("wb")
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return os.fdopen(os.dup(number), "wb")  # opened anew, a file would lose what is in it


def missing_folders(folder: Path) -> list[Path]:
    """Which of a folder and those above it are not there, the lowest first."""
    missing = []
    for place in (folder, *folder.parents):
        if os.path.lexists(place):
            break
        missing.append(place)
    return missing


def remove_empty(folders: list[Path]) -> None:
    """Remove folders that are empty, the lowest first."""
    with contextlib.suppress(OSError):
        for folder in folders:
            folder.rmdir()


def check_writable(path: str | os.PathLike[str], folder: bool = False) -> None:
    """Find out whether a file can be written, before the work for it is done; nothing is left.

    Args:
        path: of the file.
        folder: it is a folder, in which there will be files.

    Raises:
        InputError: saying why not, and what to do.
    """
    try:
        _try_to_write(Path(path), folder)
    except OSError as error:
        error.filename = str(path)
        raise InputError(trouble(error)) from None


def _try_to_write(path: Path, folder: bool) -> None:
    if not folder and _is_stream(path):
        if _own_output(path) is None and not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return
    target = Path(os.path.realpath(path))
    if target.is_dir() and not folder:
        raise IsADirectoryError(errno.EISDIR, "this is a folder, a file was expected")
    if any(len(os.fsencode(part)) > _NAME_BYTES for part in target.parts):
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
    first = target if folder else target.parent
    place = next(place for place in (first, *first.parents) if os.path.lexists(place))
    if not place.is_dir():
        it = "this" if place == Path(path) else place
        raise NotADirectoryError(errno.ENOTDIR, f"{it} is a file")
    with tempfile.TemporaryFile(dir=place) as file:
        file.write(bytes(4096))  # there is room for a little, too


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write UTF-8 text as it is: line ends are not changed on any system."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: str | os.PathLike[str], values: Any) -> None:
    """Write plain values, numpy's among them, as indented JSON; see `to_json`."""
    write_text(path, to_json(values, indent=2) + "\n")


def to_json(values: Any, indent: int | None = None) -> str:
    """Plain values, numpy's among them, as strict JSON.

    JSON has no number for NaN and infinity: they become null, and what they were stands beside
    them, `{"loss": null, "loss_reason": "not a number (NaN)"}`, unless a reason is there already.
    """
    options: dict[str, Any] = {"indent": indent, "ensure_ascii": False, "allow_nan": False}
    try:
        return json.dumps(values, default=_plain, **options)
    except ValueError:
        return json.dumps(_finite(values), **options)


def _finite(value: Any) -> Any:
    """The same with null for what is not finite, and the reasons."""
    if isinstance(value, dict):
        made = {}
        for name, item in value.items():
            made[name] = _finite(item)
            reason = f"{name}_reason"
            if (why := _why_null(item)) and reason not in value:
                made[reason] = why
        return made
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float):  # NumPy's float64 among them
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    return _finite(_plain(value))


def _why_null(value: Any) -> str:
    """What a number was that becomes null, or how many of a list do; empty where none does."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, float) and not math.isfinite(value):
        return "not a number (NaN)" if math.isnan(value) else "infinite"
    if isinstance(value, list | tuple):
        lost = sum(isinstance(item, float) and not math.isfinite(item) for item in value)
        return f"{lost} of {len(value)} are no finite numbers" if lost else ""
    return ""


def _plain(value: Any) -> Any:
    """numpy scalars and arrays, paths: what JSON does not know."""
    to_list: Callable | None = getattr(value, "tolist", None)
    return to_list() if to_list is not None else str(value)


class ArrayWriter:
    """A `.npy` file written a block of rows at a time, without knowing how many will come.

    The file appears under its name when the `with` block ends well; otherwise nothing is left.

    Args:
        path: the file.
        width: D of an array (N, D); an array (N,) unless given.
        dtype: of the array.

    Attributes:
        rows: N so far.
    """

    def __init__(self, path: str | os.PathLike[str], width: int | None = None, dtype: Any = "<f4"):
        import numpy as np

        self.width = width
        self.dtype = np.dtype(dtype)
        self.rows = 0
        self._path = path

    def __enter__(self) -> "ArrayWriter":
        with contextlib.ExitStack() as stack:
            temporary = stack.enter_context(atomic_path(self._path))
            self._file = stack.enter_context(temporary.open("wb+"))
            self._write_header()
            stack.push(self._complete)
            self._stack = stack.pop_all()
        return self

    def add(self, block: Any) -> None:
        """Append rows: (n, D), or (n,) without a width."""
        self._file.write(block.astype(self.dtype).tobytes())
        self.rows += len(block)

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def _complete(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            self._file.seek(0)
            self._write_header()  # of the same length: NumPy leaves room for the first axis to grow

    def _write_header(self) -> None:
        import numpy as np

        shape = (self.rows,) if self.width is None else (self.rows, self.width)
        np.lib.format.write_array_header_1_0(
            self._file,
            {"descr": self.dtype.str, "fortran_order": False, "shape": shape},
        )


@contextlib.contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary folder beside `path`, which is renamed to it if the block succeeds.

    If it does not, nothing is left. A folder that is there must be empty.
    """
    path = Path(path)
    missing = missing_folders(path.parent)
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        made.mkdir()
        yield made
        if path.exists():
            path.rmdir()
        made.rename(path)
    finally:
        shutil.rmtree(made, ignore_errors=True)
        remove_empty(missing)
