"""What the report of a run of answering shows of questions."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasbert.choices import AnswerUnit
from kerasbert.evaluation.exact_match import answer_figures
from kerasbert.heads.answering.answers import answer_record
from kerasbert.heads.answering.decision import Threshold
from kerasbert.heads.answering.decoding import Found
from kerasbert.heads.answering.groups import grouped, length_group, length_of, question_word
from kerasbert.report.browser import MOST
from kerasbert.text.questions import QuestionDocument


def question_rows(
    found: Sequence[Found],
    questions: Sequence[QuestionDocument],
    threshold: Threshold,
    unit: AnswerUnit,
    unanswerable: bool,
) -> dict[str, list[dict[str, Any]]]:
    """The tables "question_words" and "lengths", the "worst" misses, the surest ones first, and
    "counts" (one row: documents, and how many of them are missed).
    """
    answers = [
        answer_record(one, question.context, threshold, unanswerable)
        for one, question in zip(found, questions, strict=True)
    ]
    matches, f1 = answer_figures(
        [one["answer"] or "" for one in answers], [one.gold for one in questions], unit
    )
    words = [question_word(one.question) for one in questions]
    lengths = [length_of(one, unit) for one in questions]
    order = np.argsort(lengths, kind="stable")
    by_length = grouped(
        [length_group(lengths[place], unit) for place in order],
        [matches[place] for place in order],
        [f1[place] for place in order],
        "answer",
    )
    sure = np.array([one["probability"] or 0.0 for one in answers])
    worst = [place for place in np.lexsort((-sure, np.array(f1))).tolist() if f1[place] < 1]
    first = {length_group(length, unit): length for length in sorted(lengths, reverse=True)}
    return {
        "question_words": grouped(words, matches, f1, "question"),
        "lengths": sorted(by_length, key=lambda row: first[row["answer"]]),
        "worst": [
            _row(questions[place], answers[place], f1[place]) | {"word": words[place]}
            for place in worst[:MOST]
        ],
        "counts": [{"documents": len(questions), "mistakes": len(worst)}],
    }


def _row(question: QuestionDocument, answer: dict[str, Any], f1: float) -> dict[str, Any]:
    given = answer["answer"] is not None
    return {
        "line": question.line,
        "id": question.id,
        "question": question.question,
        "context": question.context,
        "gold": list(question.gold),
        "answer": answer["answer"],
        "probability": answer["probability"],
        "said": [answer["start"], answer["end"]] if given else None,
        "right": [[one.start, one.end] for one in question.answers if one.start is not None],
        "f1": f1,
    }
