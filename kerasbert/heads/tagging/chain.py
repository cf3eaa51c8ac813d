"""Tags of words by a chain: the best path, its loss, and how probable a span is. NumPy only.

A chain without learned numbers only rules out what the scheme does not allow, so that answers are
legal with or without a CRF. Words come in batches of like length.

Source: Viterbi and the forward-backward pass as in Rabiner 1989, "A tutorial on hidden Markov
models", Proceedings of the IEEE 77(2), section III.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kerasbert.text.tag_schemes import Span

TOGETHER = 64  # documents at a time


@dataclass(frozen=True)
class Chain:
    """What tags weigh beside each other, for K tags.

    Attributes:
        transitions: (K, K) [from, to].
        begin: (K,).
        end: (K,).
    """

    transitions: np.ndarray
    begin: np.ndarray
    end: np.ndarray

    @classmethod
    def free(cls, tags: int) -> Chain:
        """One that says nothing."""
        return cls(np.zeros((tags, tags)), np.zeros(tags), np.zeros(tags))

    @classmethod
    def of(cls, numbers: np.ndarray) -> Chain:
        """That of a CRF, from (K + 2, K) of `TagChain`."""
        numbers = np.asarray(numbers, np.float64)
        return cls(numbers[:-2], numbers[-2], numbers[-1])

    def legal(self, tags: Sequence[str]) -> Chain:
        """The same, with minus infinity for what BIO does not allow: I-x after all but B-x, I-x."""
        inside = np.array([tag.startswith("I-") for tag in tags])
        kinds = [tag.partition("-")[2] for tag in tags]
        same = np.array([[one == other for other in kinds] for one in kinds])
        return Chain(
            np.where(inside[None] & ~same, -np.inf, self.transitions),
            np.where(inside, -np.inf, self.begin),
            self.end,
        )


def best_paths(scores: Sequence[np.ndarray], chain: Chain) -> list[np.ndarray]:
    """(T,) int of each document: the tags of the path that weighs most; of equals the first.

    Args:
        scores: of each document (T, K) float.
        chain: between the tags.
    """
    paths: list[np.ndarray] = [np.zeros(0, int)] * len(scores)
    for numbers, batch, lengths in _batches(scores):
        weights = chain.begin + batch[:, 0]
        pointers = []
        for at in range(1, batch.shape[1]):
            reached = weights[:, :, None] + chain.transitions
            pointer = reached.argmax(axis=1)
            new = np.take_along_axis(reached, pointer[:, None], axis=1)[:, 0] + batch[:, at]
            held = (at < lengths)[:, None]
            weights = np.where(held, new, weights)
            pointers.append(np.where(held, pointer, np.arange(batch.shape[2])))
        tags = (weights + chain.end).argmax(axis=1)
        path = [tags]
        for pointer in reversed(pointers):
            tags = np.take_along_axis(pointer, tags[:, None], axis=1)[:, 0]
            path.append(tags)
        whole = np.stack(path[::-1], axis=1)
        for row, number in enumerate(numbers):
            paths[number] = whole[row, : lengths[row]]
    return paths


def chain_losses(
    scores: Sequence[np.ndarray], tags: Sequence[np.ndarray], chain: Chain
) -> np.ndarray:
    """(N,) negative log-likelihoods of tags, as `ChainLoss` has them; 0 for a document of no words.

    Args:
        scores: of each document (T, K) float.
        tags: of each (T,) int.
        chain: between the tags.
    """
    losses = np.zeros(len(scores))
    for number, (score, right) in enumerate(zip(scores, tags, strict=True)):
        if len(right):
            path = score[np.arange(len(right)), right].sum() + chain.begin[right[0]]
            path += chain.transitions[right[:-1], right[1:]].sum() + chain.end[right[-1]]
            losses[number] = -path
    for numbers, batch, lengths in _batches(scores):
        forward = _forward(batch, lengths, chain)[:, -1]
        losses[numbers] += _log_sum(forward + chain.end)
    return losses


def span_probabilities(
    scores: Sequence[np.ndarray],
    spans: Sequence[Sequence[Span]],
    tags: Sequence[str],
    chain: Chain,
) -> list[list[float]]:
    """How probable each span is: of all paths the share that begins, goes on and ends as it does.

    Args:
        scores: of each document (T, K) float.
        spans: of each, by words.
        tags: the K tags in BIO.
        chain: between them.
    """
    place = {tag: number for number, tag in enumerate(tags)}
    found: list[list[float]] = [[] for _ in scores]
    for numbers, batch, lengths in _batches(scores):
        forward = _forward(batch, lengths, chain)
        backward = _backward(batch, lengths, chain)
        whole = _log_sum(forward[:, -1] + chain.end)
        for row, number in enumerate(numbers):
            for start, end, kind in spans[number]:
                first, inside = place[f"B-{kind}"], place[f"I-{kind}"]
                weight, last = forward[row, start, first], first
                for at in range(start + 1, end):
                    weight += chain.transitions[last, inside] + batch[row, at, inside]
                    last = inside
                if end == lengths[row]:
                    weight += chain.end[last]
                else:
                    follows = chain.transitions[last] + batch[row, end] + backward[row, end]
                    follows[inside] = -np.inf  # else the span would go on
                    weight += _log_sum(follows)
                found[number].append(float(np.exp(min(weight - whole[row], 0.0))))
    return found


def _forward(batch: np.ndarray, lengths: np.ndarray, chain: Chain) -> np.ndarray:
    """(N, T, K) logarithms of what all paths to a tag weigh; beyond a document as at its end."""
    weights = [chain.begin + batch[:, 0]]
    for at in range(1, batch.shape[1]):
        new = _log_sum(weights[-1][:, :, None] + chain.transitions, axis=1) + batch[:, at]
        weights.append(np.where((at < lengths)[:, None], new, weights[-1]))
    return np.stack(weights, axis=1)


def _backward(batch: np.ndarray, lengths: np.ndarray, chain: Chain) -> np.ndarray:
    """(N, T, K) logarithms of what all paths from behind a tag weigh."""
    ends = np.broadcast_to(chain.end, batch[:, 0].shape)
    weights = [ends]
    for at in range(batch.shape[1] - 1, 0, -1):
        behind = (batch[:, at] + weights[-1])[:, None]
        new = _log_sum(chain.transitions + behind, axis=2)
        weights.append(np.where((at < lengths)[:, None], new, ends))
    return np.stack(weights[::-1], axis=1)


def _log_sum(values: np.ndarray, axis: int = -1) -> np.ndarray:
    most = values.max(axis=axis, keepdims=True)
    most = np.where(np.isfinite(most), most, 0.0)
    with np.errstate(divide="ignore"):
        return np.squeeze(most, axis) + np.log(np.exp(values - most).sum(axis=axis))


def _batches(
    scores: Sequence[np.ndarray],
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Documents that have words, like lengths together: their numbers, (N, T, K), lengths (N,)."""
    lengths = np.array([len(score) for score in scores], int)
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    for start in range(0, len(order), TOGETHER):
        numbers = order[start : start + TOGETHER]
        held = lengths[numbers]
        batch = np.zeros((len(numbers), held.max(), scores[numbers[0]].shape[1]))
        for row, number in enumerate(numbers):
            batch[row, : held[row]] = scores[number]
        yield numbers, batch, held
