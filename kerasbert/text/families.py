"""Which documents are nearly the same: a split must not part them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerasbert.text.documents import LabeledDocument
from kerasbert.text.fingerprints import (
    SAMPLED,
    gram_words,
    nearly_key,
    same_key,
    sampled_grams_of,
)

NEAR = 0.5  # the share of common 8-grams from which two texts are nearly the same
_TOGETHER = 256  # texts whose 8-grams are counted in one go
_ALL = 50_000_000  # characters of which every 8-gram fits into memory; of more a sample does
_LARGE = 0.5  # the share of all documents beyond which a family says nothing


def families(documents: Sequence[LabeledDocument]) -> tuple[np.ndarray, np.ndarray]:
    """Number the documents so that those which are nearly the same have one number.

    They are the same but for case, white space, digits and punctuation; or share half of the word
    8-grams of the shorter one, and so on from one to the next. If that joins more than half of all,
    as with forms that are filled in, only the former counts; if that does, too, as with words made
    of numbers, only case and white space.

    Returns:
        the number of each document (N,), and the hash of its text (N,) uint64; neither depends on
        the order of the documents but for which number a family has.
    """
    same = np.fromiter((same_key(d.texts) for d in documents), np.uint64, len(documents))
    nearly = np.fromiter((nearly_key(d.texts) for d in documents), np.uint64, len(documents))
    known = np.flatnonzero(nearly)
    same_text = _chains(np.arange(len(same)), same)
    alike = np.concatenate([same_text, _chains(known, nearly[known])])
    sharing = np.concatenate([alike, _sharing(documents, same)])
    for pairs in (sharing, alike):
        numbers = _joined(len(documents), pairs)
        if np.bincount(numbers).max(initial=0) <= _LARGE * len(documents):
            return numbers, same
    return _joined(len(documents), same_text), same


def _chains(rows: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Pairs (P, 2) of rows that follow each other among those of one key."""
    order = np.argsort(keys, kind="stable")
    equal = keys[order[1:]] == keys[order[:-1]]
    return np.stack([rows[order[:-1][equal]], rows[order[1:][equal]]], axis=1)


def _sharing(documents: Sequence[LabeledDocument], same: np.ndarray) -> np.ndarray:
    """Pairs (P, 2) of documents that share half of the 8-grams of the smaller one.

    A gram counts between the document with the smallest hash of all that hold it, and each other.
    """
    order = np.argsort(same, kind="stable")
    characters = sum(len(text) for document in documents for text in document.texts)
    sampled = 1 if characters <= _ALL else SAMPLED
    grams, owners = [], []
    for start in range(0, len(order), _TOGETHER):
        rows = order[start : start + _TOGETHER]
        words = [gram_words(documents[row].texts) for row in rows]
        found, counts = sampled_grams_of(words, sampled)
        grams.append(found)
        owners.append(np.repeat(np.arange(start, start + len(rows)), counts))
    gram, owner = np.concatenate(grams), np.concatenate(owners)
    by_gram = np.lexsort((owner, gram))
    gram, owner = gram[by_gram], owner[by_gram]
    fresh = np.ones(len(gram), bool)  # one of each gram and owner
    fresh[1:] = (gram[1:] != gram[:-1]) | (owner[1:] != owner[:-1])
    gram, owner = gram[fresh], owner[fresh]
    sizes = np.bincount(owner, minlength=len(documents))
    begins = np.ones(len(gram), bool)
    begins[1:] = gram[1:] != gram[:-1]
    holder = owner[begins][np.cumsum(begins) - 1]
    other = holder != owner
    pairs, common = np.unique(holder[other] * len(documents) + owner[other], return_counts=True)
    first, second = pairs // len(documents), pairs % len(documents)
    near = common >= NEAR * np.minimum(sizes[first], sizes[second])
    return order[np.stack([first[near], second[near]], axis=1)]


def _joined(count: int, pairs: np.ndarray) -> np.ndarray:
    """Number (N,) what pairs join, by rising first member."""
    parent = np.arange(count)

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for left, right in pairs.tolist():
        a, b = root(left), root(right)
        parent[max(a, b)] = min(a, b)
    return np.unique([root(row) for row in range(count)], return_inverse=True)[1]
