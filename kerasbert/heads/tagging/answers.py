"""Spans as JSON values, by characters of the text as it was given."""

from __future__ import annotations

from typing import Any

from kerasbert.heads.tagging.reading import Tagged, probabilities
from kerasbert.heads.tokens import TokenOutputs
from kerasbert.text.words import SplitText


def span_answers(
    read: list[Tagged], outputs: TokenOutputs, tags: tuple[str, ...], crf: bool
) -> list[dict[str, Any]]:
    """ "spans" of each document: start, end, text, type and probability.

    Of a document whose words were given, "words" says which ones: the first, and the one behind.
    Its text is these words with a space between them.
    """
    chances = probabilities(read, outputs, tags, crf)
    answers = []
    for one, own, texts in zip(read, chances, outputs.places.texts, strict=True):
        text, spans = texts[-1], []
        for (first, behind, kind), chance in zip(one.spans, own, strict=True):
            start, end = one.words[first][0], one.words[behind - 1][1]
            span: dict[str, Any] = {"start": start, "end": end, "text": str(text[start:end])}
            if isinstance(text, SplitText):
                span["words"] = [first, behind]
            spans.append(span | {"type": kind, "probability": round(chance, 4)})
        answers.append({"spans": spans})
    return answers
