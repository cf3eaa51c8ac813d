"""Questions on texts, with the stretches of these that answer them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerasbert.text.cells import described, is_missing, well_formed
from kerasbert.text.documents import LabeledDocument

NOWHERE = -1  # how CMRC 2018 says that an answer was put into words of the annotator's own


@dataclass(frozen=True, slots=True)
class Answer:
    """A right answer.

    Attributes:
        text: as it is written.
        start: the character of the context at which it begins; None where it stands nowhere in it.
    """

    text: str
    start: int | None

    @property
    def end(self) -> int | None:
        """The character behind it."""
        return None if self.start is None else self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class QuestionDocument(LabeledDocument):
    """A question and its context, `texts`, with the right answers, whose texts are its `labels`.

    Attributes:
        answers: the right ones, in file order; none where the context does not answer it.
        plausible: what looks like an answer to a question that has none (SQuAD 2.0).
    """

    answers: tuple[Answer, ...] = ()
    plausible: tuple[Answer, ...] = ()

    @property
    def question(self) -> str:
        return self.texts[0]

    @property
    def context(self) -> str:
        return self.texts[1]

    @property
    def gold(self) -> tuple[str, ...]:
        """The texts of the right answers."""
        return self.labels


def question_document(record: Mapping[str, Any], row: int, answered: bool = True):
    """The document of a record with id, question, context, answers and is_impossible.

    `answers` is a list of {"text", "answer_start"}, as SQuAD has it; or {"text": [...],
    "answer_start": [...]}, as the `datasets` library writes it; or either as JSON in a string. The
    context stays as it is, with the white space at its ends, since the places count from its first
    character.

    Args:
        record: its fields.
        row: its line, or its number.
        answered: whether it must say what answers it; else that is not read.

    Raises:
        ValueError: something is missing, is no text, or an answer is not where it claims to be.
    """
    question, context = (_text(record.get(name), name) for name in ("question", "context"))
    given = record.get("id")
    id = None if is_missing(given) else str(given)
    if not answered:
        return QuestionDocument((question.strip(), context), (), row, id)
    impossible = record.get("is_impossible")
    if not isinstance(impossible, bool | None):
        raise ValueError(f"'is_impossible' holds {described(impossible)}, expected true or false")
    if record.get("answers") is None and not impossible:
        raise ValueError(
            'there are no "answers", expected a list of {"text": ..., "answer_start": ...}; an'
            " empty one says that the context does not answer the question"
        )
    answers = _answers(record.get("answers"), context, "answers")
    if impossible and answers:
        raise ValueError('it has "answers", and "is_impossible" is true. Correct one of them')
    if impossible is False and not answers:
        raise ValueError('it has no "answers", and "is_impossible" is false. Correct one of them')
    plausible = _answers(record.get("plausible_answers"), context, "plausible_answers")
    labels = tuple(dict.fromkeys(one.text for one in answers))
    return QuestionDocument(
        (question.strip(), context), labels, row, id, answers=answers, plausible=plausible
    )


def _text(value: Any, name: str) -> str:
    if isinstance(value, str) and not is_missing(value):
        return well_formed(value)
    if is_missing(value):
        found = "empty" if isinstance(value, str) else "not there"
        raise ValueError(f"the {name} is {found}. Fill it in, or remove the question")
    raise ValueError(f"{name!r} holds {described(value)}, text was expected")


def _answers(value: Any, context: str, name: str) -> tuple[Answer, ...]:
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except ValueError as error:
            raise ValueError(f"{name!r} is no JSON ({error}), expected a list of answers") from None
    if value is None or value == "":
        return ()
    if isinstance(value, Mapping):
        value = _in_rows(value, name)
    if not isinstance(value, Sequence):
        raise ValueError(
            f'{name!r} holds {described(value)}, expected a list of {{"text": ...,'
            ' "answer_start": ...}'
        )
    found = (_answer(one, context, name) for one in value)
    return tuple(dict.fromkeys(found))


def _in_rows(value: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """{"text": [...], "answer_start": [...]} as a list of answers; or the one that it is itself."""
    texts, starts = value.get("text"), value.get("answer_start")
    if isinstance(texts, str):
        return [dict(value)]
    if not isinstance(texts, Iterable) or not isinstance(starts, Iterable):
        raise ValueError(
            f'{name!r} holds {described(value)}, expected {{"text": [...], "answer_start": [...]}}'
        )
    texts, starts = list(texts), list(starts)
    if len(texts) != len(starts):
        raise ValueError(f"{name!r}: {len(texts)} texts and {len(starts)} places. Give as many")
    return [{"text": t, "answer_start": s} for t, s in zip(texts, starts, strict=True)]


def _answer(value: Any, context: str, name: str) -> Answer:
    if not isinstance(value, Mapping):
        raise ValueError(f'{name!r} holds {described(value)}, expected {{"text", "answer_start"}}')
    text, start = _text(value.get("text"), f"text of an answer in {name!r}"), value.get(
        "answer_start"
    )  # fmt: skip
    if start is None or isinstance(start, bool) or not isinstance(start, int):
        raise ValueError(
            f"the answer {_short(text)} has as answer_start {start!r}, expected the character at"
            f" which it begins, or {NOWHERE} if it stands nowhere in the context"
        )
    if start == NOWHERE:
        return Answer(text, None)
    if start >= 0 and context.startswith(text, start):
        return Answer(text, start)
    if (place := _counted_by_halves(context, text, start)) is not None:
        return Answer(text, place)
    raise ValueError(_elsewhere(context, text, start))


def _counted_by_halves(context: str, text: str, start: int) -> int | None:
    """The place of an answer that is counted in UTF-16, where rare characters are two units."""
    if start < 0 or context.isascii():
        return None
    before = context.encode("utf-16-le")[: 2 * start]
    if len(before) < 2 * start:
        return None
    try:
        place = len(before.decode("utf-16-le"))
    except UnicodeDecodeError:
        return None  # between the halves of a character
    return place if context.startswith(text, place) else None


def _elsewhere(context: str, text: str, start: int) -> str:
    there = context[start : start + len(text)] if start >= 0 else ""
    found = f"there stands {_short(there)}" if there else "the context is shorter"
    begins = context.find(text)
    if begins >= 0:
        nearest, at = begins, begins
        while at >= 0:
            nearest = min(nearest, at, key=lambda place: abs(place - start))
            at = context.find(text, at + 1)
        remedy = f"It stands at {nearest}: correct answer_start"
    else:
        remedy = (
            f"It stands nowhere in the context: correct it, or write {NOWHERE} if it was put into"
            " other words"
        )
    return (
        f"the answer {_short(text)} is not at character {start} of the context, {found}. {remedy}"
    )


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}...")


def question_record(document: QuestionDocument) -> dict[str, Any]:
    """The document as a line of JSON Lines that `read_questions` reads."""
    record: dict[str, Any] = {} if document.id is None else {"id": document.id}
    record |= {"question": document.question, "context": document.context}
    record["answers"] = _records(document.answers)
    if document.plausible:
        record["plausible_answers"] = _records(document.plausible)
    return record | {"line": document.line}


def _records(answers: Iterable[Answer]) -> list[dict[str, Any]]:
    return [
        {"text": one.text, "answer_start": NOWHERE if one.start is None else one.start}
        for one in answers
    ]
