"""Tags of words, and the spans that they stand for: BIO, IOB1 and BIOES.

BIO    B-x begins a span of type x, I-x goes on with it, O is outside of any.
IOB1   I-x begins one, too; B-x stands only where a span follows one of its own type.
BIOES  E-x ends a span, S-x is one alone. Also written BILOU, with L-x and U-x.

Inside everything is BIO. Source: Tjong Kim Sang and Veenstra 1999, "Representing text chunks",
https://arxiv.org/abs/cs/9907006; BIOES: Ratinov and Roth 2009, https://aclanthology.org/W09-1119.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

Scheme = Literal["BIO", "IOB1", "BIOES"]
Span = tuple[int, int, str]  # first word, the word behind it, type

OUTSIDE = "O"
_OTHER_NAMES = {"L": "E", "U": "S"}


class TagError(ValueError):
    """A tag that cannot be.

    Attributes:
        word: the place of its word, from 0.
    """

    def __init__(self, word: int, message: str):
        super().__init__(message)
        self.word = word


def parse_tags(tags: Sequence[str]) -> list[tuple[str, str]]:
    """(prefix, type) of each tag, `("O", "")` outside; L and U of BILOU become E and S.

    Raises:
        TagError: a tag that is neither O nor a prefix, a hyphen and a type.
    """
    parsed = []
    for word, tag in enumerate(tags):
        if tag == OUTSIDE:
            parsed.append((OUTSIDE, ""))
            continue
        prefix, hyphen, kind = tag.partition("-")
        prefix = _OTHER_NAMES.get(prefix, prefix)
        if not hyphen or not kind or prefix not in "BIES" or len(prefix) != 1:
            raise TagError(
                word, f"the tag {tag!r}, O or B-TYPE, I-TYPE (E-TYPE, S-TYPE) was expected"
            )
        parsed.append((prefix, kind))
    return parsed


def recognized_scheme(sentences: Iterable[Sequence[tuple[str, str]]]) -> Scheme:
    """The scheme of a file, by all of its tags.

    An I that follows no span of its type speaks for IOB1, a B that need not be there for BIO; where
    both occur, that which occurs more often; what speaks against it is then an error.
    """
    for_bio = for_iob1 = 0
    for sentence in sentences:
        before = (OUTSIDE, "")
        for prefix, kind in sentence:
            if prefix in ("E", "S"):
                return "BIOES"
            follows = before[0] != OUTSIDE and before[1] == kind
            for_bio += prefix == "B" and not follows
            for_iob1 += prefix == "I" and not follows
            before = (prefix, kind)
    return "IOB1" if for_iob1 > for_bio else "BIO"


def to_spans(tags: Sequence[tuple[str, str]], scheme: Scheme) -> list[Span]:
    """The spans of a sentence.

    Args:
        tags: as `parse_tags` gives them.
        scheme: that they are in.

    Raises:
        TagError: a tag that cannot stand where it does.
    """
    if scheme == "IOB1":
        return _of_iob1(tags)
    spans: list[Span] = []
    ends = scheme == "BIOES"
    open_at: int | None = None
    for word, (prefix, kind) in enumerate(tags):
        goes_on = prefix in ("I", "E")
        opened = tags[open_at][1] if open_at is not None else None
        if goes_on and opened != kind:
            raise TagError(
                word,
                f"{prefix}-{kind} follows {_shown(tags, word - 1)}; in {scheme} a span begins with"
                f" B-{kind}",
            )
        if open_at is not None and not goes_on:
            if ends:
                raise TagError(
                    word, f"{_shown(tags, word)} where I-{opened} or E-{opened} was expected"
                )
            spans.append((open_at, word, str(opened)))
            open_at = None
        if prefix == "B":
            open_at = word
        elif prefix == "S":
            spans.append((word, word + 1, kind))
        elif prefix == "E":
            assert open_at is not None
            spans.append((open_at, word + 1, kind))
            open_at = None
    if open_at is not None:
        kind = tags[open_at][1]
        if ends:
            raise TagError(len(tags) - 1, f"the sentence ends where E-{kind} was expected")
        spans.append((open_at, len(tags), kind))
    return spans


def _of_iob1(tags: Sequence[tuple[str, str]]) -> list[Span]:
    spans: list[Span] = []
    for word, (prefix, kind) in enumerate(tags):
        if prefix == OUTSIDE:
            continue
        joined = bool(spans) and spans[-1][1] == word and spans[-1][2] == kind
        if prefix == "B" and not joined:
            raise TagError(
                word,
                f"B-{kind} follows {_shown(tags, word - 1)}; most of this file is IOB1, where a"
                f" span begins with I-{kind} unless another one of its type stands before it",
            )
        if prefix == "I" and joined:
            start = spans.pop()[0]
            spans.append((start, word + 1, kind))
        else:
            spans.append((word, word + 1, kind))
    return spans


def to_tags(spans: Iterable[Span], words: int) -> tuple[str, ...]:
    """The BIO tags of so many words."""
    tags = [OUTSIDE] * words
    for start, end, kind in spans:
        tags[start:end] = [f"I-{kind}"] * (end - start)
        tags[start] = f"B-{kind}"
    return tuple(tags)


def spans_of(tags: Sequence[str]) -> list[Span]:
    """The spans of BIO tags."""
    return to_spans(parse_tags(tags), "BIO")


def _shown(tags: Sequence[tuple[str, str]], word: int) -> str:
    if word < 0:
        return "the beginning of the sentence"
    prefix, kind = tags[word]
    return f"{prefix}-{kind}" if kind else prefix
