"""The report of a pre-training run: does the encoder use context, or frequencies alone?"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from kerasbert.evaluation.report.charts import Axis, Series, chart, curve, number
from kerasbert.evaluation.report.page import charts, page, paragraph
from kerasbert.evaluation.report.run import (
    Config,
    encoder_of,
    settings_and_versions,
    transferred,
)
from kerasbert.evaluation.report.tables import Row, folded, table, tiles
from kerasbert.files import write_text


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
            document words val_loss_words, unigram_loss_words (nats per unit of weight).
        metrics: what metrics.json holds.
        config: what config.json holds: settings, versions, architecture, transfer.
    """
    metrics, config = metrics or {}, config or {}
    tasks = (config.get("settings") or {}).get("tasks") or []
    known = [encoder_of(config)] if config else []
    sections = [
        ("", _figures(metrics)),
        ("", paragraph(_verdict(history))),
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


def _verdict(history: Sequence[Row]) -> str:
    """Say how the last validation loss on [MASK] positions stands to the unigram loss."""
    found = [
        (number(row.get("val_loss_mask")), number(row.get("unigram_loss_mask"))) for row in history
    ]
    known = [(loss, unigram) for loss, unigram in found if loss is not None and unigram is not None]
    if not known:
        return ""
    loss, unigram = known[-1]
    if loss < unigram:
        return (
            f"On [MASK] positions the validation loss is {unigram - loss:.3f} nats below the "
            f"unigram loss ({loss:.3f} against {unigram:.3f}): the encoder uses context."
        )
    return (
        f"On [MASK] positions the validation loss ({loss:.3f}) is not below the unigram loss "
        f"({unigram:.3f}): so far the encoder has learned nothing but frequencies."
    )


def _curves(history: Sequence[Row]) -> str:
    step, nats = Axis("step"), Axis("nats per masked position")

    def losses(note: str) -> list[Series]:
        return [
            Series("validation", curve(history, "step", f"val_loss{note}")),
            Series(
                "unigram frequencies",
                curve(history, "step", f"unigram_loss{note}"),
                "dashed",
                color=1,
            ),
        ]

    training = Series("training", curve(history, "step", "loss"), color=2)
    accuracy = Series("validation", curve(history, "step", "masked_accuracy"))
    return charts(
        chart("Masked-LM loss, all masked positions", losses(""), step, nats),
        chart("Masked-LM loss, [MASK] positions only", losses("_mask"), step, nats),
        chart("Document-words loss", losses("_words"), step, Axis("nats per unit of weight")),
        chart("Training loss, all objectives together", [training], step, Axis("nats")),
        chart("Masked tokens predicted rightly", [accuracy], step, Axis("share")),
    )
