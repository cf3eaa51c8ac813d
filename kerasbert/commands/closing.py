"""How a command ends: what its result is worth, where the report is, and what one does next."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from kerasbert.ranges import flag
from kerasbert.settings.data import FieldSettings

SHARE = ("--valid-share", "0.1")


@dataclass(frozen=True)
class Closing:
    """The end of a command.

    Attributes:
        verdict: a sentence of judgement.
        report: the page to read, if there is one.
        next: commands to go on with, ready for a shell; what is to be filled in is in capitals.
    """

    verdict: str = ""
    report: Path | None = None
    next: Sequence[str] = ()

    def __str__(self) -> str:
        lines = [self.verdict] if self.verdict else []
        if self.report is not None and self.report.exists():
            lines.append(f"Report: {self.report}")
        if self.next:
            lines += ["Next:", *(f"  {command}" for command in self.next)]
        return "\n".join(lines)


def command(name: str, *arguments: str | Path) -> str:
    """A command of ours, quoted for the shell."""
    return shlex.join(["kerasbert", name, *map(str, arguments)])


def flags(settings: Any, *names: str) -> list[str]:
    """Those settings that were given, as flags."""
    defaults = {field.name: field.default for field in fields(settings)}
    found = []
    for name in names:
        value = getattr(settings, name)
        if value != defaults[name]:
            several = value if isinstance(value, tuple) else [value]
            found += [flag(name), *map(str, several)]
    return found


def data_flags(settings: Any) -> list[str]:
    """The labelled data of a command, for the next one; what it lacks is in capitals."""
    known = {field.name for field in fields(settings)}
    names = ("valid", "valid_share", "test", *(field.name for field in fields(FieldSettings)))
    found = ["--train", str(settings.train)]
    found += flags(settings, *(name for name in names if name in known))
    return found if "--valid" in found or "--valid-share" in found else [*found, *SHARE]
