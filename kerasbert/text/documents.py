"""What a line of labelled text holds: a text, or a pair, with its labels, last or first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kerasbert.text.look_alikes import JOINTS

LABEL_PREFIX = "__label__"
_NOTHING: Mapping[str, Any] = {}  # one for all documents: a million of their own would be 64 MB


def _no_fields() -> Mapping[str, Any]:
    return _NOTHING


@dataclass(frozen=True, slots=True)
class LabeledDocument:
    """One text (or a pair) with its labels.

    Attributes:
        texts: one text, or two for a pair.
        labels: names without the `__label__` prefix, in file order, without duplicates; or numbers
            as they are written, one for each that is to be predicted.
        line: 1-based line number in its file; in a table the row, of which a header is the first.
        id: what the file calls it, if it does.
        fields: further fields of its row that were asked for, by name, as they are.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    line: int
    id: str | None = None
    fields: Mapping[str, Any] = field(default_factory=_no_fields, hash=False)


def _split_labels(text: str) -> tuple[str, list[str]]:
    """Part the words that start with `__label__` at the end of `text` from what stands before."""
    if LABEL_PREFIX not in text:
        return text.strip(), []
    words = text.split()
    first = len(words)
    while first and words[first - 1].startswith(LABEL_PREFIX):
        first -= 1
    labels = words[first:]
    if not labels:
        return text.strip(), []
    return (text.rsplit(None, len(labels))[0].strip() if first else ""), labels


def _split_first_labels(text: str) -> tuple[str, list[str]]:
    """The same of the words at the beginning."""
    if not text.lstrip().startswith(LABEL_PREFIX):
        return text.strip(), []
    words = text.split()
    count = next((n for n, word in enumerate(words) if not word.startswith(LABEL_PREFIX)), None)
    if count is None:
        return "", words
    return text.split(None, count)[count].strip(), words[:count]


def strip_labels(line: str) -> tuple[str, bool]:
    """Return the line without `__label__x` words at either end, and whether there were any."""
    text, last = _split_labels(line)
    text, first = _split_first_labels(text)
    return text, bool(last or first)


def label_order(line: str) -> str | None:
    """Whether its labels stand "first" or "last"; None where it has none, both, or no text."""
    text, last = _split_labels(line)
    rest, first = _split_first_labels(text)
    if not rest or bool(last) == bool(first):
        return None
    return "last" if last else "first"


def parse_labeled(line: str, first: bool = False) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Parse `text __label__a __label__b`, or `text TAB text __label__a`, into texts and labels.

    Args:
        line: of a file.
        first: the labels stand before the text, as fastText has them: `__label__a text`.

    Raises:
        ValueError: with the reason, when the line does not have this form.
    """
    fields = line.rstrip().split("\t")
    if len(fields) > 2:
        raise ValueError(
            f"{len(fields) - 1} TABs, expected none (one text) or one (between a pair of texts)"
        )
    if first:
        bare, words = _split_first_labels(fields[0])
        texts = (bare, *(text.strip() for text in fields[1:]))
    else:
        bare, words = _split_labels(fields[-1])
        texts = (*(text.strip() for text in fields[:-1]), bare)
    if not any(texts):
        if first:
            raise ValueError("no text after the labels, expected: __label__a __label__b text")
        raise ValueError("no text before the labels, expected: text __label__a __label__b")
    if not all(texts):
        raise ValueError(
            "one text of the pair is empty: a TAB parts two texts, labels are parted by spaces"
        )
    _refuse_inside(texts, first)
    _refuse_joined(words)
    names = tuple(dict.fromkeys(word.removeprefix(LABEL_PREFIX) for word in words))
    if "" in names:
        raise ValueError(f"a label without a name, expected {LABEL_PREFIX}name")
    return texts, names


def _refuse_inside(texts: tuple[str, ...], first: bool) -> None:
    """Refuse labels anywhere but at the end where this file has them."""
    for text in texts:
        if LABEL_PREFIX not in text:
            continue
        for word in text.split():
            if not word.startswith(LABEL_PREFIX):
                continue
            if first:
                raise ValueError(
                    f"the label {word!r} stands after the beginning of the text,"
                    " labels were expected first, as in most lines of this file"
                )
            raise ValueError(
                f"the label {word!r} stands before the end of the text,"
                " labels were expected last (a file has them all last or all first)"
            )


def _refuse_joined(words: list[str]) -> None:
    """Refuse labels with something else than a space between them: each would be a new class."""
    joined = [word for word in words if LABEL_PREFIX in word[len(LABEL_PREFIX) :]]
    odd = joined or [word for word in words[:-1] if word[-1] in JOINTS]
    if odd:
        names = (part.strip(f" {JOINTS}/") for part in " ".join(words).split(LABEL_PREFIX))
        found = "holds several labels" if joined else f"ends in {odd[0][-1]!r}"
        raise ValueError(
            f"the label {odd[0]!r} {found}, labels are parted by spaces alone:"
            f" write {' '.join(LABEL_PREFIX + name for name in names if name)}"
        )
