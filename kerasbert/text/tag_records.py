"""Records of tokens and tags, or of a text and its spans: as doccano and Label Studio export them.

{"tokens": ["in", "Oslo"], "tags": ["O", "B-place"]}
{"text": "in Oslo", "spans": [[3, 7, "place"]]}           doccano: "label" or "labels"
{"text": "in Oslo", "label": [{"start": 3, "end": 7, "labels": ["place"]}]}   Label Studio, small
{"data": {"text": "in Oslo"}, "annotations": [{"result": [{"value": {"start": 3, ...}}]}]}
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from kerasbert.choices import WordsName
from kerasbert.errors import InputError
from kerasbert.text.fields import ID_NAMES, Fields
from kerasbert.text.labeled import Rows
from kerasbert.text.lines import LineProblems
from kerasbert.text.tag_schemes import to_tags
from kerasbert.text.words import SplitText, inside_character, word_spans

TOKEN_NAMES = ("tokens", "words")
TAG_NAMES = ("tags", "ner_tags", "pos_tags", "labels")
TEXT_NAMES = ("text", "content", "sentence")
SPAN_NAMES = ("spans", "entities", "label", "labels", "annotations")
CharacterSpan = tuple[int, int, str]


def is_tag_record(record: Mapping[str, Any]) -> bool:
    """Whether this is a record of tagged words or spans, and nothing else that we read."""
    if "annotations" in record and isinstance(record.get("data"), Mapping):
        return True
    if isinstance(record.get("tokens"), list):
        return True
    if "text" not in record:
        return False
    if isinstance(record.get("spans"), list) or isinstance(record.get("entities"), list):
        return True
    labels = record.get("label", record.get("labels"))
    return isinstance(labels, list) and bool(labels) and all(_is_span(one) for one in labels)


def _is_span(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "start" in value and "end" in value
    return isinstance(value, list) and len(value) == 3 and isinstance(value[0], int)


class RecordReader:
    """Text, tags, number, id, place of a word, and kept fields of each record.

    Args:
        rows: of the file.
        name: of it, for messages.
        problems: what to do with records that do not fit.
        fields: `text` and `label` name fields with other names.
        words: how a text is split.

    Raises:
        InputError: the records have none of the forms above.
    """

    def __init__(
        self, rows: Rows, name: str, problems: LineProblems, fields: Fields, words: WordsName | None
    ):
        self._rows, self._problems, self._words = rows, problems, words
        self._keep = tuple(fields.keep)
        columns = list(rows.columns)
        self._id = fields.id or next((one for one in ID_NAMES if one in columns), None)
        if fields.text or fields.label:
            if len(fields.text) != 1 or len(fields.label) != 1:
                raise InputError(
                    f"{name}: name one field of each: --text-field NAME (text or tokens) and"
                    " --label-field NAME (spans or tags)."
                )
            self._names = (fields.text[0], fields.label[0])
        elif {"data", "annotations"} <= set(columns):
            self._names = ("data", "annotations")
        elif tokens := [one for one in TOKEN_NAMES if one in columns and "text" not in columns]:
            self._names = (tokens[0], self._one(TAG_NAMES, columns, name))
        elif {"text", "words", "tags"} <= set(columns):  # as we write it
            self._names = ("text", "tags")
        else:
            self._names = (
                self._one(TEXT_NAMES, columns, name),
                self._one(SPAN_NAMES, columns, name),
            )
        for one in self._names:
            if one not in columns:
                raise InputError(f"{name}: there is no field {one!r}. Its fields: {columns}.")
        self._spans_of_words = "words" if "text" in self._names and "words" in columns else None

    def _one(self, known: Sequence[str], columns: Sequence[str], name: str) -> str:
        found = next((one for one in known if one in columns), None)
        if found is None:
            raise InputError(
                f'{name}: records with "tokens" and "tags", or with "text" and "spans", were'
                f" expected; their fields are {', '.join(columns)}. Name them: --text-field NAME"
                " --label-field NAME."
            )
        return found

    def __iter__(
        self,
    ) -> Iterator[tuple[SplitText, Sequence[str], int, str | None, Callable[[int], str], Any]]:
        further = [one for one in (self._spans_of_words, self._id, *self._keep) if one is not None]
        for row, values in self._rows.rows([*self._names, *further]):
            more = dict(zip(further, values[2:], strict=True))
            try:
                text, tags = self._read(values[0], values[1], more.get(self._spans_of_words or ""))
            except ValueError as error:
                self._problems.report_at(functools.partial(self._rows.place, row), str(error))
                continue
            identity = more.get(self._id) if self._id is not None else None
            kept = {one: more[one] for one in self._keep}
            place = self._rows.place(row)
            yield (
                text,
                tags,
                row,
                None if identity is None else str(identity),
                functools.partial("{}, word {}".format, place),
                kept,
            )

    def _read(self, text: Any, tags: Any, words: Any) -> tuple[SplitText, Sequence[str]]:
        if isinstance(text, Mapping):  # Label Studio's "data"
            text = next((text[one] for one in TEXT_NAMES if one in text), None)
        if isinstance(text, list):
            return _tokens_and_tags(text, tags)
        if not isinstance(text, str) or not text.strip():
            raise ValueError("no text, a string or a list of tokens was expected")
        if words is not None:
            return SplitText.of(text, [tuple(span) for span in words]), tags
        split = SplitText.of(text, word_spans(text, self._words))
        return split, spans_to_tags(split, unnested(tags))


def _tokens_and_tags(tokens: list[Any], tags: Any) -> tuple[SplitText, list[str]]:
    if not tokens or not all(isinstance(one, str) and one.strip() for one in tokens):
        raise ValueError("a token is no string or has no character")
    if not isinstance(tags, list) or not all(isinstance(one, str) for one in tags):
        raise ValueError(f"the tags are {tags!r:.60}, a list of names (O, B-x, I-x) was expected")
    if len(tags) != len(tokens):
        raise ValueError(f"{len(tokens)} tokens and {len(tags)} tags, as many were expected")
    return SplitText.of_words(tokens), tags


def unnested(spans: Any) -> list[CharacterSpan]:
    """Spans as (start, end, label), whatever form they have.

    Raises:
        ValueError: one of them has none of these forms.
    """
    found: list[CharacterSpan] = []
    for one in spans or ():
        if isinstance(one, Mapping) and "result" in one:  # an annotation of Label Studio
            values = [part["value"] for part in one["result"] if "value" in part]
            return unnested(values)  # the first annotator's
        if isinstance(one, Mapping):
            label = one.get("label", one.get("labels", one.get("type")))
            one = (one.get("start"), one.get("end"), label)
        if not isinstance(one, list | tuple) or len(one) != 3:
            raise ValueError(f"the span {one!r:.60}, [start, end, label] was expected")
        start, end, label = one
        if isinstance(label, list) and len(label) == 1:
            label = label[0]
        if (
            not isinstance(start, int)
            or not isinstance(end, int)
            or not isinstance(label, str)
            or not label
        ):
            raise ValueError(f"the span {one!r:.60}, [start, end, label] was expected")
        found.append((start, end, label))
    return found


def spans_to_tags(text: SplitText, spans: Sequence[CharacterSpan]) -> tuple[str, ...]:
    """The BIO tags of the words of a text.

    White space at the edges of a span is left out of it.

    Args:
        text: with its words.
        spans: by characters.

    Raises:
        ValueError: spans that overlap, lie outside of the text, are empty, or end inside of a
            character or a word.
    """
    starts = {start: word for word, (start, _) in enumerate(text.spans)}
    ends = {end: word for word, (_, end) in enumerate(text.spans)}
    found, last = [], (0, 0, "")
    for start, end, label in sorted(spans):
        shown = f"the span [{start}, {end}, {label!r}]"
        if not 0 <= start < end <= len(text):
            raise ValueError(f"{shown} is not within the text, which has {len(text)} characters")
        if start < last[1]:
            raise ValueError(f"{shown} overlaps {list(last)}; a character has one label at most")
        last = (start, end, label)
        for at in (start, end):
            if inside_character(text, at):
                raise ValueError(f"{shown} ends inside of a character, {text[at - 1 : at + 1]!r}")
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        if start not in starts or end not in ends:
            at = start if start not in starts else end
            word = next((text[a:b] for a, b in text.spans if a < at < b), text[start:end])
            raise ValueError(
                f"{shown} ({text[start:end]!r:.40}) ends inside of the word {word!r:.40}; move it"
                " to the edges of words, or split words otherwise: --words characters"
            )
        found.append((starts[start], ends[end] + 1, label))
    return to_tags(found, len(text.spans))
