"""Sections of the report of a run that predicts numbers."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasbert.figures import number, short
from kerasbert.heads.regression.words import interval_sentences
from kerasbert.report.charts import Axis, Series, chart
from kerasbert.report.figures import NAMES, Sections, figure_curves, run_tiles
from kerasbert.report.page import charts, paragraph
from kerasbert.report.rival import rival_rows, rival_text
from kerasbert.report.tables import Row, table, tiles

CUT = 300  # characters of a text that are shown
MOST_PICTURES = 4  # numbers that have pictures of their own
BINS = 25


def number_sections(
    names: Mapping[str, str],
    history: Sequence[Row],
    metrics: Mapping[str, Any],
    rows: Mapping[str, Sequence[Row]],
) -> Sections:
    """What a run says of predicted numbers.

    Args:
        names: of the figures, as people call them.
        history: a row an epoch, with epoch, loss, val_loss and val_FIGURE.
        metrics: what metrics.json holds.
        rows: "valid_numbers" and, where there is test data, "test_numbers" (name, gold and
            predicted of each), and "worst" (line, texts, gold and predicted).
    """
    split = "test" if "test" in metrics else "valid"
    numbers = rows.get(f"{split}_numbers", ())
    return [
        ("", _tiles(names, metrics, split)),
        ("", _parts(names, metrics) + paragraph(rival_text(metrics), "note")),
        ("Intervals", paragraph(interval_sentences(metrics))),
        ("Curves", figure_curves(names, history, metrics)),
        (f"Predicted against true, on {NAMES[split]} data", _against(numbers)),
        (f"Residuals, on {NAMES[split]} data", _residuals(numbers)),
        ("The largest errors, on validation data", _worst(rows.get("worst", ()))),
    ]


def _tiles(names: Mapping[str, str], metrics: Mapping[str, Any], split: str) -> str:
    figures = metrics.get(split) or {}
    return tiles({f"{NAMES[split]} {text}": figures.get(name) for name, text in names.items()}
                 | run_tiles(metrics))  # fmt: skip


def _parts(names: Mapping[str, str], metrics: Mapping[str, Any]) -> str:
    """Each part, and where there are several numbers each of these."""
    parts = []
    for split, text in NAMES.items():
        if split in metrics:
            parts.append({**metrics[split], "data": text})
            each = metrics[split].get("by_name") or {}
            parts += [{**found, "data": f"{text}, {name}"} for name, found in each.items()]
    parts += rival_rows(metrics)
    headings = {"data": "data", **names, "coverage": "in their intervals", "loss": "loss"}
    reasons = {
        str(part[f"{name}_reason"]) for part in parts for name in names if f"{name}_reason" in part
    }
    shown = table(parts, headings | {"documents": "documents"})
    return shown + "".join(paragraph(f"– {reason}", "note") for reason in sorted(reasons))


def _by_name(rows: Sequence[Row]) -> dict[str, list[tuple[float, float]]]:
    """(gold, predicted) by number, without those that are not finite."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        gold, predicted = number(row["gold"]), number(row["predicted"])
        if gold is not None and predicted is not None:
            found.setdefault(row["name"], []).append((gold, predicted))
    return dict(list(found.items())[:MOST_PICTURES])


def _against(rows: Sequence[Row]) -> str:
    drawn = []
    for name, points in _by_name(rows).items():
        ends = min(gold for gold, _ in points), max(gold for gold, _ in points)
        drawn.append(
            chart(
                name,
                [
                    Series("as it should be", [(end, end) for end in ends], "dashed", color=None),
                    Series("a document", points, "dots"),
                ],
                Axis("true"),
                Axis("predicted"),
            )
        )
    return charts(*drawn)


def _residuals(rows: Sequence[Row]) -> str:
    """How many documents have which error, and where it is large."""
    drawn = []
    for name, points in _by_name(rows).items():
        errors = np.array([predicted - gold for gold, predicted in points])
        counts, edges = np.histogram(errors, BINS)
        middles = (edges[:-1] + edges[1:]) / 2
        bars = list(zip(middles.tolist(), counts.astype(float).tolist(), strict=True))
        by_size = [(predicted, predicted - gold) for gold, predicted in points]
        low, high = min(x for x, _ in by_size), max(x for x, _ in by_size)
        zero = Series("no error", [(low, 0.0), (high, 0.0)], "dashed", color=None)
        drawn += [
            chart(
                f"{name}: how often an error occurs",
                [Series("", bars)],
                Axis("predicted minus true"),
                Axis("documents"),
                f"mean {errors.mean():.3g}, standard deviation {errors.std():.3g}",
            ),
            chart(
                f"{name}: errors by what was predicted",
                [zero, Series("a document", by_size, "dots")],
                Axis("predicted"),
                Axis("predicted minus true"),
            ),
        ]
    return charts(*drawn)


def _worst(documents: Sequence[Row]) -> str:
    return "\n".join(_document(one) for one in documents)


def _document(document: Row) -> str:
    said = "; ".join(
        f"{name}: true {short(gold)}, predicted {_shown(document['predicted'][name])}"
        for name, gold in document["gold"].items()
    )
    cut = [text if len(text) <= CUT else text[:CUT] + " …" for text in document["texts"]]
    texts = "".join(f'<p class="text">{html.escape(text)}</p>' for text in cut)
    note = html.escape(f"line {document['line']}, {said}")
    return f'<article><p class="note">{note}</p>{texts}</article>'


def _shown(value: Any) -> str:
    found = number(value)
    return "no finite number" if found is None else short(found)
