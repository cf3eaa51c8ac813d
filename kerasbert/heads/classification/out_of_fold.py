"""What a document would be answered by a model that has not seen it: by folds, TF-IDF and SVMs."""

from collections.abc import Callable, Sequence

import numpy as np

from kerasbert.heads.classification.linear_svc import score_each_label, word_features
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.fingerprints import nearly_key, same_key

FOLDS = 5
FARTHEST = 30.0  # a decision score beyond this says no more


def out_of_fold(
    documents: Sequence[LabeledDocument],
    gold: np.ndarray,
    exclusive: bool,
    progress: Callable[[int], None] = lambda done: None,
) -> tuple[np.ndarray, np.ndarray]:
    """(N, K) float64 decision scores and probabilities, each document's by SVMs without it.

    Texts that are the same, or differ in digits and punctuation only, are in one fold: none of them
    is answered by what is written at another. Scores become probabilities by one scale for all
    labels, fitted on these very scores.

    Args:
        documents: N of them.
        gold: (N, K) bool.
        exclusive: whether a document has one label.
        progress: called with how many SVMs were trained since it was called last.

    Raises:
        InputError: no text has a word.

    Source: Stone 1974, "Cross-validatory choice and assessment of statistical predictions".
    """
    features = word_features([" ".join(document.texts) for document in documents])
    folds, scores = folds_of(documents), np.zeros(gold.shape)
    for fold in range(FOLDS):
        held_out = folds == fold
        if not held_out.any() or held_out.all():
            continue
        (scores[held_out],) = score_each_label(
            features[~held_out], gold[~held_out], [features[held_out]], lambda done, of: progress(1)
        )
    scores = np.clip(scores, -FARTHEST, FARTHEST)
    return scores, _probabilities(scores, gold, exclusive)


def folds_of(documents: Sequence[LabeledDocument]) -> np.ndarray:
    """(N,) the fold of each document; nearly equal texts have one, and it never changes."""
    keys = [nearly_key(document.texts) or same_key(document.texts) for document in documents]
    distinct = {key: place for place, key in enumerate(sorted(set(keys)))}
    return np.array([distinct[key] % FOLDS for key in keys])


def _probabilities(scores: np.ndarray, gold: np.ndarray, exclusive: bool) -> np.ndarray:
    """Of decision scores, by the scale under which the labels as they stand are likeliest."""

    def likely(scale: float) -> np.ndarray:
        if exclusive:
            raised = np.exp(scale * (scores - scores.max(axis=1, keepdims=True)))
            return raised / raised.sum(axis=1, keepdims=True)
        return 1 / (1 + np.exp(-scale * scores))

    def surprise(scale: float) -> float:
        found = np.clip(likely(scale), 1e-12, 1 - 1e-12)
        if exclusive:
            return -float(np.log(found[gold]).mean())
        return -float(np.where(gold, np.log(found), np.log1p(-found)).mean())

    return likely(min(np.geomspace(0.25, 16, 25), key=surprise))
