"""The command that this process was asked for, as people write it, and when."""

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from kerasbert.backend import default_backend

_command: ContextVar[list[str] | None] = ContextVar("command", default=None)


@contextmanager
def asked_for(name: str, arguments: Sequence[str]) -> Iterator[None]:
    """In this block `command_line` is `kerasbert NAME ARGUMENTS`."""
    token = _command.set(["kerasbert", name, *arguments])
    try:
        yield
    finally:
        _command.reset(token)


def command_line() -> str | None:
    """The command, ready to be pasted into a shell; None where Python was asked."""
    found = _command.get()
    return shlex.join(found) if found is not None else None


def command_to_go_on(resumes: bool) -> str | None:
    """The command that goes on with what this one has begun; None where Python was asked.

    Args:
        resumes: whether it needs --resume for that.
    """
    found = _command.get()
    if found is None:
        return None
    more = ["--resume"] if resumes and "--resume" not in found else []
    backend = os.environ.get("KERAS_BACKEND", "")
    before = f"KERAS_BACKEND={backend} " if resumes and backend != default_backend() else ""
    return before + shlex.join([*found, *more])


def today() -> str:
    """Date and time with their zone: 2026-01-31 17:05:00+01:00."""
    return datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
