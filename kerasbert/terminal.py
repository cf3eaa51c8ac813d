"""What people see while something works: lines on standard error, and bars on a terminal."""

import contextlib
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, TextIO

NO_BREAK = "\u00a0"  # a space at which no line is broken
_COMMAND = re.compile(r"\s+(\w+=\S* )?kerasbert ")


def columns(stream: TextIO) -> int | None:
    """How wide the terminal is that `stream` writes to; None where it writes to none."""
    if not stream.isatty():
        return None
    asked = os.environ.get("COLUMNS", "")
    if asked.isdigit() and int(asked):
        return int(asked)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):  # no file behind it
        return 80


def wrapped(text: str, width: int | None, hang: str = "") -> str:
    """The text with its lines broken between words.

    A word that is wider stays whole, as a path does that is to be copied. So does an indented
    line, such as a figure in letters; but a command of ours goes on below, so that a shell takes
    it as it is copied.

    Args:
        text: one or several lines.
        width: of a line, in cells of a terminal; None leaves the text as it is.
        hang: before the second and further lines of what was one.
    """
    if width is None:
        return text
    return "\n".join(part for line in text.split("\n") for part in _broken(line, width, hang))


def _broken(line: str, width: int, hang: str) -> Iterator[str]:
    from rich.cells import cell_len

    if line.startswith(" "):
        yield from _below(line, width) if _COMMAND.match(line) else [line]
        return
    first, *words = line.split(" ")
    for word in words:
        longer = f"{first} {word}"
        if cell_len(longer) > width:
            yield first
            longer = hang + word
        first = longer
    yield first


def _below(command: str, width: int) -> Iterator[str]:
    """A command with as many flags on a line as fit; each flag is beside its values."""
    from rich.cells import cell_len

    try:
        words = shlex.split(command)
    except ValueError:  # not what `shlex.join` writes
        words = []
    if cell_len(command) <= width or shlex.join(words) != command.strip():
        yield command
        return
    indent = command[: len(command) - len(command.lstrip())]
    parts: list[str] = []
    for word in words:
        if word.startswith("--") or not parts:
            parts.append(shlex.quote(word))
        else:
            parts[-1] += f" {shlex.quote(word)}"
    line = indent + parts[0]
    for part in parts[1:]:
        if cell_len(f"{line} {part} \\") > width:
            yield f"{line} \\"
            line = f"{indent}  {part}"
        else:
            line += f" {part}"
    yield line


_QUIET: ContextVar[bool] = ContextVar("quiet", default=False)


@contextlib.contextmanager
def quietly(quiet: bool = True) -> Iterator[None]:
    """Say nothing but warnings, and show no bar, in the block."""
    token = _QUIET.set(quiet)
    try:
        yield
    finally:
        _QUIET.reset(token)


def shows_bars() -> bool:
    """Whether there is a terminal for a bar, and someone who wants it."""
    return sys.stderr.isatty() and not _QUIET.get()


def say(text: str, said: set[str] | None = None) -> None:
    """A line for people, on standard error, so that standard output stays for results.

    Args:
        text: the line.
        said: lines that are not said again; this one is from now on among them.
    """
    if said is not None:
        if text in said:
            return
        said.add(text)
    if _QUIET.get() and not text.startswith("warning"):
        return
    print(wrapped(text, columns(sys.stderr), hang="  "), file=sys.stderr, flush=True)


def tell(text: str) -> None:
    """A sentence of the result, on standard output; nothing if it is empty."""
    if text:
        print(wrapped(text, columns(sys.stdout)))


@contextlib.contextmanager
def counting(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A bar that counts, on a terminal; the function it yields takes how many were done since."""
    if not shows_bars():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    with Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)


@contextlib.contextmanager
def throughput(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar of bytes with throughput and time left, on a terminal.

    The function it yields takes how many of how many are done; what is done when it is first called
    was done before, and does not count as fast.
    """
    if not shows_bars():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    with Progress(
        TextColumn(what),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        tasks: list[Any] = []

        def update(done: int, total: int) -> None:
            if not tasks:
                tasks.append(bar.add_task(what, total=total, completed=done))
            bar.update(tasks[0], completed=done)

        yield update
