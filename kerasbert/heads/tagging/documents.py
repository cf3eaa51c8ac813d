"""The tags of documents: their types, their numbers, and how texts like theirs are split."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from kerasbert.choices import WordsName
from kerasbert.errors import InputError
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.tag_schemes import spans_of
from kerasbert.text.words import SplitText, is_han
from kerasbert.tokenizer.segmenters import chinese_words

_LOOKED_AT = 1000  # documents


def types_of(documents: Sequence[LabeledDocument]) -> tuple[str, ...]:
    """The types of all spans, in order.

    Raises:
        InputError: there is no span.
    """
    kinds = {kind for document in documents for _, _, kind in spans_of(document.labels)}
    if not kinds:
        raise InputError(
            "the training data have no span: every tag is O. Tags such as B-person were expected."
        )
    return tuple(sorted(kinds))


def tag_ids(tags: Sequence[str], known: Sequence[str]) -> np.ndarray:
    """(W,) int, the number of each tag, -1 for one of a type that training never saw."""
    numbers = {tag: number for number, tag in enumerate(known)}
    return np.array([numbers.get(tag, -1) for tag in tags], np.int64)


def settled_words(asked: WordsName | None, documents: Sequence[LabeledDocument]) -> WordsName:
    """How texts are split whose words nobody has told: as asked, or like the training data.

    Of Chinese, characters where those stand alone in the training data, else the words of jieba.

    Raises:
        InputError: jieba was asked for and is not installed.
    """
    if asked == "jieba" and chinese_words("") is None:
        raise InputError("--words jieba: needs rjieba: pip install 'kerasbert[zh]'.")
    if asked is not None:
        return asked
    lengths = [
        end - start
        for document in itertools.islice(documents, _LOOKED_AT)
        for text in document.texts
        if isinstance(text, SplitText)
        for start, end in text.spans
        if is_han(text[start])
    ]
    if not lengths:
        return "punctuation"
    if np.mean(lengths) < 1.1 or chinese_words("") is None:
        return "characters"
    return "jieba"
