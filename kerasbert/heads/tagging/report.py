"""Sections of the report of a run that tags words."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from kerasbert.report.browser import Filters, Shown, Tag, document_browser
from kerasbert.report.figures import (
    NAMES,
    Sections,
    browsed,
    figure_curves,
    judged_on,
    run_tiles,
)
from kerasbert.report.page import paragraph
from kerasbert.report.rival import rival_rows, rival_text
from kerasbert.report.tables import Row, table, tiles

CUT = 600  # characters of a text that are shown
# What mistakes are called where a word of a page is wanted.
KINDS = {
    "missed": "missed",
    "invented": "invented",
    "type": "type",
    "boundary": "boundary",
    "boundary and type": "both",
}
FILTERS = Filters({kind: what for what, kind in KINDS.items()}, "type", wrong=list(KINDS.values()))
_HEADINGS = {
    "type": "type",
    "f1": "F1",
    "precision": "precision",
    "recall": "recall",
    "gold": "in the data",
    "found": "answered",
}


def tag_sections(
    names: Mapping[str, str],
    history: Sequence[Row],
    metrics: Mapping[str, Any],
    rows: Mapping[str, Sequence[Row]],
) -> Sections:
    """What a run says of spans.

    Args:
        names: of the figures, as people call them.
        history: a row an epoch, with epoch, loss, val_loss and val_FIGURE.
        metrics: what metrics.json holds, or `kerasbert evaluate` gives.
        rows: "mistakes", "marked" and "counts", as `tagged_rows` makes them.
    """
    split, where = judged_on(metrics), NAMES[browsed(metrics)]
    figures = metrics.get(split) or {}
    first = {f"{NAMES[split]} {text}": figures.get(name) for name, text in names.items()}
    parts = [{**metrics[name], "data": text} for name, text in NAMES.items() if name in metrics]
    parts += rival_rows(metrics)
    headings = {"data": "data", **names, "loss": "loss", "documents": "documents"}
    return [
        ("", tiles(first | run_tiles(metrics))),
        ("", table(parts, headings) + paragraph(rival_text(metrics), "note")),
        ("Curves", figure_curves(names, history, metrics) if history else ""),
        (f"Types, on {NAMES[split]} data", _types(figures.get("by_type") or {})),
        (f"Mistakes, on {where} data", _mistakes(rows.get("mistakes", ()))),
        (f"Texts with mistakes, of {where} data", _texts(rows)),
    ]


def _types(by_type: Mapping[str, Row]) -> str:
    found = [{"type": kind, **figures} for kind, figures in by_type.items()]
    return table(found, _HEADINGS, bars=("f1", "precision", "recall"), name="types")


def _mistakes(mistakes: Sequence[Row]) -> str:
    if not mistakes:
        return paragraph("There are none.")
    said = paragraph(
        "boundary: the right type, and another place that overlaps the right one. type: the right"
        " place. missed: nothing overlaps it. invented: it overlaps nothing right.",
        "note",
    )
    headings = {"mistake": "mistake", "gold": "right", "found": "answered", "times": "times"}
    return said + table(mistakes, headings, texts=("gold", "found"), name="mistakes")


def _texts(rows: Mapping[str, Sequence[Row]]) -> str:
    marked = rows.get("marked", ())
    if not marked:
        return ""
    (counts,) = rows["counts"]
    said = f"{counts['mistakes']:,} of {counts['documents']:,} documents have a mistake."
    if len(marked) < counts["mistakes"]:
        said += f" This page has {len(marked):,} of these, those with the most."
    return paragraph(said) + document_browser([_shown(one) for one in marked], FILTERS)


def _shown(one: Row) -> Shown:
    """A document with its mistakes as tags, found under each by the types that are in it."""
    found: dict[str, list[str]] = {}
    tags = []
    for what, right, answered in one["mistakes"]:
        kinds = list(dict.fromkeys(kind for kind in (right, answered) if kind))
        found.setdefault(KINDS[what], []).extend(kinds)
        tags.append(Tag(" → ".join(kinds), "missed" if what == "missed" else "wrong", what))
    drawn = (
        f'<p class="note">right</p>{marked_text(one["text"], one["gold"])}'
        f'<p class="note">answered</p>{marked_text(one["text"], one["found"])}'
    )
    found = {kind: list(dict.fromkeys(names)) for kind, names in found.items()}
    return Shown(f"line {one['line']}", [one["text"]], tags=tags, found=found, drawn=drawn)


def marked_text(text: str, spans: Sequence[Sequence[Any]]) -> str:
    """A text with its spans marked, and their types behind them, as HTML.

    Args:
        text: it is cut where it is long.
        spans: [start, end, type] each, in order, without overlap.
    """
    parts, at = [], 0
    for start, end, kind in spans:
        if start >= CUT:
            break
        parts.append(html.escape(text[at:start]))
        parts.append(f"<mark>{html.escape(text[start:end])}</mark>")
        parts.append(f"<sub>{html.escape(kind)}</sub>")
        at = end
    rest = text[at:] if len(text) <= CUT else text[at : max(at, CUT)] + " …"
    return f'<p class="text">{"".join(parts)}{html.escape(rest)}</p>'
