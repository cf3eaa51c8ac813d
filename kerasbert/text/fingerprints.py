"""Fingerprints of texts: to tell, in a few bytes a text, which are the same or nearly the same."""

import hashlib
import itertools
import string
import zlib
from collections.abc import Sequence

import numpy as np

GRAM = 8  # words
SAMPLED = 8  # one gram in so many is kept


def _lower_without(left_out: str) -> bytes:
    """For `bytes.translate`: ASCII in lower case, these characters as spaces."""
    return bytes.maketrans(
        (string.ascii_uppercase + left_out).encode(),
        (string.ascii_lowercase + " " * len(left_out)).encode(),
    )


# Letters beyond ASCII stay as they are.
_LETTERS_ONLY = _lower_without(string.digits + string.punctuation)
_NO_PUNCTUATION = _lower_without(string.punctuation)
_FACTORS = np.array([pow(0x9E3779B97F4A7C15, n, 1 << 64) for n in range(GRAM)], np.uint64)
_LARGE = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)


def bare_words(text: str) -> list[bytes]:
    """The words without digits and ASCII punctuation, in lower case; a digit splits a word."""
    return text.encode().translate(_LETTERS_ONLY).split()


def gram_words(texts: Sequence[str]) -> list[bytes]:
    """The words of a text, or of a pair, whose 8-grams are compared: no case, no ASCII punctuation.

    Where there are fewer than 8 it is the whole text as one word: only the same text matches.
    """
    sides = (text.encode().translate(_NO_PUNCTUATION).split() for text in texts)
    words = list(itertools.chain.from_iterable(sides))
    return words if len(words) >= GRAM else [_plain(texts)]


def same_key(texts: Sequence[str]) -> int:
    """64 bits of a text, or of a pair: equal where they are equal but for case and white space."""
    return text_hash([_plain(texts)])


def nearly_key(texts: Sequence[str]) -> int:
    """64 bits, equal where only digits and ASCII punctuation may differ as well.

    0, which is nobody's, where letters are half of the text or less, as in a code or a number: what
    is left of it says too little.
    """
    bare = b"\t".join(b" ".join(bare_words(text)) for text in texts)
    if 2 * _filled(bare) <= sum(_filled(text.encode()) for text in texts):
        return 0
    return text_hash([bare])


def _filled(text: bytes) -> int:
    """Bytes that are no white space, but for rare kinds of it."""
    return len(text) - text.count(b" ") - text.count(b"\t")


def _plain(texts: Sequence[str]) -> bytes:
    return "\t".join(" ".join(text.casefold().split()) for text in texts).encode()


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


def sampled_grams_of(
    texts: Sequence[list[bytes]], sampled: int = SAMPLED
) -> tuple[np.ndarray, np.ndarray]:
    """The same for many texts at once: all hashes (G,) uint64, and how many are of each text (N,).

    Here a hash may come twice in a text. One gram in `sampled` is kept.
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
    kept = (grams % np.uint64(sampled) == 0) | (grams == smallest)
    return grams[kept], np.add.reduceat(kept.astype(np.int64), starts)
