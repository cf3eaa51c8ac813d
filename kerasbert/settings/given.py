"""Which settings of a group were given, that is, differ from their defaults."""

from collections.abc import Collection
from dataclasses import fields
from typing import Any

from kerasbert.errors import InputError
from kerasbert.ranges import flag


def given(options: Any, group: type) -> dict[str, Any]:
    """The flags of `group` that differ from their defaults in these options."""
    defaults = {field.name: field.default for field in fields(options)}
    return {
        field.name: getattr(options, field.name)
        for field in fields(group)
        if getattr(options, field.name) != defaults[field.name]
    }


def refuse_beside_pretrained(options: Any, *groups: type, but: Collection[str] = ()) -> None:
    """A pre-trained run brings architecture and tokenizer, all of their settings `but` these."""
    names = [name for group in groups for name in given(options, group) if name not in but]
    if names:
        raise InputError(
            f"{flags_of(names)}: not beside --pretrained, whose run brings architecture and "
            "tokenizer. Leave it out, or train without --pretrained."
        )


def flags_of(names: list[str]) -> str:
    """The settings as the command line writes them, in a message."""
    return ", ".join(map(flag, names))
