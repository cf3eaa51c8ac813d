"""Answers to questions as JSON values."""

from __future__ import annotations

from typing import Any

from kerasbert.heads.answering.decision import Threshold
from kerasbert.heads.answering.decoding import Found, answer_text


def answer_record(
    found: Found, context: str, threshold: Threshold, unanswerable: bool
) -> dict[str, Any]:
    """ "answer", its "start" and "end" in the context, "probability", and "runner_up".

    An answer that is None says that the context holds none; the runner-up is the best one then,
    and else the best one that shares no character with the answer.

    Args:
        found: of the question.
        context: of the question.
        threshold: when no answer is given.
        unanswerable: whether questions may have none; then "no_answer" is its probability.
    """
    probabilities, none = found.probabilities(unanswerable)
    finite = lambda value: round(float(value), 6) if value == value else None  # noqa: E731

    def record(place: int) -> dict[str, Any]:
        text, begin, end = answer_text(context, int(found.begins[place]), int(found.ends[place]))
        return {
            "answer": text,
            "start": begin,
            "end": end,
            "probability": finite(probabilities[place]),
        }

    further = {"no_answer": finite(none)} if unanswerable else {}
    if threshold.gives(found):
        second = found.runner_up()
        return record(0) | further | {"runner_up": record(second) if second is not None else None}
    answer: dict[str, Any] = {"answer": None, "start": None, "end": None}
    answer["probability"] = finite(none) if unanswerable else None
    if not len(found.scores):
        answer["answer_reason"] = "no token of the context can be an answer"
    return answer | further | {"runner_up": record(0) if len(found.scores) else None}
