"""`report.html` of a run: one file that needs nothing else, with curves, tables and settings.

Missing values (None, NaN) leave a gap in a curve and a dash in a table. Every value is escaped:
labels and paths are a user's text.
"""

import html
import io
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

from kerasbert.files import write_text

Row = Mapping[str, Any]
# One panel of curves: its y-axis and, for each column of the history, the name in the legend.
Panel = tuple[str, Mapping[str, str]]

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; } th, td { padding: .15rem .7rem; text-align: right; }
th:first-child, td:first-child { text-align: left; overflow-wrap: anywhere; }
thead th { border-bottom: 1px solid #888; } tbody tr:nth-child(even) { background: #f4f4f4; }
figure { margin: 0; } svg { max-width: 100%; height: auto; }
"""


def finetune_report(
    path: str | os.PathLike[str],
    title: str,
    history: Sequence[Row],
    metrics: Mapping[str, Any],
    settings: Row,
    transfer: Row | None,
    per_label: Sequence[Row],
) -> None:
    """Write the report of a fine-tuning run.

    Args:
        path: the file to write, whole or not at all.
        title: its heading.
        history: a row an epoch, with epoch, loss, val_loss, val_micro_f1, val_macro_f1, val_f1.
        metrics: as in `metrics.json`: the figures of "valid" and "test", and the same again
            under "at_half".
        settings: name and value of each setting.
        transfer: what was carried over from pre-training, as name and list of weights (shown with
            their number) or name and value; None when nothing was.
        per_label: rows as `kerasbert.evaluation.f1.per_label` gives them.
    """
    panels: list[Panel] = [
        ("loss", {"loss": "training", "val_loss": "validation"}),
        ("F1 on validation", {"val_micro_f1": "micro", "val_macro_f1": "macro", "val_f1": "mean"}),
    ]
    splits = [
        {"split": name + note, **figures}
        for source, note in ((metrics, ""), (metrics.get("at_half") or {}, " (threshold 0.5)"))
        for name, figures in source.items()
        if name != "at_half" and isinstance(figures, Mapping)
    ]
    sections = [
        ("Result", _table(splits)),
        ("Curves", _curves(history, "epoch", panels)),
        ("Epochs", _table(history)),
        ("Labels", _table(per_label)),
        ("Carried over from pre-training", _pairs(transfer) if transfer else ""),
        ("Settings", _pairs(settings)),
    ]
    write_text(path, _page(title, sections))


def pretrain_report(
    path: str | os.PathLike[str], title: str, history: Sequence[Row], settings: Row
) -> None:
    """Write the report of a pre-training run.

    Args:
        path: the file to write, whole or not at all.
        title: its heading.
        history: rows with step, loss, val_loss, unigram_loss, masked_accuracy; the losses in nats
            per masked position.
        settings: name and value of each setting.
    """
    curves = {
        "val_loss": "validation",
        "loss": "training",
        "unigram_loss": "by unigram frequency",
    }
    sections = [
        ("Masked-LM loss, nats per position", _curves(history, "step", [("loss", curves)])),
        ("Progress", _table(history)),
        ("Settings", _pairs(settings)),
    ]
    write_text(path, _page(title, sections))


def _page(title: str, sections: Sequence[tuple[str, str]]) -> str:
    """Put the sections that have a body under their headings."""
    body = "\n".join(f"<h2>{html.escape(name)}</h2>\n{text}" for name, text in sections if text)
    title = html.escape(title)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n{body}\n</body></html>\n"
    )


def _curves(history: Sequence[Row], x: str, panels: Sequence[Panel]) -> str:
    """Draw panels side by side as inline SVG; nothing where there is no point to draw."""
    drawn = [
        (name, present)
        for name, columns in panels
        if (present := {c: text for c, text in columns.items() if _points(history, x, c)})
    ]
    if not drawn:
        return ""
    # Figure without pyplot: no global state, no display, nothing to close.
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(4.6 * len(drawn), 3.2), layout="constrained")
    grid = figure.subplots(1, len(drawn), squeeze=False)
    for axes, (name, columns) in zip(grid[0], drawn, strict=True):
        for column, text in columns.items():
            axes.plot(*zip(*_points(history, x, column), strict=True), marker=".", label=text)
        axes.set(xlabel=x, ylabel=name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    svg = io.StringIO()
    # A fixed salt and no date: the same run writes the same report.
    with matplotlib.rc_context({"svg.hashsalt": "kerasbert", "svg.fonttype": "none"}):
        metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(svg, format="svg", metadata=metadata)
    names = html.escape(", ".join(name for name, _ in drawn))
    inline = svg.getvalue()[svg.getvalue().index("<svg") :]
    return f'<figure role="img" aria-label="Curves: {names}">{inline}</figure>'


def _points(history: Sequence[Row], x: str, y: str) -> list[tuple[float, float]]:
    """The points of one curve, without those that are missing."""
    pairs = ((number(row.get(x)), number(row.get(y))) for row in history)
    return [(a, b) for a, b in pairs if a is not None and b is not None]


def _table(rows: Sequence[Row]) -> str:
    """A table whose columns are the keys of the rows, in order of first appearance."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    if not columns:
        return ""
    head = "".join(f"<th>{html.escape(str(column))}</th>" for column in columns)
    lines = (
        "<tr>" + "".join(f"<td>{_cell(row.get(column))}</td>" for column in columns) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>" + "\n".join(lines) + "</tbody></table>"


def _pairs(values: Row) -> str:
    """A table of two columns; long lists are folded behind their length."""
    return _table([{"name": name, "value": value} for name, value in values.items()])


def _cell(value: Any) -> str:
    """One value, escaped."""
    if isinstance(value, (list, tuple)) and len(value) > 8:
        lines = "<br>".join(html.escape(str(item)) for item in value)
        return f"<details><summary>{len(value)}</summary>{lines}</details>"
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return "–"
    return html.escape(f"{value:.4g}" if isinstance(value, float) else str(value))


def number(value: Any) -> float | None:
    """The value as a finite float; None for whatever isn't one."""
    try:
        value = float(value)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None
