"""How every recipe becomes a command: flags in, a table for people out, and an exit status."""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from kerasbert.backend import require_backend
from kerasbert.closing import Closing
from kerasbert.errors import InputError
from kerasbert.files import trouble
from kerasbert.invocation import asked_for, command_to_go_on
from kerasbert.memory import keep_freed_memory
from kerasbert.streams import check_standard_input, copies_kept


def run_command(
    config: type,
    run: Callable[[Any], dict[str, Any]],
    argv: Sequence[str] | None,
    name: str,
    show: Callable[[dict[str, Any]], None] | None = None,
    needs_backend: bool = True,
    closing: Callable[[Any, dict[str, Any]], Closing] | None = None,
) -> int:
    """Parse `argv` into `config`, call `run`, show the result.

    Args:
        config: the dataclass of the settings, which are the flags.
        run: the recipe.
        argv: the flags; those of the process if None.
        name: of the command.
        show: prints the result for people.
        needs_backend: refuse to start without one.
        closing: of settings and result, what stands below that.

    Returns:
        0 done, 2 wrong input (one message on standard error, no traceback), 130 interrupted.
    """
    import tyro

    from kerasbert.flags import show_as_flags

    with contextlib.suppress(ValueError):  # only the main thread may; elsewhere nothing is killed
        signal.signal(signal.SIGTERM, _terminated)

    def work() -> None:
        show_as_flags(config)
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
        arguments = sys.argv[1:] if argv is None else argv
        with copies_kept(), asked_for(name, arguments), says_how_to_go_on(settings):
            result = run(settings)
        with standard_output():
            if show is not None:
                show(result)
            if closing is not None:
                print(closing(settings, result))

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
def says_how_to_go_on(settings: Any) -> Iterator[None]:
    """Around what can be interrupted: the message has the command that goes on, if there is one."""
    try:
        yield
    except KeyboardInterrupt as error:
        resumes = hasattr(settings, "resume")
        if not resumes and not getattr(settings, "goes_on", False):
            raise
        stopped = str(error) or "interrupted"
        raise type(error)(f"{stopped}. Go on with:\n  {command_to_go_on(resumes)}") from error


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


def _terminated(number: int, frame: Any) -> None:
    """SIGTERM ends a command as Ctrl-C does: half-written files are removed on the way out."""
    raise KeyboardInterrupt("terminated")


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
