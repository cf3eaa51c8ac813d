"""A uniform sample of a corpus of any size, for training a tokenizer.

Every document draws a number from its place in the inputs and the seed; those that drew the
smallest are the sample. So it is the same for any cut into pieces and any number of workers, and
each piece is sampled by itself.

Source: Vitter 1985, "Random Sampling with a Reservoir", and its form with random keys: Efraimidis
and Spirakis 2006, "Weighted random sampling with a reservoir".
"""

from __future__ import annotations

import hashlib
import itertools
import struct
from collections.abc import Iterable, Sequence

from kerasbert.corpus.prepare.pieces import Document
from kerasbert.corpus.prepare.sources import Source

_DRAWN = 1 << 64
_SPARE = 1.25  # as many are drawn, so that chance does not leave the sample too small


def sample_share(sources: Sequence[Source], size: int) -> float:
    """The share of documents that must be drawn for a sample of `size` bytes.

    Packed inputs count as stored, so more is drawn of them than is kept.
    """
    total = sum(source.size for source in sources)
    return min(1.0, _SPARE * size / max(total, 1))


def sample_piece(
    documents: Iterable[Document], source: int, share: float, seed: int = 0
) -> list[tuple[int, str]]:
    """Draw from the documents of a piece.

    Args:
        documents: of the piece.
        source: number of the piece's source among the inputs.
        share: of `sample_share`.
        seed: another seed draws another sample.

    Returns:
        (number drawn, text) of those whose number is small enough for the sample.
    """
    most = int(share * _DRAWN)
    drawn = ((_draw(seed, source, document.position), document.text) for document in documents)
    return [pair for pair in drawn if pair[0] < most]


def merge_samples(samples: Iterable[list[tuple[int, str]]], size: int) -> list[str]:
    """The texts of all pieces' samples that drew the smallest numbers, about `size` bytes.

    Memory is bounded by twice the size and one piece's sample.
    """
    kept: list[tuple[int, str]] = []
    held = 0
    for sample in samples:
        kept += sample
        held += sum(_bytes(text) for _, text in sample)
        if held > 2 * size:
            kept = _smallest(kept, size)
            held = sum(_bytes(text) for _, text in kept)
    return [text for _, text in _smallest(kept, size)]


def _smallest(pairs: list[tuple[int, str]], size: int) -> list[tuple[int, str]]:
    """In the order of their numbers, until the size is reached."""
    pairs = sorted(pairs)
    sizes = itertools.accumulate((_bytes(text) for _, text in pairs), initial=0)
    return [pair for pair, before in zip(pairs, sizes, strict=False) if before < size]


def _draw(seed: int, source: int, position: int) -> int:
    key = struct.pack("<qQQ", seed, source, position)
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "little")


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
