"""Files that are whole or not there: written under a temporary name, flushed, then renamed."""

import contextlib
import json
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path`, of the same suffix, to be written in the block.

    If the block succeeds the file gets its name; if it does not, no file is left. The folder is
    made if it is missing.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


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
        self._stack = contextlib.ExitStack()
        self._path = path

    def __enter__(self) -> "ArrayWriter":
        self._file = self._stack.enter_context(
            self._stack.enter_context(atomic_path(self._path)).open("wb+")
        )
        self._write_header()
        return self

    def add(self, block: Any) -> None:
        """Append rows: (n, D), or (n,) without a width."""
        self._file.write(block.astype(self.dtype).tobytes())
        self.rows += len(block)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            self._file.seek(0)
            self._write_header()  # of the same length: NumPy leaves room for the first axis to grow
        self._stack.__exit__(kind, error, trace)

    def _write_header(self) -> None:
        import numpy as np

        shape = (self.rows,) if self.width is None else (self.rows, self.width)
        np.lib.format.write_array_header_1_0(
            self._file,
            {"descr": self.dtype.str, "fortran_order": False, "shape": shape},
        )
