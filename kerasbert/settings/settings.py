"""What holds for the settings of every command: numbers in their ranges, `~` in paths expanded."""

import contextlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from kerasbert.errors import InputError
from kerasbert.ranges import check_numbers, flag

# They may be URLs, too.
_PATHS_AS_TEXT = {
    "corpus",
    "folder",
    "pretrained",
    "teacher",
    "vocabulary_from",
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The root of the settings of every command, and of the groups that they are made of.

    Raises:
        InputError: a number is out of its range (`kerasbert/ranges.py`), a choice is none
            (`kerasbert/choices.py`), or `out` is `-`.
    """

    def __post_init__(self) -> None:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        check_numbers(values)
        for name, hint in get_type_hints(type(self)).items():
            _check_choice(name, values.get(name), _choices(hint))
        for name, value in values.items():
            object.__setattr__(self, name, _expanded(name, value))
        if values.get("out") == Path("-"):
            raise InputError(
                f"{flag('out')} -: expected a name; /dev/stdout is that of standard output."
            )


def _choices(hint: Any) -> tuple[Any, ...]:
    """The values of a `Literal`, or of those in an optional or a tuple; none of other types."""
    parts = get_args(hint)
    if get_origin(hint) is Literal:
        return parts
    return tuple(one for part in parts for one in _choices(part))


def _check_choice(name: str, value: Any, choices: tuple[Any, ...]) -> None:
    """The command line has asked for one of them; a program may say anything."""
    for one in value if isinstance(value, tuple) else (value,):
        if choices and one is not None and one not in choices:
            raise InputError(
                f"{flag(name)}: expected {' or '.join(map(str, choices))}, received {one!r}."
            )


def _expanded(name: str, value: Any) -> Any:
    """The value with `~` as the home folder, where it is a path: a shell leaves it in quotes."""
    if isinstance(value, tuple):
        return tuple(_expanded(name, one) for one in value)
    if not isinstance(value, Path) and not (name in _PATHS_AS_TEXT and isinstance(value, str)):
        return value
    if not str(value).startswith("~"):
        return value
    with contextlib.suppress(RuntimeError):  # no such user: the name of a file, then
        return type(value)(Path(value).expanduser())
    return value
