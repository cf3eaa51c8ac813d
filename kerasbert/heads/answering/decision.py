"""From what a model says of tokens to answers: one of the context, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasbert.choices import AnswerUnit
from kerasbert.errors import InputError
from kerasbert.evaluation.exact_match import answer_figures
from kerasbert.heads.answering.decoding import (
    Found,
    Window,
    answer_text,
    best_answers,
    best_threshold,
)
from kerasbert.heads.tokens import TokenOutputs


@dataclass(frozen=True)
class Threshold:
    """When a question is said to have no answer.

    Attributes:
        lack: how far the score of [CLS] may be above that of the best answer; None where every
            question has one.
        documents: on which it was fitted; 0 where it was not.
    """

    lack: float | None
    documents: int = 0

    def gives(self, found: Found) -> bool:
        """Whether the best answer is given, rather than none."""
        if not len(found.scores):
            return False
        return self.lack is None or found.lack <= self.lack

    def to_json(self) -> dict[str, Any]:
        """For metrics.json."""
        return {"lack": self.lack, "documents": self.documents}

    @classmethod
    def of_metrics(cls, metrics: Mapping[str, Any]) -> Threshold:
        """That of a run.

        Raises:
            InputError: metrics.json has none.
        """
        try:
            known = metrics["no_answer"]
            return cls(known["lack"], known["documents"])
        except (KeyError, TypeError):
            raise InputError(
                "metrics.json does not say when a question has no answer, as a run of answering"
                " does."
            ) from None


def all_found(outputs: TokenOutputs, answer_length: int) -> list[Found]:
    """The best answers to each of N questions.

    Args:
        outputs: (L, 2) of each row.
        answer_length: tokens of the longest answer.
    """
    return [
        best_answers([_window(outputs, row) for row in rows], answer_length)
        for rows in outputs.places.by_document()
    ]


def _window(outputs: TokenOutputs, number: int) -> Window:
    places, scores = outputs.places, outputs.rows[number]
    row = places.rows[number]
    tokens, held = slice(row.first, row.first + row.count), slice(row.at, row.at + row.count)
    begins, ends = np.zeros(len(scores), np.int64), np.zeros(len(scores), np.int64)
    inside = np.zeros(len(scores), bool)
    begins[held], ends[held] = (
        places.starts[row.document][tokens],
        places.ends[row.document][tokens],
    )
    inside[held] = True
    return Window(scores, begins, ends, inside)


def given_answers(
    found: Sequence[Found], contexts: Sequence[str], threshold: Threshold
) -> list[str]:
    """The answer to each question, "" for none."""
    return [
        answer_text(context, int(one.begins[0]), int(one.ends[0]))[0]
        if threshold.gives(one)
        else ""
        for one, context in zip(found, contexts, strict=True)
    ]


def fit_threshold(
    found: Sequence[Found],
    contexts: Sequence[str],
    gold: Sequence[Sequence[str]],
    unit: AnswerUnit,
) -> Threshold:
    """The one with the highest F1 on validation data."""
    always = given_answers(found, contexts, Threshold(None))
    _, answered = answer_figures(always, gold, unit)
    _, unanswered = answer_figures([""] * len(gold), gold, unit)
    lacks = np.array([one.lack for one in found])
    lack, _ = best_threshold(lacks, np.array(answered), np.array(unanswered))
    return Threshold(lack, len(gold))
