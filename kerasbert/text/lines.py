"""Lines of UTF-8 text, from any stream: the one place where raw bytes become text.

What is harmless (Windows line ends, a byte-order mark, a missing last newline, trailing spaces,
gzip and Zstandard) is dealt with here alone; what is wrong is named `file:line: what, what was
expected`. Memory is bounded: a line beyond `LONGEST_LINE` is refused, never swallowed.
"""

from __future__ import annotations

import contextlib
import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from kerasbert.errors import InputError, Unfinished
from kerasbert.streams import is_stream, readable, shown
from kerasbert.text.formats import HEAD, Holds, check_head

LONGEST_LINE = 16 << 20  # bytes; the whole of Shakespeare has five million

_MAGIC = {b"\x1f\x8b": "gz", b"\x28\xb5\x2f\xfd": "zst"}
_UTF8_MARK = b"\xef\xbb\xbf"
_BLOCK = 1 << 18
_MOST_RETURNS = 20  # carriage returns in a line; some texts hold a few
TOO_LONG = (
    f"the line is longer than {LONGEST_LINE >> 20} MB, one document or sentence was expected;"
    " put line ends between the documents"
)


@dataclass
class LineProblems:
    """What to do with a line that cannot be read: stop (default), or leave it out and count it.

    Attributes:
        skip: leave bad lines out instead of stopping.
        skipped: number of lines left out so far.
        examples: the first five messages, for the report at the end.
        offers: whether who stops here is told of the flag that skips.
    """

    skip: bool = False
    skipped: int = 0
    examples: list[str] = field(default_factory=list)
    offers: bool = True

    def report(self, path: str | Path, line: int, message: str) -> None:
        """Count one bad line, or raise.

        Raises:
            InputError: unless `skip` is set.
        """
        self.report_at(lambda: f"{path}:{line}", message)

    def report_at(self, where: Callable[[], str], message: str) -> None:
        """As `report`, for places that take time to name: only those that are shown are."""
        if not self.skip:
            offer = " (--skip-bad-lines leaves such lines out)" if self.offers else ""
            raise InputError(f"{where()}: {message}{offer}")
        self.skipped += 1
        if len(self.examples) < 5:
            self.examples.append(f"{where()}: {message}")


def check_file(path: str | Path) -> Path:
    """Return `path` if it is a file that can be opened, or a stream (see `kerasbert.streams`).

    Raises:
        InputError: it is missing, a folder, or not readable.
    """
    path = Path(path)
    if is_stream(path):
        return path  # a fifo that is opened and closed has lost its writer
    if path.is_dir():
        raise InputError(f"{path}: this is a folder, a text file was expected. Name its files.")
    try:
        with path.open("rb"):
            return path
    except FileNotFoundError:
        if path.is_symlink():
            raise broken_link(path) from None
        raise InputError(f"{path}: no such file. Check the path.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: cannot be opened ({reason}). Check its permissions.") from None


def broken_link(path: Path) -> InputError:
    """What to say of a symbolic link that leads nowhere."""
    return InputError(
        f"{path}: a broken link, {path.readlink()} is not there. Mend it, or remove it."
    )


def read_lines(
    path: str | Path, problems: LineProblems | None = None, holds: Holds = "lines"
) -> Iterator[tuple[int, str]]:
    r"""Yield `(line number from 1, text without trailing white space)` of a UTF-8 file.

    Lines end at `\n` only; `.gz` and `.zst` are unpacked.

    Args:
        path: a file, or a stream such as `-`.
        problems: what to do with lines that cannot be read; each is needed unless given.
        holds: what is expected in it, see `check_head`.

    Raises:
        InputError: the file cannot be read, does not hold that, or a line is too long or not UTF-8
            (unless `problems` skips).
    """
    name = shown(path)
    with readable(check_file(path)) as file, file.open("rb", HEAD) as raw:
        yield from stream_lines(unpack(raw, packing(raw), name), name, problems, holds)


def stream_lines(
    stream: BinaryIO, name: str, problems: LineProblems | None = None, holds: Holds = "lines"
) -> Iterator[tuple[int, str]]:
    """As `read_lines`, of an open stream; a line is yielded as soon as it has arrived."""
    problems = problems or LineProblems(offers=False)
    for number, _, data in split_lines(stream, name, holds=holds):
        try:
            text = decode(data)
        except ValueError as error:
            problems.report(name, number + 1, str(error))
            continue
        yield number + 1, text.rstrip()


def packing(raw: BinaryIO) -> str | None:
    """Which of "gz" and "zst" a file is packed with, by how it begins; it is rewound."""
    head = raw.read(4)
    raw.seek(0)
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)


def unpack(raw: BinaryIO, kind: str | None, name: str) -> BinaryIO:
    """Return the stream of what is packed in `raw`.

    Raises:
        InputError: the package that unpacks it is missing.
    """
    if kind is None:
        return raw
    if kind == "gz":
        return cast(BinaryIO, gzip.GzipFile(fileobj=raw))
    try:
        import zstandard
    except ImportError:
        raise InputError(
            f"{name}: reading .zst needs the package zstandard, which is not installed."
            " Install it with: pip install kerasbert[zst]"
        ) from None
    return zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)


def split_lines(
    stream: BinaryIO, name: str, offset: int = 0, holds: Holds | None = None
) -> Iterator[tuple[int, int, bytes | None]]:
    r"""Yield `(number from 0, offset, line without its \n)` of each line of a stream.

    A line longer than `LONGEST_LINE` is None, as soon as that is known; it is then passed over.

    Args:
        stream: of bytes.
        name: of the file, for errors.
        offset: of the first byte of the stream in its file; at 0 a byte-order mark may stand.
        holds: what is expected, see `check_head`; None where that was looked at before.

    Raises:
        InputError: reading fails, or something else begins there.
    """
    read = (
        getattr(stream, "read1", None) or stream.read
    )  # what has arrived, without a wait for more
    number = 0
    rest = b""
    too_long = False
    with reading(name):
        while True:
            block = read(_BLOCK)
            if holds is not None:
                check_head(block[:HEAD], name, holds)
                holds = None
            lines = block.split(b"\n")
            lines[0] = rest + lines[0]
            rest = lines.pop() if block else b""
            for line in lines:
                if len(line) > LONGEST_LINE:
                    yield number, offset, None
                elif not too_long and (block or line):
                    yield number, offset, line if offset else line.removeprefix(_UTF8_MARK)
                too_long = False
                number += 1
                offset += len(line) + 1
            if not block:
                return
            if not too_long and len(rest) > LONGEST_LINE:
                too_long = True
                yield number, offset, None
            if too_long:
                offset += len(rest)
                rest = b""


def decode(line: bytes | None) -> str:
    """Return the text of a line of `split_lines`.

    Raises:
        ValueError: it is too long, holds many lines of another kind, or is not UTF-8, naming the
            first wrong byte.
    """
    if line is None:
        raise ValueError(TOO_LONG)
    if (returns := line.count(b"\r")) > _MOST_RETURNS:
        raise ValueError(
            f"{returns} carriage returns stand in this line, which end lines on an old Mac: all of"
            " them would be one. Convert the file: sed 's/\\r$//' FILE | tr '\\r' '\\n'"
        )
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"byte 0x{line[error.start]:02x} at position {error.start + 1} is not UTF-8"
            f" ({error.reason}), UTF-8 text was expected; convert the file"
        ) from None


@contextlib.contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what goes wrong while a file is read or unpacked into an `InputError` that names it."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(
            f"{name}: the gzip file is damaged or cut short ({error}). Fetch or pack it again."
        ) from None
    except OSError as error:
        raise Unfinished(f"{name}: reading failed ({error.strerror or error}).") from None
    except Exception as error:
        if type(error).__name__ != "ZstdError":  # of a package that need not be installed
            raise
        raise InputError(
            f"{name}: the Zstandard file is damaged ({error}). Fetch or pack it again."
        ) from None
