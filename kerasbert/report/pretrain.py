"""The report of a pre-training run: does the encoder use context, or frequencies alone?"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from kerasbert.figures import number
from kerasbert.files import write_text
from kerasbert.report.charts import Axis, Series, chart, curve
from kerasbert.report.page import charts, page, paragraph
from kerasbert.report.run import (
    Config,
    encoder_of,
    settings_and_versions,
    transferred,
)
from kerasbert.report.tables import Row, folded, table, tiles
from kerasbert.report.verdict import pretraining_verdict


def pretrain_report(
    path: str | os.PathLike[str],
    title: str,
    history: Sequence[Row],
    metrics: Mapping[str, Any] | None = None,
    config: Config | None = None,
) -> None:
    """Write the report of a pre-training run.

    Args:
        path: the file to write, whole or not at all.
        title: its heading.
        history: rows with step, loss, and where there is a masked LM val_loss, unigram_loss,
            val_loss_mask, unigram_loss_mask (nats per masked position) and masked_accuracy; with
            document words val_loss_words, unigram_loss_words (nats per unit of weight); with
            pairs val_loss_NAME, chance_loss_NAME of the objective (nats a pair).
        metrics: what metrics.json holds.
        config: what config.json holds: settings, versions, architecture, transfer.
    """
    metrics, config = metrics or {}, config or {}
    tasks = (config.get("settings") or {}).get("tasks") or []
    known = [encoder_of(config)] if config else []
    sections = [
        ("", _figures(metrics)),
        ("", paragraph(pretraining_verdict(history[-1] if history else {}).get("verdict", ""))),
        ("Curves", _curves(history)),
        ("Progress", folded("all figures", table(history))),
        ("Carried over", transferred(config) if config else ""),
        ("Settings", settings_and_versions(config)),
    ]
    summary = " · ".join([*known, *(["objectives " + ", ".join(tasks)] if tasks else [])])
    write_text(path, page("kerasbert pre-training", title, summary, sections))


def _figures(metrics: Mapping[str, Any]) -> str:
    minutes = number(metrics.get("seconds"))
    return tiles(
        {
            "steps": metrics.get("step"),
            "epochs": metrics.get("epoch"),
            "masked-LM loss": metrics.get("val_loss"),
            "unigram loss": metrics.get("unigram_loss"),
            "document-words loss": metrics.get("val_loss_words"),
            "its unigram loss": metrics.get("unigram_loss_words"),
            "masked accuracy": metrics.get("masked_accuracy"),
            "minutes": round(minutes / 60, 1) if minutes is not None else None,
            "documents": metrics.get("documents"),
            "tokens": metrics.get("tokens"),
            "weights": metrics.get("weights"),
        }
    )


def _curves(history: Sequence[Row]) -> str:
    step, nats = Axis("step"), Axis("nats per masked position")

    def losses(note: str, known: str = "unigram_loss", text: str = "unigram frequencies"):
        nothing = curve(history, "step", f"{known}{note}")
        return [
            Series("validation", curve(history, "step", f"val_loss{note}")),
            Series(text, nothing, "dashed", color=1),
        ]

    def pairs(name: str) -> str:
        series = losses(f"_{name}", "chance_loss", "guessing")
        title = f"{name.capitalize().replace('_', '-')} loss"
        return chart(title, series, step, Axis("nats a pair"))

    training = Series("training", curve(history, "step", "loss"), color=2)
    accuracy = Series("validation", curve(history, "step", "masked_accuracy"))
    return charts(
        chart("Masked-LM loss, all masked positions", losses(""), step, nats),
        chart("Masked-LM loss, [MASK] positions only", losses("_mask"), step, nats),
        chart("Document-words loss", losses("_words"), step, Axis("nats per unit of weight")),
        pairs("next_sentence"),
        pairs("sentence_order"),
        chart("Training loss, all objectives together", [training], step, Axis("nats")),
        chart("Masked tokens predicted rightly", [accuracy], step, Axis("share")),
    )
