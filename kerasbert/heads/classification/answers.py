"""Labels and scores of documents as JSON values."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasbert.heads.classification.decision import Decision


def label_answers(
    scores: np.ndarray, decision: Decision, names: Sequence[str], top_k: int | None = None
) -> list[dict[str, Any]]:
    """An answer for each document.

    Args:
        scores: (N, K) float, the probability of each label.
        decision: how labels are chosen.
        names: the K labels.
        top_k: how many labels to answer with, those that are chosen before the others; all unless
            given.

    Returns:
        a dict for each document: "labels" (the chosen ones, the most probable first) and "scores"
        (of these and of the others, by label).
    """
    chosen = decision.choose(scores)
    answers = []
    for row_scores, row_chosen in zip(scores, chosen, strict=True):
        order = np.argsort(-row_scores, kind="stable")
        if top_k is not None:  # by a threshold of its own, a less probable label may be chosen
            first = np.argsort(~row_chosen[order], kind="stable")[:top_k]
            order = order[np.sort(first)]
        values: dict[str, float | None] = {names[i]: round(float(row_scores[i]), 6) for i in order}
        answer: dict[str, Any] = {"labels": [names[i] for i in order if row_chosen[i]]}
        if not np.isfinite(row_scores).all():  # of a damaged model
            values |= {names[i]: None for i in order if not np.isfinite(row_scores[i])}
            answer["scores_reason"] = "the model's outputs are no finite numbers"
        answers.append({**answer, "scores": values})
    return answers
