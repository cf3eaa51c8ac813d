"""Labels that are likely wrong, as the other documents have it."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasbert.errors import InputError
from kerasbert.heads.classification.out_of_fold import FOLDS, out_of_fold
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.kinds import LabelTally
from kerasbert.text.labels import LabelSet

FEWEST = 2 * FOLDS  # documents of a label that is judged: of fewer a fold may have seen none


def doubtful_labels(
    documents: Sequence[LabeledDocument], progress: Callable[[int], None] = lambda done: None
) -> dict[str, Any]:
    """What `Head.doubts` has of labels: confident learning on answers by folds.

    Each document is answered by a model that has not seen it (`out_of_fold`); which labels
    contradict these answers by more than the model's own errors, cleanlab says.

    Args:
        documents: with their labels.
        progress: called with how many SVMs were trained since it was called last.

    Raises:
        InputError: cleanlab is not installed, or no label has enough documents.

    Sources: Northcutt et al. 2021, https://arxiv.org/abs/1911.00068, section 3; of several labels
    Thyagarajan et al. 2022, https://arxiv.org/abs/2211.13895.
    """
    _check_installed()
    counts: Counter[str] = Counter(label for one in documents for label in one.labels)
    judged = sorted(label for label, count in counts.items() if count >= FEWEST)
    if len(judged) < (2 if LabelTally(documents).odd == 0 else 1):
        raise InputError(
            f"--labels: expected labels with at least {FEWEST} documents each, found"
            f" {len(judged)} of them. Leave it out: so few say nothing of each other."
        )
    exclusive = not LabelTally(documents).odd
    known, labels = set(judged), LabelSet(tuple(judged))
    kept = [n for n, one in enumerate(documents) if not exclusive or one.labels[0] in known]
    seen = [documents[n] for n in kept]
    gold = labels.encode(seen) > 0
    scores, probabilities = out_of_fold(seen, gold, exclusive, progress)
    # How far each label, or its absence, is on its own side, by the SVM of this label alone: of 100
    # labels planted in 2,000 documents of 67 classes 51 were among the first 100 so, and 40 by the
    # probability beside all other labels.
    sides = 1 / (1 + np.exp(np.where(gold, -scores, scores)))
    found = (_of_one if exclusive else _of_several)(gold, probabilities, sides)
    rows = [
        {
            "document": kept[row],
            "labels": list(seen[row].labels),
            "suggested": _suggested(seen[row].labels, judged, wrong),
            "score": round(float(score), 4),
        }
        for row, wrong, score in sorted(found, key=lambda one: (one[2], one[0]))
    ]
    return {
        "rows": rows,
        "of": len(seen),
        "judged": len(judged),
        "labels": len(counts),
        "agreement": _agreement(gold, probabilities, exclusive),
    }


def _agreement(gold: np.ndarray, probabilities: np.ndarray, exclusive: bool) -> float:
    """Micro F1 of the answers by folds, which says how much to give on them."""
    answered = probabilities >= 0.5
    if exclusive:
        answered = np.eye(gold.shape[1], dtype=bool)[probabilities.argmax(axis=1)]
    return 2 * float((answered & gold).sum()) / max(1, int(answered.sum() + gold.sum()))


def _suggested(given: Sequence[str], names: list[str], wrong: np.ndarray) -> list[str]:
    """The labels with those that are wrong turned round."""
    turned = {names[int(k)] for k in np.flatnonzero(wrong)}
    return [name for name in given if name not in turned] + sorted(turned - set(given))


Found = list[tuple[int, np.ndarray, float]]  # row, labels to turn, and how sure these are


def _of_one(gold: np.ndarray, probabilities: np.ndarray, sides: np.ndarray) -> Found:
    """Of exclusive labels."""
    from cleanlab.filter import find_label_issues

    given, likeliest = gold.argmax(axis=1), probabilities.argmax(axis=1)
    doubtful = find_label_issues(given, probabilities, n_jobs=1) & (given != likeliest)
    turned = np.eye(gold.shape[1], dtype=bool)
    return [
        (row, turned[given[row]] | turned[likeliest[row]], sides[row, given[row]])
        for row in map(int, np.flatnonzero(doubtful))
    ]


def _of_several(gold: np.ndarray, probabilities: np.ndarray, sides: np.ndarray) -> Found:
    """Where each label is a decision of its own."""
    from cleanlab.filter import find_label_issues

    doubtful = np.zeros(gold.shape, bool)
    for k in range(gold.shape[1]):
        if not gold[:, k].all():
            both = np.stack([1 - probabilities[:, k], probabilities[:, k]], axis=1)
            doubtful[:, k] = find_label_issues(gold[:, k].astype(int), both, n_jobs=1)
    doubtful &= gold != (probabilities >= 0.5)
    return [
        (row, doubtful[row], sides[row, doubtful[row]].min())
        for row in map(int, np.flatnonzero(doubtful.any(axis=1)))
    ]


def _check_installed() -> None:
    try:
        import cleanlab  # noqa: F401
        import sklearn  # noqa: F401
    except ImportError as error:
        raise InputError(
            f"--labels needs the package {error.name}. Install it with: pip install"
            " 'kerasbert[labels]'"
        ) from None
