"""Words of a text as people see them, and texts whose words are known already."""

from __future__ import annotations

import importlib.util
import unicodedata
from collections.abc import Sequence

from kerasbert.choices import WordsName

_JOINERS = "\u200d\ufe0e\ufe0f"  # of emoji: zero-width joiner, variation selectors
_HAN = (("\u3400", "\u9fff"), ("\uf900", "\ufaff"), ("\U00020000", "\U0003ffff"))

Spans = tuple[tuple[int, int], ...]


class SplitText(str):
    """A text of which is known where its words stand.

    It is a string to everyone who does not ask for its words.

    Attributes:
        spans: first character and end of each word, in order.
    """

    __slots__ = ("spans",)
    spans: Spans

    @classmethod
    def of(cls, text: str, spans: Sequence[tuple[int, int]]) -> SplitText:
        """A text and its words."""
        made = cls(text)
        made.spans = tuple(spans)
        return made

    @classmethod
    def of_words(cls, words: Sequence[str]) -> SplitText:
        """Words with a space between them."""
        spans, at = [], 0
        for word in words:
            spans.append((at, at + len(word)))
            at += len(word) + 1
        return cls.of(" ".join(words), spans)

    def __reduce__(self):
        return SplitText.of, (str(self), self.spans)


def word_spans(text: str, how: WordsName | None = None) -> Spans:
    """First character and end of each word; those of a `SplitText` are its own.

    Args:
        text: any.
        how: "punctuation": letters and digits together, every other sign alone; "spaces": what
            stands between two white spaces; "characters" and "jieba" are as "punctuation", but each
            Chinese character is a word, or each word that jieba finds among them. None: "jieba"
            where rjieba is installed, else "characters".
    """
    if isinstance(text, SplitText):
        return text.spans
    if how is None:
        how = "jieba" if importlib.util.find_spec("rjieba") is not None else "characters"
    if how == "spaces":
        return tuple(_between_spaces(text))
    spans = _by_signs(text, how != "punctuation")
    return tuple(_jieba(text, spans)) if how == "jieba" else tuple(spans)


def inside_character(text: str, at: int) -> bool:
    """Whether a mark, or a part of an emoji, stands on both sides of this place in a text."""
    if not 0 < at < len(text):
        return False
    mark, before = text[at], text[at - 1]
    return bool(unicodedata.combining(mark)) or mark in _JOINERS or before == _JOINERS[0]


def is_han(one: str) -> bool:
    """Whether it is a Chinese character."""
    return any(low <= one <= high for low, high in _HAN)


def _between_spaces(text: str) -> list[tuple[int, int]]:
    spans, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        spans.append((at, at + len(word)))
        at += len(word)
    return spans


def _by_signs(text: str, han_alone: bool) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    goes_on = False  # whether a letter belongs to the word before it
    for at, one in enumerate(text):
        joined = bool(spans) and spans[-1][1] == at
        if joined and inside_character(text, at):
            spans[-1] = (spans[-1][0], at + 1)
            continue
        if one.isspace() or unicodedata.category(one) in ("Cc", "Cf"):
            goes_on = False
            continue
        letter = (one.isalnum() or one == "_") and not (han_alone and is_han(one))
        if letter and goes_on and joined:
            spans[-1] = (spans[-1][0], at + 1)
        else:
            spans.append((at, at + 1))
        goes_on = letter
    return spans


def _jieba(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Chinese characters next to each other as the words that jieba finds in them."""
    import rjieba

    found: list[tuple[int, int]] = []
    at = 0
    while at < len(spans):
        end = at
        while end < len(spans) and is_han(text[spans[end][0]]) and (
            end == at or spans[end][0] == spans[end - 1][1]
        ):  # fmt: skip
            end += 1
        if end == at:
            found.append(spans[at])
            at += 1
            continue
        start = spans[at][0]
        for word in rjieba.cut(text[start : spans[end - 1][1]]):
            found.append((start, start + len(word)))
            start += len(word)
        at = end
    return found
