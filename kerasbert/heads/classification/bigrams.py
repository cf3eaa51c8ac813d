"""Pairs of neighbouring tokens as features: which of them count, and where each is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerasbert.tokenizer.special_ids import OURS, SpecialIds

# Of a pair that a single text has, nothing is learned: on 468 documents of debtags a linear SVM
# with these had a test micro F1 of 0.432, without them 0.455.
LEAST_TEXTS = 2
# With so many, keys fit int32 whatever the vocabulary: first and second tokens are no more than
# pairs, and 2^15 x 2^15 keys are 2^30. JAX has no int64 unless asked.
MOST_BIGRAMS = 1 << 15
NOWHERE = -(1 << 30)  # of a token that begins, or ends, no pair: its keys are below 0


@dataclass(frozen=True)
class Bigrams:
    """A table of P pairs of tokens (a, b), each a number that is found by its key.

    The key is first[a] + second[b]. Tokens are numbered anew for it, those that begin a pair and
    those that end one, so that keys of any vocabulary of V tokens fit int32.

    Attributes:
        first: (V,) int32, the number of a token that begins pairs times that of tokens which end
            one; `NOWHERE` of other tokens.
        second: (V,) int32, the number of a token that ends pairs; `NOWHERE` of other tokens.
        keys: (P,) int32, ascending.
    """

    first: np.ndarray
    second: np.ndarray
    keys: np.ndarray

    @classmethod
    def count(
        cls,
        rows: Sequence[np.ndarray],
        vocabulary_size: int,
        special: SpecialIds = OURS,
        most: int = MOST_BIGRAMS,
    ) -> Bigrams:
        """Those pairs that at least two texts have, of more than `most` the most frequent.

        Args:
            rows: of each text its token ids, (n,) int in [0, V).
            vocabulary_size: V.
            special: tokens that are part of no pair.
            most: P at most.
        """
        is_word = np.ones(vocabulary_size, bool)
        is_word[special.ids] = False
        pairs = [np.zeros(0, np.int64)]
        for ids in rows:
            a, b = ids[:-1].astype(np.int64), ids[1:]
            pairs.append(np.unique((a * vocabulary_size + b)[is_word[a] & is_word[b]]))
        found, texts = np.unique(np.concatenate(pairs), return_counts=True)
        found, texts = found[texts >= LEAST_TEXTS], texts[texts >= LEAST_TEXTS]
        if len(found) > min(most, MOST_BIGRAMS):
            order = np.argsort(-texts, kind="stable")
            found = np.sort(found[order[: min(most, MOST_BIGRAMS)]])
        begin, a = np.unique(found // vocabulary_size, return_inverse=True)
        end, b = np.unique(found % vocabulary_size, return_inverse=True)
        first, second = np.full((2, vocabulary_size), NOWHERE, np.int32)
        first[begin] = np.arange(len(begin)) * len(end)
        second[end] = np.arange(len(end))
        return cls(first, second, (a * len(end) + b).astype(np.int32))

    def __len__(self) -> int:
        return len(self.keys)

    def find(self, token_ids: np.ndarray) -> np.ndarray:
        """The numbers, from 0 to P - 1, of those pairs of a text that are in the table."""
        if not len(self):
            return np.zeros(0, np.int64)
        keys = self.first[token_ids[:-1]] + self.second[token_ids[1:]]
        place = np.minimum(np.searchsorted(self.keys, keys), len(self) - 1)
        return place[self.keys[place] == keys]
