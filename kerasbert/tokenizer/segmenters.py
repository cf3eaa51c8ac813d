"""What cuts a text into words before a `tokenizer.json` sees it."""

import unicodedata
from collections.abc import Callable

from kerasbert.choices import UnicodeForm
from kerasbert.errors import InputError

SEGMENTERS = ("jieba",)


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
