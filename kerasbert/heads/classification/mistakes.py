"""Where a classifier goes wrong: labels taken for another, and documents it is most wrong about."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from kerasbert.report.page import paragraph
from kerasbert.report.tables import Row, folded, table
from kerasbert.visible import visible

CUT = 500  # characters of a text that are shown
OPEN = 8  # documents that are shown at once, the others when asked for


def confused_labels(metrics: Mapping[str, Any]) -> str:
    """The pairs of labels most often mistaken for one another."""
    text = (
        "Documents that have the first label and were not given it, but wrongly given the second."
    )
    if metrics.get("kind") != "multi-label":
        text = "Documents of the first label that were taken for the second."
    headings = {
        "gold": "expected",
        "predicted": "predicted instead",
        "documents": "documents",
        "share": "of those with the first",
    }
    rows = [
        row | {side: visible(row[side]) for side in ("gold", "predicted")}
        for row in metrics.get("confused") or []
    ]
    found = table(rows, headings, ("share",), ("predicted",))
    return paragraph(text) + found if found else ""


def hardest_documents(documents: Sequence[Row]) -> str:
    """Each document with its text, cut, and what was expected and predicted."""
    if not documents:
        return ""
    key = (
        '<p class="note labels">Labels: <span class="right">expected and predicted</span>'
        '<span class="missed">expected, not predicted</span>'
        '<span class="wrong">predicted wrongly</span> with the probability that was said.</p>'
    )
    shown = [_document(one) for one in documents]
    rest = folded(f"{len(shown[OPEN:])} more", "\n".join(shown[OPEN:]))
    return key + "\n".join(shown[:OPEN]) + rest


def _document(document: Row) -> str:
    expected, predicted = set(document["expected"]), set(document["predicted"])
    scores = document["scores"]
    marked = [
        *(("right", name) for name in document["predicted"] if name in expected),
        *(("missed", name) for name in document["expected"] if name not in predicted),
        *(("wrong", name) for name in document["predicted"] if name not in expected),
    ]
    labels = "".join(
        f'<span class="{look}">{html.escape(visible(name))}{_score(scores.get(name))}</span>'
        for look, name in marked
    )
    texts = [text if len(text) <= CUT else text[:CUT] + " …" for text in document["texts"]]
    shown = "".join(f'<p class="text">{html.escape(text)}</p>' for text in texts)
    return (
        f'<article><p class="note">line {document["line"]}, loss {document["loss"]:.4g}</p>'
        f'{shown}<p class="labels">{labels or "no label"}</p></article>'
    )


def _score(value: float | None) -> str:
    return " (unknown in training)" if value is None else f" {value:.2f}"
