"""Where a classifier goes wrong: labels taken for another, and documents to look through."""

from collections.abc import Mapping, Sequence
from typing import Any

from kerasbert.heads.classification.browse import MATRIX, OTHERS
from kerasbert.report.browser import MOST, Filters, Shown, Tag, document_browser
from kerasbert.report.matrix import matrix
from kerasbert.report.page import paragraph
from kerasbert.report.tables import Row, folded, table
from kerasbert.visible import visible

KINDS = {"missed": "missed", "invented": "invented", "right": "right"}
FILTERS = Filters(KINDS, "label", ("confused with", "missed", "invented"), ("missed", "invented"))
KEY = (
    '<p class="note labels">Labels: <span class="right">expected and predicted</span>'
    '<span class="missed">missed: expected, not predicted</span>'
    '<span class="wrong">invented: predicted, not expected</span> with the probability that was '
    "said.</p>"
)


def confusion(metrics: Mapping[str, Any], rows: Sequence[Row], names: Sequence[str]) -> str:
    """The confusion matrix, and the pairs that are confused most often on validation data."""
    several = metrics.get("kind") == "multi-label"
    title = ("expected", "predicted")
    text = f"Of {len(names):,} labels those that are confused most." if len(names) > MATRIX else ""
    if several:
        title = ("missed", "wrongly predicted instead")
        text = "Documents that miss the label of the row and were wrongly given that of the column."
    cells = {row["label"]: row["cells"] for row in rows}
    columns = list(next(iter(cells.values()), {}))
    drawn = matrix(cells, columns, title, names, rest=OTHERS)
    return (paragraph(text, "note") + drawn if drawn else "") + _pairs(metrics)


def _pairs(metrics: Mapping[str, Any]) -> str:
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
    return folded("the most frequent pairs", table(rows, headings, ("share",), ("predicted",)))


def documents_to_browse(
    documents: Sequence[Row], counts: Sequence[Row], names: Sequence[str]
) -> str:
    """Every document with what was expected and predicted, those that went worst first."""
    if not documents:
        return ""
    found = document_browser([_shown(one) for one in documents], FILTERS, names, KEY)
    return paragraph(_extent(min(len(documents), MOST), counts)) + found


def _extent(shown: int, counts: Sequence[Row]) -> str:
    """Which documents these are, of how many."""
    order = "The highest loss comes first."
    if not counts:
        return order
    total, mistakes = counts[0]["documents"], counts[0]["mistakes"]
    text = f"{mistakes:,} of {total:,} documents have a mistake. "
    if shown < mistakes:
        text += f"This page has {shown:,} of these, those with the highest loss. "
    elif shown < total:
        text += f"This page has these and {shown - mistakes:,} others. "
    return text + (order if shown >= mistakes else "")


def _shown(document: Row) -> Shown:
    expected, predicted = document["expected"], document["predicted"]
    right = [name for name in predicted if name in set(expected)]
    missed = [name for name in expected if name not in set(predicted)]
    invented = [name for name in predicted if name not in set(expected)]
    looks = (("right", right), ("missed", missed), ("wrong", invented))
    tags = [
        Tag(name, look, _said(document["scores"].get(name)))
        for look, names in looks
        for name in names
    ]
    line = f"line {document['line']}"
    loss = document["loss"]
    note = f"loss {loss:.3f}" if loss == loss else "no loss: its label is unknown in training"
    likely = [f"{visible(name)} {p:.3f}" for name, p in (document.get("likely") or {}).items()]
    return Shown(
        place=document.get("id") or line,
        texts=document["texts"],
        note=f"{line} · {note}" if document.get("id") else note,
        tags=tags or [Tag("no label")],
        found={"right": right, "missed": missed, "invented": invented},
        figures={"most probable": likely} if likely else {},
    )


def _said(value: float | None) -> str:
    return "unknown in training" if value is None else f"{value:.2f}"
