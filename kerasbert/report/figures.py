"""Sections of the report of a fine-tuning run that need nothing but the names of figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from kerasbert.figures import figure_name, number
from kerasbert.report.charts import Axis, Series, chart, curve
from kerasbert.report.page import charts
from kerasbert.report.rival import NAMES, rival_line
from kerasbert.report.tables import Row, folded, table, tiles

Sections = list[tuple[str, str]]  # heading and HTML


def figure_curves(
    titles: Mapping[str, str], history: Sequence[Row], metrics: Mapping[str, Any]
) -> str:
    """A chart of each figure on validation data, by name, beside the rival's; and of the losses."""
    epoch = Axis("epoch", whole=True)
    drawn = [
        chart(
            f"{title} on validation data",
            [
                Series("", curve(history, "epoch", f"val_{name}")),
                *rival_line(metrics, name, len(history)),
            ],
            epoch,
            Axis(title),
        )
        for name, title in titles.items()
    ]
    return charts(*drawn, loss_chart(history)) + folded("all figures", table(history))


def figure_sections(
    figures: Sequence[str], history: Sequence[Row], metrics: Mapping[str, Any]
) -> Sections:
    """The figures of the run, of each part, and their curves.

    Args:
        figures: the names of those that the head has, beside the loss.
        history: a row an epoch, with epoch, loss, val_loss and val_NAME.
        metrics: what metrics.json holds.
    """
    split = judged_on(metrics)
    shown = {name: metrics.get(split, {}).get(name) for name in figures}
    titles = {name: figure_name(name) for name in figures}
    first = {f"{NAMES[split]} {titles[name]}": value for name, value in shown.items()}
    parts = [{**metrics[name], "data": text} for name, text in NAMES.items() if name in metrics]
    headings = {"data": "data"} | titles | {"loss": "loss", "documents": "documents"}
    return [
        ("", tiles(first | run_tiles(metrics))),
        ("", table(parts, headings)),
        ("Curves", figure_curves(titles, history, metrics)),
    ]


def judged_on(metrics: Mapping[str, Any]) -> str:
    """The part whose figures come first: that of `evaluate`, test data, or validation data."""
    return next((name for name in ("data", "test") if name in metrics), "valid")


def browsed(metrics: Mapping[str, Any]) -> str:
    """The part that labels and documents are of: that of `evaluate`, or validation data.

    Not test data: who looks for what to improve shall not look there.
    """
    return "data" if "data" in metrics else "valid"


def run_tiles(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """How long the run took."""
    seconds = number(metrics.get("seconds"))
    return {
        "best epoch": metrics.get("best_epoch"),
        "epochs": metrics.get("epochs"),
        **duration(seconds),
    }


def duration(seconds: float | None) -> dict[str, str]:
    """How long something took, by its unit: minutes, of less than one seconds."""
    if seconds is None:
        return {}
    return {"seconds": f"{seconds:.1f}"} if seconds < 60 else {"minutes": f"{seconds / 60:.1f}"}


def loss_chart(history: Sequence[Row]) -> str:
    """Training and validation loss by epoch."""
    losses = {"loss": "training", "val_loss": "validation"}
    series = [
        Series(text, curve(history, "epoch", column), color=color)
        for color, (column, text) in enumerate(losses.items())
    ]
    return chart("Loss", series, Axis("epoch", whole=True), Axis("loss"))
