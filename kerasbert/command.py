"""How every recipe becomes a command: flags in, a table for people out, and an exit status."""

import contextlib
import functools
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from kerasbert.backend import require_backend
from kerasbert.errors import InputError, Unfinished
from kerasbert.files import missing_folders, remove_empty, trouble
from kerasbert.invocation import asked_for
from kerasbert.memory import keep_freed_memory
from kerasbert.streams import check_standard_input, copies_kept


def run_command(
    config: type,
    run: Callable[[Any], dict[str, Any]],
    argv: Sequence[str] | None,
    name: str,
    show: Callable[[dict[str, Any]], None] | None = None,
    needs_backend: bool = True,
) -> int:
    """Parse `argv` into `config`, call `run`, show the result.

    Args:
        config: the dataclass of the flags.
        run: the recipe.
        argv: the flags; those of the process if None.
        name: of the command.
        show: prints the result for people.
        needs_backend: refuse to start without one.

    Returns:
        0 done, 2 wrong input (one message on standard error, no traceback), 130 interrupted.
    """
    import tyro

    with contextlib.suppress(ValueError):  # only the main thread may; elsewhere nothing is killed
        signal.signal(signal.SIGTERM, _terminated)

    def work() -> None:
        settings: Any = tyro.cli(
            config,
            prog=f"kerasbert {name}",
            description=sys.modules[run.__module__].__doc__,
            args=list(argv) if argv is not None else None,
            config=(tyro.conf.OmitArgPrefixes, tyro.conf.HelptextFromCommentsOff),
        )
        check_standard_input(vars(settings))
        if needs_backend:
            require_backend()
            keep_freed_memory()
        with copies_kept(), asked_for(name, sys.argv[1:] if argv is None else argv):
            result = run(settings)
        with standard_output():
            if show is not None:
                show(result)

    return exit_status(work, f"kerasbert {name}")


def exit_status(work: Callable[[], None], name: str) -> int:
    """Do the work of a command; what stops it becomes one message and its exit status."""
    try:
        work()
    except InputError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as error:
        print(f"{name}: {error or 'interrupted'}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        _close_output()  # whoever read it has enough
        return 128 + signal.SIGPIPE
    except OSError as error:
        _close_output()
        print(f"{name}: {trouble(error)}", file=sys.stderr)
        return 2
    return 0


@contextlib.contextmanager
def standard_output() -> Iterator[None]:
    """Around what writes results there: all of it arrives, or the error says that it did not."""
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        error.filename = error.filename or "standard output"
        raise


def _close_output() -> None:
    """Keep the interpreter from complaining about what it cannot write as it ends."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        return
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def leaves_nothing(run: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """A recipe that works in the folder `config.out`, so that it can be run again there.

    Where it refuses its input before it has trained anything, what it has made is removed. Where it
    cannot write, what is done is kept, and the message says how to go on.
    """

    @functools.wraps(run)
    def wrapped(config: Any, *further: Any, **named: Any) -> dict[str, Any]:
        out = config.out
        made = missing_folders(out)
        was_empty = not out.exists() or (out.is_dir() and not any(out.iterdir()))
        try:
            return run(config, *further, **named)
        except (Unfinished, BrokenPipeError):
            raise
        except InputError:
            if was_empty and not _has_trained(out):
                _empty(out)
                remove_empty(made)
            raise
        except OSError as error:
            raise Unfinished(
                f"{trouble(error)} What is done is kept: repeat the command with --resume."
            ) from error

    return wrapped


def _has_trained(out: Path) -> bool:
    return any(any(out.rglob(name)) for name in ("step-*.npz", "model.keras"))


def _empty(folder: Path) -> None:
    for path in folder.iterdir() if folder.exists() else ():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _terminated(number: int, frame: Any) -> None:
    """SIGTERM ends a command as Ctrl-C does: half-written files are removed on the way out."""
    raise KeyboardInterrupt("terminated")


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
    print(text, file=sys.stderr, flush=True)


def say_row(row: dict[str, Any]) -> None:
    """One report of a run, on a line of standard error."""
    say("  ".join(f"{name} {_short(value)}" for name, value in row.items() if value != ""))


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


@contextlib.contextmanager
def counting(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A bar that counts, on a terminal; the function it yields takes how many were done since."""
    if not sys.stderr.isatty():
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
    if not sys.stderr.isatty():
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


def print_table(title: str, rows: Sequence[Sequence[Any]]) -> None:
    """A table on standard output; the first row is its header."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    class Output(Console):
        def on_broken_pipe(self) -> None:
            raise  # not rich's exit with status 1: `run_command` knows what to do

    # Text, not str: a label such as [b] would be taken for rich's own markup, and vanish.
    table = Table(title=Text(title), title_justify="left")
    header, *body = rows
    for column, text in enumerate(header):
        justify: Literal["left", "right"] = "left" if column == 0 else "right"
        table.add_column(Text(str(text)), justify=justify, overflow="fold")  # nothing is cut off
    for row in body:
        table.add_row(*[Text(_cell(value)) for value in row])
    Output(width=None if sys.stdout.isatty() else 120).print(table)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
