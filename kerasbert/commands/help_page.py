"""The page of `kerasbert COMMAND --help`: what is required, what is common, and the rest.

Read from the settings, without parsing anything, so that it is instant.
"""

import inspect
import re
import sys
from collections.abc import Iterator, Sequence

from kerasbert.commands.arguments import Argument, arguments_of
from kerasbert.ranges import RANGES
from kerasbert.terminal import NO_BREAK, columns, wrapped

# One of these has to be given, though each by itself may be left out.
ONE_OF = {
    "compare": ("valid", "valid_share"),
    "finetune": ("valid", "valid_share"),
    "pretrain": ("corpus", "store"),
}
# Required but for what a command does beside its work.
MOSTLY = {"prepare": ("corpus", "out")}
# What people set first; all else is for those who know what they are looking for.
COMMON = {
    *(
        "test",
        "valid",
        "pretrained",
        "corpus",
        "out",
        "file",
        "head",
        "kind",
        "thresholds",
        "seeds",
    ),
    *("encoder", "size", "tokenizer", "tokenizer_file", "vocab_size", "tasks", "store"),
    *("minutes", "epochs", "steps", "batch_size", "learning_rate", "max_length", "seed"),
    *("text_field", "label_field", "resume", "limit", "top_k", "documents", "labeled"),
    *("explain", "explain_html", "duplicates", "pooling", "tokens", "corpus_format", "packages"),
    *("frozen", "verify", "test_documents", "data", "model", "report"),
}
# These are common where they are a command's own; in fine-tuning they are one of many.
OWN = {"pooling", "top_k", "corpus"}
INDENT, LEFT = 2, 26  # of the flags, and where their help begins
NARROW, PIPE = 40, 100  # the least width, and that of what is no terminal


def help_page(config: type, name: str, about: str) -> str:
    """The page.

    Args:
        config: the settings.
        name: of the command.
        about: what it is for, in a line.
    """
    width = max(columns(sys.stdout) or PIPE, NARROW)
    arguments = sorted(arguments_of(config), key=lambda one: one.owner is not config)
    mostly, either = MOSTLY.get(name, ()), ONE_OF.get(name, ())
    required = [one for one in arguments if one.required or one.name in mostly]
    one_of = [one for one in arguments if one.name in either]
    rest = [one for one in arguments if one not in required + one_of]
    common = [one for one in rest if _is_common(one, config)]
    parts = [
        wrapped(_usage(name, required, one_of, rest), width, hang="    "),
        wrapped(about.splitlines()[0], width),
        *_text(config, width),
        *_group("required:", required, width),
        *_group("and one of:", one_of, width),
        *_group("common:", common, width),
    ]
    expert = [one for one in rest if one not in common]
    for owner in dict.fromkeys(one.owner for one in expert):
        title = "expert:" if owner is config else f"expert: {_subject(owner)}"
        parts += _group(title, [one for one in expert if one.owner is owner], width)
    return "\n\n".join(parts).replace(NO_BREAK, " ")


def _usage(
    name: str, required: Sequence[Argument], one_of: Sequence[Argument], rest: Sequence[Argument]
) -> str:
    needed = [_written(one) for one in required]
    needed += [f"[{_written(one)}]" for one in rest if one.positional]
    if one_of:
        needed.append(f"({' | '.join(map(_written, one_of))})")
    return _unbroken(" ".join([f"usage: kerasbert {name}", *needed, "[flags]"]))


def _is_common(argument: Argument, config: type) -> bool:
    return argument.name in COMMON and (argument.owner is config or argument.name not in OWN)


def _subject(owner: type) -> str:
    """What a group of settings is about, from its docstring."""
    first = (inspect.getdoc(owner) or owner.__name__).split("\n\n")[0]
    sentences = " ".join(first.split()).rstrip(".").split(". ")
    return "; ".join(said[0].lower() + said[1:] for said in sentences)


def _text(config: type, width: int) -> Iterator[str]:
    """The docstring of the settings, its examples as commands to copy."""
    for part in (inspect.getdoc(config) or "").split("\n\n"):
        pieces = re.split(r"^Example: ", part, flags=re.MULTILINE)
        said, *examples = (" ".join(one.split()) for one in pieces)
        if said:
            yield wrapped(said, width)
        if examples:
            commands = [wrapped(_unbroken(one), width - 6) for one in examples]
            shown = ["  " + command.replace("\n", " \\\n    ") for command in commands]
            yield "\n".join([f"example{'s' * (len(shown) > 1)}:", *shown])


def _group(title: str, arguments: Sequence[Argument], width: int) -> Iterator[str]:
    if arguments:
        yield "\n".join(
            [wrapped(title, width, hang="  "), *(_entry(one, width) for one in arguments)]
        )


def _entry(argument: Argument, width: int) -> str:
    """A flag with its help beside it, or below where the flag is long."""
    left = " " * INDENT + _written(argument)
    said = " ".join(filter(None, [argument.help, _note(argument)]))
    right = wrapped(said, width - LEFT).replace("\n", "\n" + " " * LEFT)
    if len(left) + 2 > LEFT:
        shape = wrapped(left.strip(), width - INDENT - 4)
        return " " * INDENT + shape + "\n" + " " * LEFT + right
    return left.ljust(LEFT) + right


def _written(argument: Argument) -> str:
    """An argument as it is typed."""
    if argument.positional:
        return argument.name.upper()
    return f"{', '.join(argument.flags)} {argument.shape}".rstrip()


def _unbroken(command: str) -> str:
    """A command that is broken before its flags only."""
    return re.sub(r" (?!--|\(|\[)", NO_BREAK, command)


def _note(argument: Argument) -> str:
    """The range and the default, where they say something."""
    limits = RANGES.get(argument.name)
    notes = [limits.note] if limits is not None and limits.note else []
    default = argument.default
    if argument.switch:
        notes += [f"default {argument.flags[0]}"] * (default is True)
    elif not argument.required and default not in (None, ()):
        values = default if isinstance(default, tuple) else (default,)
        shown = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
        notes.append(f"default {' '.join(shown)}")
    return f"({'; '.join(notes)})" if notes else ""
