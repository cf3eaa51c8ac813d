"""The command that this process was asked for, as people write it, and when."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

_command: ContextVar[str | None] = ContextVar("command", default=None)


@contextmanager
def asked_for(name: str, arguments: Sequence[str]) -> Iterator[None]:
    """In this block `command_line` is `kerasbert NAME ARGUMENTS`."""
    token = _command.set(shlex.join(["kerasbert", name, *arguments]))
    try:
        yield
    finally:
        _command.reset(token)


def command_line() -> str | None:
    """The command, ready to be pasted into a shell; None where Python was asked."""
    return _command.get()


def today() -> str:
    """Date and time with their zone: 2026-01-31 17:05:00+01:00."""
    return datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
