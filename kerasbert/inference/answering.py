"""Answers to a stream of texts, with the fields that come along, as JSON lines or as CSV."""

from __future__ import annotations

import contextlib
import csv
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from kerasbert.errors import InputError
from kerasbert.files import atomic_path, to_json
from kerasbert.heads.head import Head
from kerasbert.inference.explain import Explanation, explain
from kerasbert.inference.predictor import Predictor
from kerasbert.text.inputs import InputText, is_empty
from kerasbert.tokenizer.unknown import Unknown, unknown_in_stream

Say = Callable[[str], None]
Answered = Sequence[tuple[InputText, dict[str, Any]]]

CHUNK = 512  # documents at a time: memory stays flat, whatever the input
EXPLAINED = 1  # an explanation asks for as many answers as a text has words
_SHOWN = 12  # names of columns in a message


@dataclass
class Passed:
    """What came by, counted.

    Attributes:
        documents: all texts.
        empty: those without text.
        first_empty: where the first of them stands.
        stripped: lines at whose ends labels stood.
        unknown: what the tokenizer did not know.
    """

    documents: int = 0
    empty: int = 0
    first_empty: str = ""
    stripped: int = 0
    unknown: Unknown = field(default_factory=Unknown)

    def add(self, chunk: Sequence[InputText], tokenizer: Any) -> list[tuple[str, ...]]:
        """Count a chunk; returns its texts."""
        rows = [given.texts for given in chunk]
        empty = [given.place for given in chunk if is_empty(given.texts)]
        self.first_empty = self.first_empty or next(iter(empty), "")
        self.empty += len(empty)
        self.stripped += sum(given.stripped for given in chunk)
        self.unknown += unknown_in_stream(tokenizer, rows, self.documents)
        self.documents += len(chunk)
        return rows

    def notes(self, name: str, gets: str) -> list[str]:
        """What is to be said at the end.

        Args:
            name: of the file.
            gets: what an empty text gets, in a few words.
        """
        if not self.documents:
            return [f"{name}: there is no text in it."]
        notes = []
        if self.stripped:
            notes.append(f"{self.stripped} lines ended with labels: they were not read as text.")
        if self.empty:
            many = "1 text is empty" if self.empty == 1 else f"{self.empty:,} texts are empty"
            notes.append(f"{many} (first: {self.first_empty}) and {gets}.")
        return notes + self.unknown.report(name)


def chunks(texts: Iterable[InputText], size: int) -> Iterator[list[InputText]]:
    """So many texts at a time."""
    texts = iter(texts)
    while chunk := list(itertools.islice(texts, size)):
        yield chunk


def answer_chunks(
    predictor: Predictor,
    texts: Iterable[InputText],
    passed: Passed,
    options: Mapping[str, Any],
    explained: Callable[[Explanation], None] | None = None,
) -> Iterator[Answered]:
    """Yield the answers to some texts at a time, each with its text.

    Args:
        predictor: of a fine-tuning run.
        texts: to be answered.
        passed: counts them.
        options: of the head.
        explained: called with each explanation, if that is wanted.
    """
    for chunk in chunks(texts, CHUNK if explained is None else EXPLAINED):
        rows = passed.add(chunk, predictor.tokenizer)
        if explained is None:
            answers = predictor(rows, **options)
        else:
            explanations = explain(predictor, rows, **options)
            for explanation in explanations:
                explained(explanation)
            answers = [explanation.to_json() for explanation in explanations]
        yield list(zip(chunk, answers, strict=True))


class KeptFields:
    """The fields that come along, a line of JSON for each text, where there are any.

    The file appears when the `with` block ends well; a stream without such fields leaves none.

    Attributes:
        path: the file.
        written: whether there is one.
    """

    def __init__(self, path: Path):
        self.path = path
        self.written = False

    def __enter__(self) -> KeptFields:
        self._stack = contextlib.ExitStack().__enter__()
        return self

    def add(self, chunk: Sequence[InputText]) -> None:
        """Write those of some texts."""
        if not self.written:
            if not chunk[0].kept:
                return
            temporary = self._stack.enter_context(atomic_path(self.path))
            self._file = self._stack.enter_context(temporary.open("w", encoding="utf-8"))
            self.written = True
        self._file.writelines(to_json(given.kept) + "\n" for given in chunk)

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)


class JsonLinesAnswers:
    """A line of JSON for each answer, the fields that come along first.

    Args:
        out: where to write.
        head: of the run.
        say: told what people should know.
    """

    def __init__(self, out: TextIO, head: Head, say: Say):
        self._out = out

    def write(self, answered: Answered) -> None:
        """Write some answers."""
        for given, answer in answered:
            self._out.write(to_json(_beside(given.kept, answer)) + "\n")


class CsvAnswers:
    """A table with a header: the fields that come along, then the cells of the answer.

    Its columns are those of the first answers, which all have, and are said.

    Args:
        out: where to write.
        head: of the run; it says what the cells of an answer are.
        say: told the columns.

    Raises:
        InputError: an answer has a column that the first ones lack.
    """

    def __init__(self, out: TextIO, head: Head, say: Say):
        self._out, self._head, self._say = out, head, say
        self._writer: csv.DictWriter | None = None

    def write(self, answered: Answered) -> None:
        """Write some answers, the first time behind the header."""
        rows = [_beside(given.kept, self._head.cells(answer)) for given, answer in answered]
        if self._writer is None:
            columns = list(dict.fromkeys(name for row in rows for name in row))
            self._writer = csv.DictWriter(self._out, columns, lineterminator="\n")
            self._writer.writeheader()
            more = f", ... ({len(columns)} in all)" if len(columns) > _SHOWN else ""
            self._say(f"columns: {', '.join(columns[:_SHOWN])}{more}")
        for row in rows:
            if unknown := row.keys() - self._writer.fieldnames:
                raise InputError(
                    f"--format csv: {sorted(unknown)[0]!r} is in this answer and was in none of the"
                    " first ones. Take --format jsonl."
                )
            self._writer.writerow(
                {n: to_json(v) if isinstance(v, dict | list) else v for n, v in row.items()}
            )


WRITERS: dict[str, type[JsonLinesAnswers] | type[CsvAnswers]] = {
    "jsonl": JsonLinesAnswers,
    "csv": CsvAnswers,
}


def _beside(kept: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that come along, then the answer; one called as a part of it is renamed."""
    named = {f"input_{name}" if name in answer else name: value for name, value in kept.items()}
    return named | dict(answer)
