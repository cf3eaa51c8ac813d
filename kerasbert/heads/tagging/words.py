"""Words and tokens: the first token of a word carries its tag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasbert.choices import WordsName
from kerasbert.heads.tokens import TokenOutputs, TokenPlaces
from kerasbert.text.words import Spans, word_spans


def first_tokens(spans: Spans, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """(W,) int: the first token that begins within each word, or -1 where none does.

    No token begins in a word of control characters, or in one that shares the token of the word
    before it.

    Args:
        spans: first character and end of each word.
        starts: (T,) int, the characters that tokens begin with.
        ends: (T,) int, those behind them.
    """
    real = np.flatnonzero(ends > starts)
    words = np.array(spans, np.int64).reshape(-1, 2)
    if not len(real):
        return np.full(len(words), -1)
    begins = starts[real]
    at = np.searchsorted(begins, words[:, 0])
    held = np.minimum(at, len(real) - 1)
    fits = (at < len(real)) & (begins[held] < words[:, 1])
    return np.where(fits, real[held], -1)


def words_of(places: TokenPlaces, how: WordsName) -> list[tuple[Spans, np.ndarray]]:
    """Of each document the spans of its words and the first token of each, or -1."""
    found = []
    for texts, starts, ends in zip(places.texts, places.starts, places.ends, strict=True):
        spans = word_spans(texts[-1], how)
        found.append((spans, first_tokens(spans, starts, ends)))
    return found


def row_targets(
    tags: Sequence[np.ndarray], places: TokenPlaces, how: WordsName
) -> list[np.ndarray | None]:
    """Of each row (M,) int, the tags of its positions and -1 where no word begins.

    None for a row in which none does.

    Args:
        tags: of each document (W,) int, -1 where there is nothing to learn.
        places: of its tokens.
        how: words are told from each other.
    """
    by_token = []
    for document, (_, firsts) in enumerate(words_of(places, how)):
        made = np.full(len(places.starts[document]), -1)
        made[firsts[firsts >= 0]] = tags[document][firsts >= 0]
        by_token.append(made)
    targets: list[np.ndarray | None] = []
    for row in places.rows:
        made = np.full(row.at + row.count + 1, -1)
        made[row.at : row.at + row.count] = by_token[row.document][
            row.first : row.first + row.count
        ]
        targets.append(made if (made >= 0).any() else None)
    return targets


def word_scores(
    outputs: TokenOutputs, lead: int, how: WordsName
) -> list[tuple[Spans, np.ndarray, np.ndarray]]:
    """Of each document the spans of its words, which of them have a token, and what these say.

    Args:
        outputs: of the model.
        lead: how much stands before the first position of a row.
        how: words are told from each other.

    Returns:
        spans, (W,) bool and (P, K) float64 of the P words that have one.
    """
    return [
        (spans, firsts >= 0, np.asarray(joined[firsts[firsts >= 0]], np.float64))
        for (spans, firsts), joined in zip(
            words_of(outputs.places, how), outputs.joined(lead), strict=True
        )
    ]


def filled(path: Sequence[str], has_token: np.ndarray) -> list[str]:
    """The tags of all words, from those of the words that have a token.

    A word without one keeps its place: it is inside of what goes on behind it, or outside.
    """
    tags: list[Any] = [None] * len(has_token)
    for at, tag in zip(np.flatnonzero(has_token), path, strict=True):
        tags[at] = tag
    following = "O"
    for place in range(len(tags) - 1, -1, -1):
        if tags[place] is None:
            tags[place] = following if following.startswith("I-") else "O"
        following = tags[place]
    return tags
