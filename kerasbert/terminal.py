"""What people see while something works: lines on standard error, and bars on a terminal."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

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
    print(text, file=sys.stderr, flush=True)


def say_row(row: dict[str, Any]) -> None:
    """One report of a run, on a line of standard error."""
    say("  ".join(f"{name} {_short(value)}" for name, value in row.items() if value != ""))


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


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
