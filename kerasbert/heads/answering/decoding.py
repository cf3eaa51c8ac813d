"""From the scores of tokens to stretches of a context: the best legal ones over all windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

KEPT = 20  # best stretches of a question that are kept
_FAR = 1e9  # in the place of infinity


@dataclass(frozen=True)
class Window:
    """What a model says of one row of a question. With L positions:

    Attributes:
        scores: (L, 2) float, of each position as the first and as the last one of the answer;
            logits, or log-probabilities.
        begins: (L,) int, the character of the context at which the token begins.
        ends: (L,) int, the character behind it.
        inside: (L,) bool, the tokens of the context; no answer holds others.
    """

    scores: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    inside: np.ndarray


@dataclass(frozen=True)
class Found:
    """The answers to one question, the best one first.

    Attributes:
        begins, ends: (n,) int, characters of the context, of distinct stretches.
        scores: (n,) float64, the sums of both scores.
        null: that of no answer: of [CLS], in the window that says it least.
        total: logarithm of the sum of exp(score) over all legal stretches.
    """

    begins: np.ndarray
    ends: np.ndarray
    scores: np.ndarray
    null: float
    total: float

    @property
    def lack(self) -> float:
        """How far no answer is above the best one; infinite where no stretch is legal."""
        return self.null - float(self.scores[0]) if len(self.scores) else np.inf

    def probabilities(self, unanswerable: bool) -> tuple[np.ndarray, float]:
        """Of the answers, (n,), and of none: over all legal stretches, and none if that counts."""
        total = np.logaddexp(self.total, self.null) if unanswerable else self.total
        with np.errstate(invalid="ignore"):
            found = np.exp(self.scores - total)
        return found, float(np.exp(self.null - total)) if unanswerable else 0.0

    def runner_up(self) -> int | None:
        """The best answer that shares no character with the first one, if one was kept."""
        if not len(self.scores):
            return None
        apart = (self.begins >= self.ends[0]) | (self.ends <= self.begins[0])
        return int(np.argmax(apart)) if apart.any() else None


def best_answers(windows: Sequence[Window], most_tokens: int, kept: int = KEPT) -> Found:
    """The best legal stretches of a context over all windows of a question.

    Legal is what ends where it begins or behind, is no longer than `most_tokens`, lies in the
    context, and holds a character. One that several windows hold has the best of its scores. Equal
    scores: the one that begins first, then the shorter one.

    Args:
        windows: one or more.
        most_tokens: of an answer.
        kept: how many are returned at most, some of them apart from the first one if there are.
    """
    parts = [_legal(window, most_tokens) for window in windows]
    begins, ends, scores = (np.concatenate(part) for part in zip(*parts, strict=True))
    null = min(float(window.scores[0].astype(np.float64).sum()) for window in windows)
    # A NaN is nobody's best.
    scores = np.where(np.isnan(scores), -np.inf, scores)
    order = np.lexsort((ends, begins, -scores))
    begins, ends, scores = begins[order], ends[order], scores[order]
    if len(windows) > 1 or _repeats(begins, ends):
        _, first = np.unique(begins * (int(ends.max(initial=0)) + 1) + ends, return_index=True)
        first.sort()
        begins, ends, scores = begins[first], ends[first], scores[first]
    total = float(np.logaddexp.reduce(scores)) if len(scores) else -np.inf
    chosen = np.arange(min(kept, len(scores)))
    if len(scores) > kept:
        apart = (begins >= ends[0]) | (ends <= begins[0])
        if apart.any() and (first_apart := int(np.argmax(apart))) >= kept:
            chosen[-1] = first_apart
    return Found(begins[chosen], ends[chosen], scores[chosen], null, total)


def _legal(window: Window, most_tokens: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First characters, ends and scores of the legal stretches of one window."""
    inside = np.flatnonzero(window.inside)
    if not len(inside):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    low, high = int(inside[0]), int(inside[-1]) + 1
    length = high - low
    reach = np.arange(min(most_tokens, length))
    last = np.arange(length)[:, None] + reach
    legal = last < length
    last = np.minimum(last, length - 1)
    allowed = window.inside[low:high]
    legal &= allowed[:, None] & allowed[last]
    begins = np.broadcast_to(window.begins[low:high, None], last.shape).astype(np.int64)
    ends = window.ends[low:high][last].astype(np.int64)
    legal &= ends > begins
    said = window.scores[low:high].astype(np.float64)
    return begins[legal], ends[legal], (said[:, :1] + said[:, 1][last])[legal]


def _repeats(begins: np.ndarray, ends: np.ndarray) -> bool:
    """Whether a stretch comes twice, as where several tokens stand for one character."""
    keys = begins * (int(ends.max(initial=0)) + 1) + ends
    return len(np.unique(keys)) < len(keys)


def answer_text(context: str, begin: int, end: int) -> tuple[str, int, int]:
    """The answer without white space around it, with its characters: tokens may hold spaces."""
    found = context[begin:end]
    begin += len(found) - len(found.lstrip())
    found = found.strip()
    return found, begin, begin + len(found)


def best_threshold(
    lacks: np.ndarray, answered: np.ndarray, unanswered: np.ndarray
) -> tuple[float, float]:
    """How far no answer may be above the best one before it is what is said.

    Args:
        lacks: (N,) of `Found`.
        answered: (N,) the figure of each question if its best answer is given.
        unanswered: (N,) if none is given.

    Returns:
        the threshold (an answer is given where the lack is no larger) and the mean figure with it.
        Of several that are equally good, the one nearest to 0.

    Source: Rajpurkar et al. 2018, evaluate-v2.0.py, `find_best_thresh`.
    """
    known = np.unique(np.clip(lacks, -_FAR, _FAR))
    tried = np.array([0.0, known[0] - 1, *(known[1:] + known[:-1]) / 2, known[-1] + 1])
    order = np.argsort(lacks, kind="stable")
    gains = np.concatenate([[0.0], np.cumsum((answered - unanswered)[order])])
    found = gains[np.searchsorted(lacks[order], tried, side="right")]
    best = tried[np.isclose(found, found.max(), rtol=0, atol=1e-9)]
    chosen = float(best[np.argmin(np.abs(best))])
    return chosen, float(np.where(lacks <= chosen, answered, unanswered).mean())
