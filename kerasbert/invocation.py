"""The command that this process was asked for, as people write it."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

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
