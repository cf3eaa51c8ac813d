"""What the report of a run of tagging shows of documents: mistakes, and texts with their spans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasbert.evaluation.entities import span_mistakes
from kerasbert.heads.tagging.reading import Tagged
from kerasbert.report.browser import MOST
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.tag_schemes import Span, spans_of
from kerasbert.text.words import Spans


def tagged_rows(
    read: Sequence[Tagged], gold: np.ndarray, documents: Sequence[LabeledDocument]
) -> dict[str, list[dict[str, Any]]]:
    """ "mistakes" (what, gold and found type, times), "marked" documents, most mistakes first, and
    "counts" (one row: documents, and how many of them have a mistake).

    Args:
        read: what the model says of N documents.
        gold: their tags.
        documents: the same.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    marked: list[tuple[int, dict[str, Any]]] = []
    for one, tags, document in zip(read, gold, documents, strict=True):
        right = spans_of(tags)
        mistakes = span_mistakes(right, one.spans)
        counts.update(mistakes)
        if mistakes:
            marked.append(
                (
                    len(mistakes),
                    {
                        "line": document.line,
                        "text": str(document.texts[-1]),
                        "gold": _by_characters(right, one.words),
                        "found": _by_characters(one.spans, one.words),
                        "mistakes": [list(mistake) for mistake in mistakes],
                    },
                )
            )
    marked.sort(key=lambda pair: -pair[0])  # stable: of as many, in the order of the file
    return {
        "mistakes": [
            {"mistake": what, "gold": kind, "found": found, "times": times}
            for (what, kind, found), times in counts.most_common()
        ],
        "marked": [row for _, row in marked[:MOST]],
        "counts": [{"documents": len(documents), "mistakes": len(marked)}],
    }


def _by_characters(spans: Sequence[Span], words: Spans) -> list[list[Any]]:
    return [[words[first][0], words[behind - 1][1], kind] for first, behind, kind in spans]
