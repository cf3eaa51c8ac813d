"""What cuts a text into words before a `tokenizer.json` sees it."""

import unicodedata
from collections.abc import Callable

from kerasbert.choices import UnicodeForm
from kerasbert.errors import InputError

SEGMENTERS = ("jieba",)
_HAN = ("\u3400", "\u9fff")
_KANA = ("\u3040", "\u30ff")


def has_chinese(text: str) -> bool:
    """Whether there are Chinese characters and no Japanese syllables."""
    return any(_HAN[0] <= one <= _HAN[1] for one in text) and not any(
        _KANA[0] <= one <= _KANA[1] for one in text
    )


def chinese_words(text: str) -> list[tuple[int, int]] | None:
    """First character and end of each word of a Chinese text; None where rjieba is missing."""
    try:
        import rjieba
    except ImportError:
        return None
    spans, at = [], 0
    for word in rjieba.cut(text):
        spans.append((at, at + len(word)))
        at += len(word)
    return spans if at == len(text) else None


def segmenter_of(name: str | None, form: UnicodeForm = "NFC") -> Callable[[str], str]:
    """Return what is done to a text before the file sees it: nothing, or words parted by spaces.

    Args:
        name: "jieba" or None.
        form: the Unicode normal form in which words are looked for.
    """
    if name is None:
        return lambda text: text
    try:
        import rjieba
    except ImportError:
        raise InputError(
            "the jieba tokenizer needs the package rjieba, which is not installed."
            " Install it with: pip install kerasbert[zh]"
        ) from None

    def segment(text: str) -> str:
        composed = unicodedata.normalize(form, text)
        return " ".join(word for word in rjieba.cut(composed) if not word.isspace())

    return segment
