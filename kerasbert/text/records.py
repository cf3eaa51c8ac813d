"""Records of JSON: one a line, or a list of them in one document that need not fit into memory."""

from __future__ import annotations

import codecs
import functools
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from kerasbert.errors import InputError
from kerasbert.text.lines import LONGEST_LINE, LineProblems, decode, reading, split_lines
from kerasbert.text.tables import Opener

_FIRST = 100  # records whose fields are taken together: one may leave out what is null
_BLOCK = 1 << 18
_WHITE = " \t\r\n"


class Records:
    """Records one after another: their fields, and the values of some as often as asked for.

    Attributes:
        columns: the names of the fields of the first records.
    """

    def __init__(self, name: str, problems: LineProblems):
        self._name, self._problems = name, problems
        self.columns = tuple(
            dict.fromkeys(
                field
                for _, record in itertools.islice(self._records(LineProblems(skip=True)), _FIRST)
                for field in record
            )
        )

    def rows(self, names: Sequence[str]) -> Iterator[tuple[int, list[Any]]]:
        """Yield `(number from 1, values of these fields)`, None where a record lacks one.

        Raises:
            InputError: a record that cannot be read (unless problems are skipped).
        """
        for number, record in self._records(self._problems):
            yield number, [record.get(name) for name in names]

    def place(self, row: int) -> str:
        """How messages name a record."""
        return f"{self._name}:{row}"

    def _records(self, problems: LineProblems) -> Iterator[tuple[int, Mapping[str, Any]]]:
        raise NotImplementedError

    def _checked(self, number: int, record: Any, problems: LineProblems) -> bool:
        """Whether it is a record, else a problem."""
        if isinstance(record, dict):
            return True
        problems.report_at(
            functools.partial(self.place, number),
            f"this is a JSON {type(record).__name__}, an object with fields was expected"
            ' ({"text": ..., "label": ...})',
        )
        return False


class JsonLines(Records):
    """A record a line."""

    def __init__(self, opened: Opener, name: str, problems: LineProblems):
        self._opened = opened
        super().__init__(name, problems)

    def _records(self, problems: LineProblems) -> Iterator[tuple[int, Mapping[str, Any]]]:
        with self._opened() as stream:
            for index, _, data in split_lines(stream, self._name):
                number = index + 1
                try:
                    line = decode(data)
                    if not line or line.isspace():
                        continue
                    record = json.loads(line)
                except RecursionError:
                    problems.report(self._name, number, "this is JSON nested too deep")
                except ValueError as error:
                    found = (
                        f"this is no JSON ({error}), a record a line was expected"
                        if isinstance(error, json.JSONDecodeError)
                        else str(error)
                    )
                    problems.report(self._name, number, found)
                else:
                    if self._checked(number, record, problems):
                        yield number, record


class JsonDocument(Records):
    """One list of records, read a record at a time."""

    def __init__(self, opened: Opener, name: str, problems: LineProblems):
        self._opened = opened
        super().__init__(name, problems)

    def place(self, row: int) -> str:
        """Records may stand on many lines, so they are counted."""
        return f"{self._name}, record {row}"

    def _records(self, problems: LineProblems) -> Iterator[tuple[int, Mapping[str, Any]]]:
        for number, record in enumerate(_elements(self._text(), self._name), start=1):
            if self._checked(number, record, problems):
                yield number, record

    def _text(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")()
        with self._opened() as stream, reading(self._name):
            at = 0
            while True:
                block = stream.read(_BLOCK)
                try:
                    text = decoder.decode(block, final=not block)
                except UnicodeDecodeError as error:
                    raise InputError(
                        f"{self._name}: after byte {at} something is not UTF-8 ({error.reason})."
                        " Convert the file: iconv -t UTF-8."
                    ) from None
                at += len(block)
                if text:
                    yield text
                if not block:
                    return


def _elements(blocks: Iterator[str], name: str) -> Iterator[Any]:
    """Yield the elements of a JSON list, in memory bounded by the longest of them.

    Raises:
        InputError: it is no list, or something in it is no JSON.
    """
    decoder = json.JSONDecoder()
    text, at = "", 0

    def more(least: int = 1) -> bool:
        """Read so many characters at least, and forget those that are done."""
        nonlocal text, at
        parts, size = [text[at:]], 0
        at = 0
        while size < least and (block := next(blocks, "")):
            parts.append(block)
            size += len(block)
        text = "".join(parts)
        return size > 0

    def skip() -> str:
        """The next character that is no white space, "" at the end."""
        nonlocal at
        while True:
            while at < len(text) and text[at] in _WHITE:
                at += 1
            if at < len(text) or not more():
                return text[at : at + 1]

    more()
    text = text.removeprefix("\ufeff")
    if skip() != "[":
        try:
            keys = ", ".join(list(json.loads(text[at:]))[:8]) if skip() == "{" else ""
        except (ValueError, RecursionError):
            keys = ""
        of = f" with the fields {keys}" if keys else ""
        raise InputError(
            f"{name}: this is one JSON object{of}, a list of records was expected:"
            ' [{"text": ..., "label": ...}, ...]. Take the list out of it: jq \'.FIELD\'.'
        )
    at += 1
    number = 0
    while (found := skip()) != "]":
        if number:
            if found != ",":
                raise _no_json(name, number, f"expected ',' or ']', found {found!r}")
            at += 1
            skip()
        number += 1
        while True:
            try:
                element, end = decoder.raw_decode(text, at)
                break
            except RecursionError:
                raise _no_json(name, number, "nested too deep") from None
            except ValueError as error:
                if len(text) - at > LONGEST_LINE:
                    raise _no_json(name, number, "longer than 16 MB, or damaged") from None
                if not more(len(text) - at):  # twice as much, so that all tries cost as the last
                    raise _no_json(name, number, str(error)) from None
        at = end
        yield element


def _no_json(name: str, number: int, why: str) -> InputError:
    return InputError(
        f"{name}, record {number}: this is no JSON ({why}). Write the file again, or as JSON Lines."
    )


class PythonRecords(Records):
    """Dictionaries that are in memory."""

    def __init__(self, records: Sequence[Any], problems: LineProblems, name: str = "data"):
        self._given = records
        super().__init__(name, problems)

    def place(self, row: int) -> str:
        """As Python counts."""
        return f"{self._name}[{row - 1}]"

    def _records(self, problems: LineProblems) -> Iterator[tuple[int, Mapping[str, Any]]]:
        for number, record in enumerate(self._given, start=1):
            if isinstance(record, Mapping):
                yield number, record
                continue
            problems.report_at(
                functools.partial(self.place, number),
                f"this is a {type(record).__name__}, a dict was expected as in the first one",
            )


class Columns:
    """Columns of one length, as Python sequences.

    Attributes:
        columns: their names.
    """

    def __init__(self, columns: Mapping[str, Sequence[Any]], name: str = "data"):
        self._given, self._name = columns, name
        lengths = {column: len(values) for column, values in columns.items()}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{length:,} {column}" for column, length in lengths.items())
            raise InputError(f"{name}: {told}: expected as many of each, a row for each document.")
        self.columns = tuple(columns)

    def rows(self, names: Iterable[str]) -> Iterator[tuple[int, Sequence[Any]]]:
        """Yield `(number from 1, values of these columns)`."""
        yield from enumerate(zip(*(self._given[name] for name in names), strict=True), start=1)

    def place(self, row: int) -> str:
        """As Python counts."""
        return f"{self._name}[{row - 1}]"
