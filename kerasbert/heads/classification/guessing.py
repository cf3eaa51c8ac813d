"""What an answer is worth that never looks at the text."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from kerasbert.evaluation.f1 import f1_scores


def guesses(data: Mapping[str, Any], parts: Iterable[str], kind: str) -> dict[str, dict[str, Any]]:
    """The figures of always the same answer: the most frequent label of the training data.

    For "multi-label" it is every label that half of these documents have, if there is one.

    Args:
        data: the `LabeledBatches`, "train" among them.
        parts: that are judged.
        kind: of classification.
    """
    shares = (np.asarray(data["train"].gold) > 0).mean(axis=0)
    answer = shares >= 0.5
    if kind != "multi-label" or not answer.any():
        answer = np.arange(len(shares)) == shares.argmax()
    return {
        name: f1_scores(np.tile(answer, (len(part.gold), 1)), part.gold, part.unseen)
        for name in parts
        for part in [data[name]]
    }
