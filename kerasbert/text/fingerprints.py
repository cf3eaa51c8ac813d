"""Fingerprints of texts: to tell, in a few bytes a text, which are the same or nearly the same."""

import hashlib
import itertools
import string
import zlib
from collections.abc import Sequence

import numpy as np

GRAM = 8  # words
SAMPLED = 8  # one gram in so many is kept

# Case, digits and ASCII punctuation make no difference; letters beyond ASCII stay as they are.
_PLAIN = bytes.maketrans(
    (string.ascii_uppercase + string.digits + string.punctuation).encode(),
    (string.ascii_lowercase + " " * len(string.digits + string.punctuation)).encode(),
)
_FACTORS = np.array([pow(0x9E3779B97F4A7C15, n, 1 << 64) for n in range(GRAM)], np.uint64)
_LARGE = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)


def bare_words(text: str) -> list[bytes]:
    """The words that count: split at white space, digits and ASCII punctuation, in lower case."""
    return text.encode().translate(_PLAIN).split()


def text_hash(words: list[bytes]) -> int:
    """64 bits, equal for equal words."""
    return int.from_bytes(hashlib.blake2b(b" ".join(words), digest_size=8).digest(), "little")


def sampled_grams(words: list[bytes]) -> np.ndarray:
    """A fair sample of the text's word 8-grams, as distinct hashes (G,) uint64.

    A gram is in the sample of every text that holds it, or of none, except that each text also
    keeps its smallest one; so the share of common hashes estimates the share of common grams. A
    text of fewer than 8 words is one gram.

    Source: Manber 1994, "Finding Similar Files in a Large File System", section 2 (fingerprints
    chosen by their own value).
    """
    return np.unique(sampled_grams_of([words])[0])


def sampled_grams_of(texts: Sequence[list[bytes]]) -> tuple[np.ndarray, np.ndarray]:
    """The same for many texts at once: all hashes (G,) uint64, and how many are of each text (N,).

    Here a hash may come twice in a text.
    """
    # The CRC of no bytes is 0: so a short text is filled up.
    filled = [words + [b""] * (GRAM - len(words)) for words in texts]
    lengths = np.fromiter(map(len, filled), np.int64, len(filled))
    words = itertools.chain.from_iterable(filled)
    codes = np.fromiter(map(zlib.crc32, words), np.uint64, int(lengths.sum()))
    grams = np.zeros(len(codes) - GRAM + 1, np.uint64)
    for place, factor in enumerate(_FACTORS):
        grams += codes[place : place + len(grams)] * factor
    inside = np.ones(len(codes), bool)  # not across the border of two texts
    inside[(np.cumsum(lengths)[:, None] - np.arange(1, GRAM)).ravel()] = False
    grams = grams[inside[: len(grams)]]
    grams = (grams ^ (grams >> _HALF)) * _LARGE  # sums of products are not yet well mixed
    grams ^= grams >> _HALF
    counts = lengths - GRAM + 1
    starts = np.cumsum(counts) - counts
    smallest = np.repeat(np.minimum.reduceat(grams, starts), counts)
    kept = (grams % np.uint64(SAMPLED) == 0) | (grams == smallest)
    return grams[kept], np.add.reduceat(kept.astype(np.int64), starts)
