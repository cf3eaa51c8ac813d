"""Labels and scores of documents as JSON values."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kerasbert.errors import InputError
from kerasbert.files import to_json
from kerasbert.heads.classification.decision import Decision


def label_answers(
    scores: np.ndarray,
    decision: Decision,
    names: Sequence[str],
    top_k: int | None = None,
    threshold: float | None = None,
    labels_only: bool = False,
) -> list[dict[str, Any]]:
    """An answer for each document.

    Args:
        scores: (N, K) float, the probability of each label.
        decision: how labels are chosen.
        names: the K labels.
        top_k: how many labels to answer with, those that are chosen before the others; all unless
            given.
        threshold: of multi-label answers: those that reach it and no others, whatever was fitted.
        labels_only: leave out "scores".

    Returns:
        a dict for each document: "labels" (the chosen ones, the most probable first) and "scores"
        (of these and of the others, by label).
    """
    if threshold is not None:
        decision = replace(decision, rule="threshold", threshold=threshold, top_k=None)
    chosen = decision.choose(scores)
    answers = []
    for row_scores, row_chosen in zip(scores, chosen, strict=True):
        order = np.argsort(-row_scores, kind="stable")
        if top_k is not None:  # by a threshold of its own, a less probable label may be chosen
            first = np.argsort(~row_chosen[order], kind="stable")[:top_k]
            order = order[np.sort(first)]
        values: dict[str, float | None] = {names[i]: round(float(row_scores[i]), 6) for i in order}
        answer: dict[str, Any] = {"labels": [names[i] for i in order if row_chosen[i]]}
        if labels_only:
            answers.append(answer)
            continue
        if not np.isfinite(row_scores).all():  # of a damaged model
            values |= {names[i]: None for i in order if not np.isfinite(row_scores[i])}
            answer["scores_reason"] = "the model's outputs are no finite numbers"
        answers.append({**answer, "scores": values})
    return answers


def label_cells(answer: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """An answer as cells of a table, the same columns for every answer.

    Args:
        answer: with "labels", and perhaps "scores".
        names: the K labels.

    Returns:
        "labels", parted by | (a JSON list where a label may hold one), and "score NAME" of each
        label, None where the answer has none.
    """
    labels = answer["labels"]
    joined = to_json(labels) if any("|" in name for name in names) else "|".join(labels)
    cells = {"labels": joined}
    if "scores" in answer:
        cells |= {f"score {name}": answer["scores"].get(name) for name in names}
    return cells


def next_answer(
    scores: np.ndarray, answer: Mapping[str, Any], names: Sequence[str]
) -> dict[str, Any] | None:
    """The most probable label that is not in an answer, with its score; None if all are.

    Args:
        scores: (K,) float, of one document.
        answer: to it, with "labels".
        names: the K labels.
    """
    for index in np.argsort(-scores, kind="stable"):
        if (name := names[index]) not in answer["labels"]:
            return {"labels": [name], "scores": {name: round(float(scores[index]), 6)}}
    return None


def check_threshold(kind: str, options: Mapping[str, Any]) -> None:
    """Refuse a threshold where labels exclude each other.

    Raises:
        InputError: saying so.
    """
    if "threshold" in options and kind != "multi-label":
        raise InputError(
            f"--threshold: expected a multi-label run, this one is {kind}: each text gets its most"
            ' probable label. Leave the flag out, and filter the answers by "scores".'
        )
