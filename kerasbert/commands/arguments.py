"""What a command takes, read from the dataclass of its settings: for its help and its mistakes."""

import ast
import dataclasses
import inspect
import textwrap
import types
import typing
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from kerasbert.errors import InputError
from kerasbert.ranges import RANGES, flag

TEXTS = {"corpus": "PATH", "label_separator": "TEXT", "scheduler": "ADDRESS"}


@dataclass(frozen=True)
class Argument:
    """A flag, or what stands without one.

    Attributes:
        name: of the setting.
        help: the string below it.
        owner: the class that has it.
        shape: how a value is written; empty for a switch.
        default: MISSING where one has to be given.
        positional: it stands without a flag.
        switch: it takes no value.
    """

    name: str
    help: str
    owner: type
    shape: str
    default: Any
    positional: bool
    switch: bool

    @property
    def required(self) -> bool:
        return self.default is dataclasses.MISSING

    @property
    def flags(self) -> list[str]:
        """As they are typed: a switch that is on, or open, has a second one."""
        if self.positional:
            return []
        both = self.switch and self.default is not False
        return [flag(self.name), *([flag(f"no_{self.name}")] if both else [])]

    def check(self, values: Sequence[str]) -> None:
        """Refuse the first of what was typed behind the flag that is no choice, or no number.

        Raises:
            InputError: naming flag, what was expected and what was received.
        """
        choices = self.shape.partition("}")[0][1:].split(",") if self.shape[:1] == "{" else []
        for value in values if self.shape.endswith(" ...") else values[:1]:
            if value == "None":  # as if it had not been given
                continue
            if choices and value not in choices:
                raise InputError(
                    f"{flag(self.name)}: expected one of {', '.join(choices)}; received"
                    f" {value!r}{did_you_mean(value, choices)}"
                )
            if self.name in RANGES and not _is_number(value, RANGES[self.name].whole):
                expected = RANGES[self.name].expected_not(value, flag(self.name))
                raise InputError(f"{flag(self.name)}: expected {expected}; received {value!r}.")


def arguments_of(config: type) -> list[Argument]:
    """Those of a settings class, in its order."""
    hints = typing.get_type_hints(config, include_extras=True)
    owners = {name: cls for cls in reversed(config.__mro__) for name in _annotated(cls)}
    helps = {cls: _helps(cls) for cls in set(owners.values())}
    found = []
    for field in dataclasses.fields(config):
        hint, positional = _bare(hints[field.name])
        owner = owners[field.name]
        several = typing.get_origin(hint) is tuple
        switch = hint is bool
        shape = "" if switch else _shape(field.name, typing.get_args(hint)[0] if several else hint)
        found.append(
            Argument(
                field.name,
                helps[owner].get(field.name, ""),
                owner,
                shape + " ..." * several,
                field.default,
                positional,
                switch,
            )
        )
    return found


def check_flags(config: type, argv: Sequence[str]) -> None:
    """Refuse a flag that is none, and where one is missing, before anything is parsed.

    Raises:
        InputError: naming the flag that was probably meant, or those that are missing.
    """
    arguments = arguments_of(config)
    known = ["--help", *(name for argument in arguments for name in argument.flags)]
    typed = _typed(argv)
    given = {name for name, _ in typed}
    for name, _ in typed:
        if name not in known:
            raise InputError(f"there is no flag {name}{did_you_mean(name, known)}")
    missing = [
        f"{argument.flags[0]} {argument.shape}"
        for argument in arguments
        if argument.required and not argument.positional and given.isdisjoint(argument.flags)
    ]
    if missing:
        raise InputError(f"expected {' and '.join(missing)}.")
    by_flag = {argument.flags[0]: argument for argument in arguments if argument.flags}
    for name, values in typed:
        if name in by_flag and not by_flag[name].switch:
            by_flag[name].check(values)


def _typed(argv: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Each flag with what follows it."""
    found: list[tuple[str, list[str]]] = []
    for text in argv:
        if text.startswith("--") and text != "--":
            name, sign, value = text.partition("=")
            found.append((name.replace("_", "-"), [value] if sign else []))
        elif found:
            found[-1][1].append(text)
    return found


def _is_number(text: str, whole: bool) -> bool:
    try:
        int(text) if whole else float(text)
    except ValueError:
        return False
    return True


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence that says that there is no `name`."""
    import difflib

    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else "."


def _annotated(cls: type) -> list[str]:
    return list(inspect.get_annotations(cls))


def _bare(hint: Any) -> tuple[Any, bool]:
    """The type without what is said beside it and without None, and whether it has no flag."""
    positional = False
    if typing.get_origin(hint) is Annotated:
        from tyro.conf import Positional

        positional = not set(typing.get_args(Positional[int])[1:]).isdisjoint(hint.__metadata__)
        hint = typing.get_args(hint)[0]
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        (hint,) = (one for one in typing.get_args(hint) if one is not type(None))
    return hint, positional


def _shape(name: str, hint: Any) -> str:
    """How a value is written."""
    if typing.get_origin(hint) is Literal:
        return f"{{{','.join(map(str, typing.get_args(hint)))}}}"
    if name in RANGES:
        return RANGES[name].letter
    return "PATH" if hint is Path else TEXTS.get(name, "NAME")


def _helps(cls: type) -> dict[str, str]:
    """The strings below the fields of a class."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(tree, ast.ClassDef)
    return {
        field.target.id: " ".join(str(below.value.value).split())
        for field, below in zip(tree.body, tree.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
    }
