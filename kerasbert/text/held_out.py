"""Which documents of a corpus are held out, to validate pre-training on."""

import numpy as np


def validation_documents(hashes: np.ndarray, share: float = 0.01, minimum: int = 200) -> np.ndarray:
    """Choose the documents that are never trained on.

    `share` of the documents, at least `minimum`, never more than a fifth of all: those with the
    smallest mixed hash. So duplicates stay together, and the choice depends neither on the order of
    the corpus nor on a seed. Duplicates too many for the fifth stay in training as a whole, so a
    corpus of less than five documents, or of one text only, has no validation documents.

    Args:
        hashes: uint64 (N,) hash of each document's text.
        share: of all documents.
        minimum: number of documents.

    Returns:
        bool (N,), True for validation.
    """
    hashes = np.asarray(hashes, np.uint64)
    most = len(hashes) // 5
    wanted = min(max(int(np.ceil(share * len(hashes))), minimum), most)
    texts, times = np.unique(hashes, return_counts=True)
    chosen: list[int] = []
    taken = 0
    for index in np.argsort(_mix(texts), kind="stable"):
        if taken >= wanted:
            break
        if taken + times[index] <= most:
            chosen.append(index)
            taken += int(times[index])
    return np.isin(hashes, texts[np.array(chosen, np.int64)])


def _mix(hashes: np.ndarray) -> np.ndarray:
    """Scramble uint64 values (SplitMix64), so that the choice is independent of how they arose."""
    mixed = hashes + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
