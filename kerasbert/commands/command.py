"""How every recipe becomes a command: flags in, a table for people out, and an exit status."""

import _thread
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kerasbert.backend import require_backend
from kerasbert.commands.arguments import check_flags
from kerasbert.commands.closing import Closing
from kerasbert.commands.help_page import help_page
from kerasbert.device import describe_backend, import_backend
from kerasbert.errors import InputError
from kerasbert.files import trouble
from kerasbert.invocation import asked_for, command_to_go_on
from kerasbert.memory import keep_freed_memory
from kerasbert.streams import check_standard_input, copies_kept
from kerasbert.terminal import say, tell

AGAIN = 0.05  # seconds, in which the callback is over


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
    argv = sys.argv[1:] if argv is None else list(argv)
    with contextlib.suppress(ValueError):  # only the main thread may; elsewhere nothing is killed
        signal.signal(signal.SIGTERM, _terminated)

    def work() -> None:
        if {"-h", "--help"} & {*argv}:
            with standard_output():
                print(help_page(config, name, sys.modules[run.__module__].__doc__ or ""))
            return
        check_flags(config, argv)
        settings = _parsed(config, name, argv)
        check_standard_input(vars(settings))
        if needs_backend:
            require_backend()
            keep_freed_memory()
            import_backend()
            say(describe_backend())
        with copies_kept(), asked_for(name, argv), says_how_to_go_on(settings):
            result = run(settings)
        with standard_output():
            if show is not None:
                show(result)
            if closing is not None:
                text = str(closing(settings, result))
                tell(f"\n{text}" if show is not None and text else text)

    return exit_status(work, f"kerasbert {name}")


def _parsed(config: type, name: str, argv: Sequence[str]) -> Any:
    """The settings that the flags say."""
    import tyro

    from kerasbert.commands.flags import show_as_flags

    show_as_flags(config)
    return tyro.cli(
        config,
        prog=f"kerasbert {name}",
        args=argv,
        config=(tyro.conf.OmitArgPrefixes, tyro.conf.HelptextFromCommentsOff),
    )


def exit_status(work: Callable[[], None], name: str) -> int:
    """Do the work of a command; what stops it becomes one message and its exit status."""
    try:
        with _interrupts_kept():
            work()
    except InputError as error:
        say(f"{name}: {error}")
        return 2
    except KeyboardInterrupt as error:
        say(f"{name}: {str(error) or 'interrupted'}")
        return 130
    except BrokenPipeError:
        _close_output()  # whoever read it has enough
        return 128 + signal.SIGPIPE
    except OSError as error:
        _close_output()
        say(f"{name}: {trouble(error)}")
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


@contextlib.contextmanager
def _interrupts_kept() -> Iterator[None]:
    """Ctrl-C that meets a library's callback is dropped by Python: here it comes once more."""
    before = sys.unraisablehook

    def again(unraisable: Any) -> None:
        if unraisable.exc_type is KeyboardInterrupt:
            threading.Timer(AGAIN, _thread.interrupt_main).start()
        else:
            before(unraisable)

    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = before


def _terminated(number: int, frame: Any) -> None:
    """SIGTERM ends a command as Ctrl-C does: half-written files are removed on the way out."""
    raise KeyboardInterrupt("terminated")
