"""What a model says of documents, read as spans of words with types."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerasbert.choices import WordsName
from kerasbert.heads.tagging.chain import Chain, best_paths, span_probabilities
from kerasbert.heads.tagging.words import filled, word_scores
from kerasbert.heads.tokens import TokenOutputs
from kerasbert.text.tag_schemes import Span, spans_of
from kerasbert.text.words import Spans


@dataclass(frozen=True)
class Tagged:
    """What a model says of a document.

    Attributes:
        words: where its W words stand.
        has_token: (W,) bool, whether a token begins in them.
        scores: (P, K) of those where one does.
        tags: W, in BIO.
        spans: the same, by words.
    """

    words: Spans
    has_token: np.ndarray
    scores: np.ndarray
    tags: list[str]
    spans: list[Span]


def chain_of(outputs: TokenOutputs, tags: int, crf: bool) -> Chain:
    """The chain that a CRF has put before its scores; without one, a free one."""
    if not crf or not outputs.rows:
        return Chain.free(tags)
    return Chain.of(outputs.rows[0][: tags + 2])


def read_tagged_words(
    outputs: TokenOutputs, tags: tuple[str, ...], crf: bool, how: WordsName
) -> list[Tagged]:
    """The best legal tags of each document.

    Args:
        outputs: of the model.
        tags: the K tags, in BIO.
        crf: whether a chain stands before the scores.
        how: words are told from each other.
    """
    found = word_scores(outputs, len(tags) + 2 if crf else 0, how)
    chain = chain_of(outputs, len(tags), crf).legal(tags)
    paths = best_paths([scores for _, _, scores in found], chain)
    read = []
    for (words, has_token, scores), path in zip(found, paths, strict=True):
        whole = filled([tags[number] for number in path], has_token)
        read.append(Tagged(words, has_token, scores, whole, spans_of(whole)))
    return read


def probabilities(
    read: list[Tagged], outputs: TokenOutputs, tags: tuple[str, ...], crf: bool
) -> list[list[float]]:
    """Of each span how probable it is, of the legal ones; words without a token do not count."""
    chain = chain_of(outputs, len(tags), crf).legal(tags)
    inner = []
    for one in read:
        before = np.concatenate([[0], np.cumsum(one.has_token)])
        inner.append([(int(before[s]), int(before[e]), kind) for s, e, kind in one.spans])
    return span_probabilities([one.scores for one in read], inner, tags, chain)
