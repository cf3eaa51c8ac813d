"""The report of a pre-training run: does the encoder use context, or frequencies alone?"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from kerasbert.evaluation.objectives import Compared, Figures, pretraining_verdict
from kerasbert.figures import number
from kerasbert.files import write_text
from kerasbert.report.charts import Axis, Series, chart, curve
from kerasbert.report.figures import duration
from kerasbert.report.learned import guessed_words, nearest_words
from kerasbert.report.page import charts, page, paragraph
from kerasbert.report.run import (
    ConfigJson,
    encoder_of,
    settings_and_versions,
    transferred,
)
from kerasbert.report.tables import Row, folded, table, tiles


def pretrain_report(
    path: str | os.PathLike[str],
    title: str,
    history: Sequence[Row],
    metrics: Mapping[str, Any] | None = None,
    config: ConfigJson | None = None,
    objectives: Mapping[str, Figures] | None = None,
    learned: Mapping[str, Sequence[Row]] | None = None,
) -> None:
    """Write the report of a pre-training run.

    Args:
        path: the file to write, whole or not at all.
        title: its heading.
        history: rows with step, loss, val_loss and the figures of the objectives.
        metrics: what metrics.json holds.
        config: what config.json holds: settings, versions, architecture, transfer.
        objectives: by name, the figures of those that were trained.
        learned: rows of "nearest" (word, nearest) and "guesses" (before, word, after, guesses), as
            `kerasbert.training.learned` gives them.
    """
    metrics, config, objectives = metrics or {}, config or {}, objectives or {}
    tasks = (config.get("settings") or {}).get("tasks") or []
    known = [encoder_of(config)] if config else []
    last = history[-1] if history else {}
    sections = [
        ("", _figures(metrics, objectives)),
        ("", paragraph(pretraining_verdict(objectives, last).get("verdict", ""))),
        ("Curves", _curves(history, objectives)),
        ("What it guesses, in held-out text", guessed_words((learned or {}).get("guesses", ()))),
        ("Words that are near each other", nearest_words((learned or {}).get("nearest", ()))),
        ("Progress", folded("all figures", table(history))),
        ("Carried over", transferred(config) if config else ""),
        ("Settings", settings_and_versions(config)),
    ]
    if tasks:
        known.append(f"{'objectives' if len(tasks) > 1 else 'objective'} {', '.join(tasks)}")
    summary = " · ".join(known)
    write_text(path, page("kerasbert pre-training", title, summary, sections))


def _figures(metrics: Mapping[str, Any], objectives: Mapping[str, Figures]) -> str:
    seconds, epochs = number(metrics.get("seconds")), number(metrics.get("epoch"))
    losses: dict[str, Any] = {}
    for figures in objectives.values():
        one = figures.losses[0]
        title = one.title.split(",")[0]
        losses |= {title: metrics.get(one.loss), f"{title}: {one.nothing_known}": _of(metrics, one)}
        losses |= {text.lower(): metrics.get(name) for name, text in figures.shares.items()}
    return tiles(
        {
            "steps": metrics.get("step"),
            "epochs": f"{epochs:.2f}" if epochs is not None else None,
            **losses,
            **duration(seconds),
            "documents": metrics.get("documents"),
            "tokens": metrics.get("tokens"),
            "weights": metrics.get("weights"),
        }
    )


def _of(metrics: Mapping[str, Any], one: Compared) -> Any:
    return metrics.get(one.known) if one.known else None


def _curves(history: Sequence[Row], objectives: Mapping[str, Figures]) -> str:
    step = Axis("step")

    def losses(one: Compared) -> list[Series]:
        series = [Series("validation", curve(history, "step", one.loss))]
        if one.known:
            nothing = curve(history, "step", one.known)
            series.append(Series(one.nothing_known, nothing, "dashed", color=1))
        return series

    of_objectives = [
        chart(one.title, losses(one), step, Axis(one.unit))
        for figures in objectives.values()
        for one in figures.losses
    ]
    shares = [
        chart(title, [Series("validation", curve(history, "step", name))], step, Axis("share"))
        for figures in objectives.values()
        for name, title in figures.shares.items()
    ]
    training = Series("training", curve(history, "step", "loss"), color=2)
    validation = Series("validation", curve(history, "step", "val_loss"))
    return charts(
        *of_objectives,
        chart("All objectives together", [training, validation], step, Axis("sum of losses")),
        *shares,
    )
