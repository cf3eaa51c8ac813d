"""Texts with tags for their words: CoNLL columns, and records of tokens and tags or of spans."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kerasbert.choices import WordsName
from kerasbert.errors import InputError
from kerasbert.files import write_text
from kerasbert.streams import is_stream, readable, shown
from kerasbert.text.conll import is_conll, read_sentences
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.fields import Fields
from kerasbert.text.formats import HEAD, form_of
from kerasbert.text.labeled import open_rows
from kerasbert.text.lines import LineProblems, check_file, packing, unpack
from kerasbert.text.tag_records import RecordReader, is_tag_record, spans_to_tags, unnested
from kerasbert.text.tag_schemes import (
    TagError,
    parse_tags,
    recognized_scheme,
    spans_of,
    to_spans,
    to_tags,
)
from kerasbert.text.words import SplitText, word_spans

Say = Callable[[str], None]
_EXPECTED = (
    "Expected CoNLL columns (token TAB tag, an empty line between sentences), or records with"
    ' "tokens" and "tags", or with "text" and "spans" ([start, end, label])'
)


def holds_tags(path: str | Path) -> bool:
    """Whether a file can only be one of tagged words: by its name, or by its first record."""
    if is_conll(path):
        return True
    if is_stream(path) or not Path(path).is_file():
        return False
    with Path(path).open("rb") as raw:
        try:
            head = unpack(raw, packing(raw), str(path)).read(HEAD)
        except (OSError, EOFError, InputError):
            return False
    form, fields = form_of(head, str(path), "labels")
    if form not in ("json", "jsonl"):
        return False
    try:
        record, _ = json.JSONDecoder().raw_decode(
            head.decode("utf-8", "ignore").lstrip("\ufeff[ \n\r\t")
        )
    except (ValueError, RecursionError):
        return is_tag_record(dict.fromkeys(fields))
    return isinstance(record, dict) and is_tag_record(record)


def read_tagged(
    path: str | Path,
    problems: LineProblems | None = None,
    limit: int | None = None,
    fields: Fields | None = None,
    say: Say | None = None,
    words: WordsName | None = None,
) -> list[LabeledDocument]:
    """The documents of a file: a text, which knows its words if the file does, and their BIO tags.

    Args:
        path: of the file; JSON Lines, a JSON list, Parquet, or else CoNLL columns.
        problems: what to do with what does not fit: its sentence or record is left out.
        limit: the first so many.
        fields: `text` names that of the text or the tokens, `label` that of the tags or spans.
        say: told which scheme the tags are in, where that is not BIO.
        words: how a text is split whose words the file does not know; see `word_spans`.

    Raises:
        InputError: what does not fit (unless `problems` skips); no document.
    """
    problems, fields = problems or LineProblems(), fields or Fields()
    name = shown(path)
    path = check_file(path)
    skipped = problems.skipped
    with readable(path) as file:
        rows = None if is_conll(name) else _records(file, name, problems, fields)
        if rows is None:
            documents = _of_sentences(path if file == path else file, name, problems, limit, say)
        else:
            reader = RecordReader(rows, name, problems, fields, words)
            documents = _checked(itertools.islice(reader, limit), name, problems, say)
    if not documents:
        wrong = f" ({problems.examples[0]})" if problems.skipped > skipped else ""
        raise InputError(f"{name}: no document in this file{wrong}. {_EXPECTED}.")
    return documents


def read_untagged(
    path: Path, fields: Fields | None = None, words: bool = True
) -> Iterator[SplitText] | None:
    """The sentences of CoNLL columns, whose tags are not read; None for any other file."""
    if not is_conll(path):
        return None
    return (
        SplitText.of_words(sentence.tokens)
        for sentence in read_sentences(path, LineProblems(offers=False), tagged=False)
    )


def _records(file: Path, name: str, problems: LineProblems, fields: Fields) -> Any:
    """The rows of a file of records; None for columns."""
    with file.open("rb") as raw:
        head = unpack(raw, packing(raw), name).read(HEAD)
    form, _ = form_of(head, name, "labels", fields.given)
    if form in ("json", "jsonl") or head.startswith(b"PAR1"):
        return open_rows(file, name, problems, fields)
    return None


def _of_sentences(
    path: Path, name: str, problems: LineProblems, limit: int | None, say: Say | None
) -> list[LabeledDocument]:
    found = itertools.islice(read_sentences(path, problems), limit)
    return _checked(
        (
            (
                SplitText.of_words(one.tokens),
                one.tags,
                one.lines[0],
                None,
                _line_of(name, one.lines),
                {},
            )
            for one in found
        ),
        name,
        problems,
        say,
    )


def _line_of(name: str, lines: Sequence[int]) -> Callable[[int], str]:
    return lambda word: f"{name}:{lines[word]}"


def _checked(
    found: Iterator[tuple[SplitText, Sequence[str], int, str | None, Callable[[int], str], Any]],
    name: str,
    problems: LineProblems,
    say: Say | None,
) -> list[LabeledDocument]:
    """Documents with BIO tags, from those with tags of one scheme, which all of them tell."""
    kept = []
    for one in found:
        try:
            kept.append((parse_tags(one[1]), one))
        except TagError as error:
            problems.report_at(functools.partial(one[4], error.word), str(error))
    scheme = recognized_scheme(parsed for parsed, _ in kept)
    if scheme != "BIO" and say is not None:
        say(f"{name}: the tags are {scheme}, they are read as BIO")
    documents = []
    for parsed, (text, _, line, identity, place, more) in kept:
        try:
            spans = to_spans(parsed, scheme)
        except TagError as error:
            problems.report_at(functools.partial(place, error.word), str(error))
            continue
        tags = to_tags(spans, len(parsed))
        document = LabeledDocument((text,), tags, line, identity)
        if more:
            object.__setattr__(document, "fields", more)
        documents.append(document)
    return documents


def write_tagged(path: str | Path, documents: Sequence[LabeledDocument]) -> None:
    """Write documents as JSON Lines of tokens and tags, the file whole or not at all."""
    lines = []
    for document in documents:
        (text,) = document.texts
        assert isinstance(text, SplitText)
        record: dict[str, Any] = {
            "text": str(text),
            "words": [list(span) for span in text.spans],  # by characters
            "tokens": [text[start:end] for start, end in text.spans],
            "tags": list(document.labels),
            "line": document.line,
        }
        if document.id is not None:
            record["id"] = document.id
        lines.append(json.dumps({**document.fields, **record}, ensure_ascii=False, default=str))
    write_text(path, "".join(f"{line}\n" for line in lines))


def tagged_document(
    text: Any, tags: Any, line: int, words: WordsName | None = None
) -> LabeledDocument:
    """A document of Python's: a string with spans, or a list of words with tags.

    Args:
        text: a string, or a list of words.
        tags: of a string [start, end, label] each, of a list of words a tag each (BIO).
        line: its number.
        words: how a string is split.

    Raises:
        ValueError: they do not fit each other.
    """
    if isinstance(text, str):
        split = SplitText.of(text, word_spans(text, words))
        return LabeledDocument((split,), tuple(spans_to_tags(split, unnested(tags))), line)
    split = SplitText.of_words(list(map(str, text)))
    tags = list(map(str, tags))
    if len(tags) != len(split.spans):
        raise ValueError(f"{len(split.spans)} words and {len(tags)} tags, as many were expected")
    spans_of(tags)
    return LabeledDocument((split,), tuple(tags), line)


def mapping_of(document: LabeledDocument) -> Mapping[str, Any]:
    """A document's text and its spans by characters, [start, end, label] each."""
    (text,) = document.texts
    assert isinstance(text, SplitText)
    spans = [
        [text.spans[start][0], text.spans[end - 1][1], kind]
        for start, end, kind in spans_of(document.labels)
    ]
    return {"text": str(text), "spans": spans}
