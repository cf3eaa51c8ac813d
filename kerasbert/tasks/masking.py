"""Which positions to mask: single tokens, whole words, or spans of words."""

from typing import get_args

import numpy as np

from kerasbert.choices import MaskingUnit

UNITS = get_args(MaskingUnit)
SPAN_STOP = 0.2  # p of the geometric distribution of span lengths, mean 3.8 words
LONGEST_SPAN = 10


def choose_tokens(
    candidates: np.ndarray, budget: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Choose `budget` candidates of each row, each equally likely.

    Args:
        candidates: (B, L) bool.
        budget: (B,) int, at most the candidates of the row.
        rng: draws B x L numbers.

    Returns:
        (B, L) int, 0 where nothing is masked, else 1.
    """
    order = np.where(candidates, rng.random(candidates.shape), 2.0)
    rank = np.argsort(np.argsort(order, axis=1, kind="stable"), axis=1, kind="stable")
    return (rank < budget[:, None]).astype(np.int64)


def choose_words(words: np.ndarray, budget: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Choose whole words in random order, leaving out those that would exceed the budget.

    Args:
        words: (B, L) int, the number of the word a token belongs to, from 1 in each row; 0 where
            nothing can be masked.
        budget: (B,) int, the most tokens of each row.
        rng: draws a number for each word.

    Returns:
        (B, L) int, 0 where nothing is masked, else the number of the unit, a word.

    Source: whole-word masking of https://github.com/google-research/bert, 31 May 2019.
    """
    sizes = _sizes(words)
    order = np.argsort(np.where(sizes > 0, rng.random(sizes.shape), 2.0), axis=1)
    return _fill(words, sizes, order, np.ones_like(order), budget)


def choose_spans(
    words: np.ndarray, segments: np.ndarray, budget: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Choose spans of whole words: the length geometric, the first word uniform.

    A span ends at the end of its segment, and where the budget or a span before it leaves no room.

    Args:
        words: as in `choose_words`.
        segments: (B, L) int; no span reaches from one into the other.
        budget: (B,) int.
        rng: draws a length and a place for each word.

    Returns:
        (B, L) int, 0 where nothing is masked, else the number of the unit, a span.

    Source: Joshi et al. 2020, SpanBERT, https://arxiv.org/abs/1907.10529, section 3.1.
    """
    sizes = _sizes(words)
    order = np.argsort(np.where(sizes > 0, rng.random(sizes.shape), 2.0), axis=1)
    lengths = np.minimum(rng.geometric(SPAN_STOP, sizes.shape), LONGEST_SPAN)
    # A span that would cross into the second segment is cut there.
    rows, columns = np.nonzero(words)
    segment_of = np.full(sizes.shape, -1)
    segment_of[rows, words[rows, columns]] = segments[rows, columns]
    return _fill(words, sizes, order, lengths, budget, segment_of)


def _sizes(words: np.ndarray) -> np.ndarray:
    """(B, W + 1) int, tokens of each word; 0 for the word 0, which is none."""
    batch, most = len(words), int(words.max(initial=0))
    flat = words + np.arange(batch)[:, None] * (most + 1)
    sizes = np.bincount(flat.ravel(), minlength=batch * (most + 1)).reshape(batch, most + 1)
    sizes[:, 0] = 0
    return sizes


def _fill(
    words: np.ndarray,
    sizes: np.ndarray,
    order: np.ndarray,
    lengths: np.ndarray,
    budget: np.ndarray,
    segment_of: np.ndarray | None = None,
) -> np.ndarray:
    """Take runs of `lengths` words, beginning at the words in `order`, while the budget lasts."""
    batch, count = sizes.shape
    unit = np.zeros((batch, count), np.int64)  # of each word
    left = budget.copy()
    rows = np.arange(batch)
    for turn in range(count):
        if not (left > 0).any():
            break
        first = order[:, turn]
        going = np.ones(batch, bool)
        for step in range(int(lengths[:, turn].max())):
            word = first + step
            inside = word < count
            word = np.where(inside, word, 0)
            size = sizes[rows, word]
            going &= inside & (step < lengths[:, turn]) & (size > 0) & (size <= left)
            going &= unit[rows, word] == 0
            if segment_of is not None:
                going &= segment_of[rows, word] == segment_of[rows, first]
            if not going.any():
                break
            unit[rows[going], word[going]] = turn + 1
            left -= np.where(going, size, 0)
    # A row whose every word is longer than its budget: the beginning of one of them.
    chosen = np.take_along_axis(unit, words, axis=1)
    none = (chosen == 0).all(axis=1) & (budget > 0) & (sizes > 0).any(axis=1)
    for row in np.flatnonzero(none):
        places = np.flatnonzero(words[row] == order[row, 0])[: budget[row]]
        chosen[row, places] = 1
    return chosen
