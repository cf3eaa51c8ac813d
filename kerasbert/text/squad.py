"""Questions from files: SQuAD's JSON, or a question a row in JSON Lines, a table or Parquet."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from kerasbert.errors import InputError
from kerasbert.files import to_json, write_text
from kerasbert.streams import is_stream, readable, shown
from kerasbert.text.cells import as_json, described, is_missing
from kerasbert.text.fields import Fields, find_fields
from kerasbert.text.formats import HEAD, form_of
from kerasbert.text.inputs import InputText, OwnForm
from kerasbert.text.labeled import Say, open_rows
from kerasbert.text.lines import LineProblems, check_file, packing, reading, unpack
from kerasbert.text.questions import QuestionDocument, question_document, question_record

FIELDS = ("question", "context")
_SIMPLE = r'(?:"(?:[^"\\]|\\.)*"|[-+.\w]+)'
# An object whose first fields are simple ones and then the list of articles.
_SQUAD = re.compile(
    rf'\s*\{{\s*(?:"(?:[^"\\]|\\.)*"\s*:\s*{_SIMPLE}\s*,\s*)*"data"\s*:\s*[\[{{"\w]'
)
_EXPECTED = (
    'Expected {"data": [{"paragraphs": [{"context": ..., "qas": [{"id", "question", "answers":'
    ' [{"text", "answer_start"}]}]}]}]}, as SQuAD has it; or JSON Lines with "question", "context"'
    ' and "answers"'
)


def is_squad(head: bytes) -> bool:
    """Whether a file that begins like this is of SQuAD's form, not of a record a line."""
    return _SQUAD.match(head.decode("utf-8", "ignore").removeprefix("\ufeff")) is not None


def read_questions(
    path: str | Path,
    problems: LineProblems | None = None,
    limit: int | None = None,
    fields: Fields | None = None,
    say: Say | None = None,
    answered: bool = True,
) -> list[QuestionDocument]:
    """Read questions with their contexts and right answers.

    Args:
        path: of the file; SQuAD 1.1 or 2.0, JSON Lines, a JSON list, a table or Parquet.
        problems: what to do with questions that cannot be read.
        limit: stop after so many.
        fields: of rows, where they are not called "question" and "context", "answers" and "id".
        say: told which fields were found by their names.
        answered: whether the right answers are read.

    Raises:
        InputError: a question that cannot be read, naming its line or its id; another file; or no
            question.
    """
    problems = problems or LineProblems()
    before = problems.skipped
    documents = list(
        itertools.islice(iterate_questions(path, problems, fields, say, answered), limit)
    )
    if not documents:
        wrong = problems.skipped - before
        such = f", such as {problems.examples[-1]}" if wrong and problems.examples else ""
        found = f"none of its {wrong} questions can be read{such}" if wrong else "no question in it"
        raise InputError(f"{shown(path)}: {found}. {_EXPECTED}.")
    return documents


def iterate_questions(
    path: str | Path,
    problems: LineProblems | None = None,
    fields: Fields | None = None,
    say: Say | None = None,
    answered: bool = True,
) -> Iterator[QuestionDocument]:
    """Yield the questions of a file; see `read_questions`."""
    problems = problems or LineProblems()
    name = shown(path)
    seen: dict[str, int] = {}
    with readable(check_file(path)) as file:
        found: Iterator[tuple[Callable[[], str], Callable[[], QuestionDocument]]]
        if SQUAD.holds(file, name):
            found = _of_squad(_whole(file, name), name, answered)
        else:
            found = _of_rows(file, name, problems, fields or Fields(), say, answered)
        for place, made in found:
            try:
                document = made()
                if document.id is not None:
                    first = seen.setdefault(document.id, document.line)
                    if first != document.line:
                        raise ValueError(
                            f"the id {document.id!r} is that of question {first}, too. Give each"
                            " its own"
                        )
            except ValueError as error:
                problems.report_at(place, str(error))
                continue
            yield document


def squad_texts(file: Path, name: str) -> Iterator[InputText]:
    """The questions and contexts of a file of SQuAD's form, which need no answers; ids come along.

    Raises:
        InputError: one that cannot be read.
    """
    problems = LineProblems(offers=False)
    for place, made in _of_squad(_whole(file, name), name, answered=False):
        try:
            one = made()
        except ValueError as error:
            problems.report_at(place, str(error))
            continue
        yield InputText(one.texts, place(), kept={} if one.id is None else {"id": one.id})


def write_questions(path: str | Path, questions: Iterable[QuestionDocument]) -> None:
    """Write questions as JSON Lines that `read_questions` reads, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    lines = [to_json(question_record(one)) for one in questions]
    write_text(path, "".join(f"{line}\n" for line in lines))


def is_squad_file(path: str | Path) -> bool:
    """Whether a file is of SQuAD's form; a stream, which can be read once, is never looked at."""
    if is_stream(path):
        return False
    return SQUAD.holds(check_file(path), shown(path))


def holds_questions(path: str | Path) -> bool:
    """Whether a file is of SQuAD's form, or of rows with the fields of questions and answers."""
    if is_stream(path):
        return False
    if is_squad_file(path):
        return True
    with check_file(path).open("rb", HEAD) as raw, reading(name := shown(path)):
        head = unpack(raw, packing(raw), name).read(HEAD)
    with contextlib.suppress(InputError):
        return {*FIELDS, "answers"} <= set(form_of(head, name, "labels")[1])
    return False


SQUAD = OwnForm(is_squad, squad_texts)


def _whole(file: Path, name: str) -> Any:
    """What the JSON of a file holds."""
    with file.open("rb", HEAD) as raw, reading(name):
        content = unpack(raw, packing(raw), name).read()
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{name}: this is no JSON ({error}). Fetch or write the file again."
        ) from None


def _of_squad(
    value: Any, name: str, answered: bool
) -> Iterator[tuple[Callable[[], str], Callable[[], QuestionDocument]]]:
    number = 0
    for a, article in enumerate(_list(value, "data", name, name)):
        at = f"data[{a}]"
        for p, paragraph in enumerate(_list(article, "paragraphs", name, at)):
            inside = f"{at}.paragraphs[{p}]"
            context = paragraph.get("context") if isinstance(paragraph, Mapping) else None
            for q, question in enumerate(_list(paragraph, "qas", name, inside)):
                if not isinstance(question, Mapping):
                    raise _no_squad(name, f"{inside}.qas[{q}]", question, "an object")
                number += 1
                known = question.get("id")
                place = f"{name}, question {number if is_missing(known) else known}"
                record = {**question, "context": context}
                yield place.__str__, functools.partial(question_document, record, number, answered)


def _list(value: Any, key: str, name: str, at: str) -> list[Any]:
    if not isinstance(value, Mapping):
        raise _no_squad(name, at, value, f"an object with {key!r}")
    if not isinstance(found := value.get(key), list):
        raise _no_squad(name, f"{key!r} of {at}", found, "a list")
    return found


def _no_squad(name: str, at: str, found: Any, expected: str) -> InputError:
    shown = "nothing" if found is None else described(found)
    return InputError(f"{name}: {at} is {shown}, {expected} was expected. {_EXPECTED}.")


def _of_rows(
    file: Path,
    name: str,
    problems: LineProblems,
    fields: Fields,
    say: Say | None,
    answered: bool,
) -> Iterator[tuple[Callable[[], str], Callable[[], QuestionDocument]]]:
    table = open_rows(file, name, problems, fields)
    if table is None:
        raise InputError(f"{name}: these are lines of text, questions were expected. {_EXPECTED}.")
    found = find_fields(fields, table.columns, name, labeled=False)
    if len(found.text) != 2:
        listed = ", ".join(table.columns[:20])
        raise InputError(
            f"{name}: a field of questions and one of contexts were expected, found {found.text}."
            f" Its fields: {listed}. Name them: --text-field QUESTION CONTEXT."
        )
    right = fields.label[0] if fields.label else "answers"
    if answered and right not in table.columns:
        listed = ", ".join(table.columns[:20])
        raise InputError(
            f"{name}: there is no field {right!r} with the right answers. Its fields: {listed}."
            f" Name it: --label-field NAME. {_EXPECTED}."
        )
    if found.note is not None and say is not None:
        say(found.note)
    more = [one for one in ("is_impossible", "plausible_answers") if one in table.columns]
    more = [right, *more] if answered else []
    names = [*found.text, *((found.id,) if found.id else ()), *more]
    keys = [*FIELDS, *(("id",) if found.id else ()), *(["answers", *more[1:]] if answered else [])]
    for row, values in table.rows(names):
        record = dict(zip(keys, values, strict=True))
        record |= {key: as_json(record[key]) for key in ("answers",) if key in record}
        if isinstance(said := record.get("is_impossible"), str):  # of a table
            record["is_impossible"] = {"true": True, "false": False}.get(said.strip().lower(), said)
        yield (
            functools.partial(table.place, row),
            functools.partial(question_document, record, row, answered),
        )
