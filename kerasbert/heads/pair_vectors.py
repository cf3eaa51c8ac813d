"""Texts, or pairs of them, as vectors for a linear model."""

from collections.abc import Callable, Sequence

import numpy as np

Embed = Callable[[Sequence[tuple[str, ...]]], np.ndarray]


def sides(embed: Embed, texts: Sequence[tuple[str, ...]]) -> list[np.ndarray]:
    """(N, P) of each text, or of both of each pair, each alone and of length 1."""
    found = [embed([(row[side],) for row in texts]) for side in range(len(texts[0]))]
    return [one / np.maximum(np.linalg.norm(one, axis=1, keepdims=True), 1e-12) for one in found]


def features(both: Sequence[np.ndarray]) -> np.ndarray:
    """(N, P) of texts; of pairs u, v, |u - v| and u * v beside each other, (N, 4P).

    As sentence encoders compare them (Conneau et al. 2017, "Supervised Learning of Universal
    Sentence Representations from Natural Language Inference Data", section 3.1).
    """
    if len(both) == 1:
        return both[0]
    u, v = both
    return np.concatenate([u, v, np.abs(u - v), u * v], axis=1)
