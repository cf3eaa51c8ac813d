"""How settings look as flags: the range of a number in `--help`, and which ones have a `--no-`."""

import inspect
import typing
from functools import cache
from typing import Annotated, Any

import tyro

from kerasbert.ranges import RANGES
from kerasbert.settings.settings import Settings

# Settings that are off unless given have no --no- form, but one that other commands decide
# themselves is written in both ways everywhere.
PAIRS = {"linear_svm"}


@cache  # once for each class: what it does stays
def show_as_flags(settings: type) -> None:
    """Tell tyro, in the annotations of a settings class and its bases, how to show each field."""
    for cls in settings.__mro__:
        if not issubclass(cls, Settings):
            continue
        for name, hint in inspect.get_annotations(cls).items():
            if shown := list(_shown(name, hint, cls.__dict__.get(name))):
                cls.__annotations__[name] = Annotated[hint, *shown]


def _shown(name: str, hint: Any, default: Any) -> typing.Iterator[Any]:
    if name in RANGES:
        several = " ..." if typing.get_origin(hint) is tuple else ""
        yield tyro.conf.arg(metavar=RANGES[name].metavar + several)
    elif hint == bool | None:  # left open unless one of the pair is given
        yield tyro.conf.arg(constructor=bool)
    elif hint is bool and default is False and name not in PAIRS:
        yield tyro.conf.FlagCreatePairsOff
