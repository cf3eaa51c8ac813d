"""Token ids with the places of tokens in the text as it was given.

Normalizers change characters (case, accents, full-width forms, control characters), segmenters put
spaces between words. The library keeps account of what its normalizers do; what a segmenter does is
followed here. Characters are Python's: code points.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np

from kerasbert.choices import UnicodeForm
from kerasbert.tokenizer.tokenizer import Tokenizer
from kerasbert.tokenizer.word_cache import batches

_CHARACTERS = 1 << 18  # at a time: the library's answers take some 400 bytes a token


def encode_with_places(
    tokenizer: Tokenizer, texts: Sequence[str]
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The ids of `Tokenizer.encode`, and which characters of the text each token stands for.

    Args:
        tokenizer: whose ids are wanted.
        texts: T tokens each.

    Returns:
        of each text (T,) int32 ids, (T,) int64 first characters and (T,) int64 the characters
        behind the tokens. White space at the edge of a token is not counted; marks that combine
        with its last character are. Of a character that is several tokens each has the place of the
        whole.
    """
    found = []
    for batch in batches(texts, _CHARACTERS):
        for text, encoding in zip(batch, tokenizer.encodings(batch, with_words=True), strict=True):
            offsets = np.array(encoding.offsets, np.int64).reshape(-1, 2)
            if tokenizer.segmenter is not None:
                offsets = _before_segmenting(offsets, text, tokenizer)
            starts, ends = _without_edges(offsets, text)
            found.append((tokenizer.ids_of(encoding), starts, ends))
    return found


def _without_edges(offsets: np.ndarray, text: str) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends without white space at the edges, with the marks behind them."""
    starts, ends = offsets[:, 0].copy(), offsets[:, 1].copy()
    for token, (start, end) in enumerate(offsets.tolist()):
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        while start < end < len(text) and unicodedata.combining(text[end]):
            end += 1
        starts[token], ends[token] = start, end
    return starts, ends


def _before_segmenting(offsets: np.ndarray, text: str, tokenizer: Tokenizer) -> np.ndarray:
    """Offsets in `segment(text)` as such in the text."""
    segmented = tokenizer.segment(text)
    first, behind = _origins(text, segmented, tokenizer.form)
    moved = np.zeros_like(offsets)
    for token, (start, end) in enumerate(offsets.tolist()):
        held = [at for at in range(start, end) if not segmented[at].isspace()]
        if held:
            moved[token] = first[held[0]], behind[held[-1]]
        elif token:
            moved[token] = moved[token - 1, 1]
    return moved


def _origins(text: str, segmented: str, form: UnicodeForm) -> tuple[list[int], list[int]]:
    """Of each character of the segmented text, from where to where its origin stands.

    Segmenting brings a text into a normal form and adds or takes white space, nothing else.
    """
    origins = [
        (start, end)
        for start, end, made in _normalized(text, form)
        for one in made
        if not one.isspace()
    ]
    first, behind = [], []
    left = iter(origins)
    end = 0
    for one in segmented:
        start, end = (end, end) if one.isspace() else next(left)
        first.append(start)
        behind.append(end)
    return first, behind


def _normalized(text: str, form: UnicodeForm) -> list[tuple[int, int, str]]:
    """A text in the smallest parts that a normal form treats apart: from, to, and what it makes.

    A part ends where the next character is none that combines, and neither changes the other.
    """
    if text.isascii():
        return [(at, at + 1, one) for at, one in enumerate(text)]
    parts: list[tuple[int, int, str]] = []
    start, made = 0, ""
    for at, one in enumerate(text):
        alone = unicodedata.normalize(form, one)
        if at and (
            unicodedata.combining(alone[0])
            or unicodedata.normalize(form, text[start:at] + one) != made + alone
        ):
            made = unicodedata.normalize(form, text[start : at + 1])
            continue
        if at:
            parts.append((start, at, made))
        start, made = at, alone
    if text:
        parts.append((start, len(text), made))
    return parts
