"""The report of a comparison: from scratch against pre-trained, on one page."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kerasbert.evaluation.comparison import Judged
from kerasbert.figures import number
from kerasbert.files import write_text
from kerasbert.report.charts import Axis, Series, chart, curve
from kerasbert.report.page import charts, page, paragraph
from kerasbert.report.run import ConfigJson, encoder_of, settings_and_versions
from kerasbert.report.tables import pairs, table, tiles

SIDES = {"scratch": ("from scratch", 1), "pretrained": ("pre-trained", 0)}  # name, colour
NAMES = ("train", "valid", "test")
SHIPPED = {"shipped": ("what finetune ships", 2)}
Runs = Sequence[Mapping[str, Any]]


def comparison_report(
    path: str | os.PathLike[str],
    title: str,
    result: Mapping[str, Any],
    config: ConfigJson | None = None,
) -> None:
    """Write the report of a comparison.

    Args:
        path: the file to write, whole or not at all.
        title: its heading.
        result: what compare.json holds: scratch, pretrained, shipped where it is known, summary,
            table and sentence.
        config: what config.json holds: settings, versions, architecture.
    """
    config = config or {}
    summary, rows = result["summary"], result["table"]
    names = {str(number): text or "figure" for number, text in enumerate(rows[0])}
    figures = [dict(zip(names, row, strict=True)) for row in rows[1:]]
    sections = [
        ("", _figures(summary)),
        ("", paragraph(result.get("verdict", "")) + paragraph(result["sentence"])),
        ("What is compared", _compared(result, summary, config)),
        ("Curves on validation data", _curves(result, summary)),
        ("Figures", table(figures, names) + paragraph(_note(summary), "note")),
        (f"Seed by seed, {Judged.of(summary).name} on test data", _pairs(result)),
        ("Settings", settings_and_versions(config) if config else ""),
    ]
    known = [encoder_of(config)] if config else []
    seeds = len(summary["seeds"])
    known.append(f"{seeds} seed{'s' if seeds > 1 else ''}, {len(summary['epochs'])} epochs")
    write_text(path, page("kerasbert comparison", title, " · ".join(known), sections))


def _compared(result: Mapping[str, Any], summary: Mapping[str, Any], config: ConfigJson) -> str:
    """Each column of the figures in words."""
    settings = config.get("settings") or {}
    source = Path(str(settings.get("pretrained") or "a pre-trained run")).name
    seeds, epochs = len(summary["seeds"]), summary["epochs"][-1]
    files = [Path(str(settings[part])).name for part in NAMES if settings.get(part)]
    data = f" on {files[0]} and judged on {' and '.join(files[1:])}," if len(files) > 1 else ""
    said = {
        "from scratch": f"a network as that of {source}, begun with random weights",
        "pre-trained": f"the same, begun with the weights of {source}",
    }
    if "shipped" in result:
        limits = ", by a threshold for each label" if Judged.of(summary).fitted else ""
        said[SHIPPED["shipped"][0]] = (
            "the pre-trained network of the same training, with linear SVMs beside it where texts "
            f"are single, at its own best epoch{limits}: what the command kerasbert finetune saves"
        )
    for baseline in summary["baselines"]:
        said[str(baseline["name"])] = "what one would use instead, without a network"
    equal = (
        f"Each is fine-tuned{data} with {seeds} seed{'s' if seeds > 1 else ''} for {epochs} "
        f"epoch{'s' if epochs > 1 else ''}, at the learning rate that was best for it on "
        "validation data; all else is equal."
    )
    return pairs(said) + paragraph(equal)


def _figures(summary: Mapping[str, Any]) -> str:
    gain, last, judged = summary["gain"], summary["epochs"][-1], Judged.of(summary)

    def change(name: str) -> str | None:
        mean, spread = gain[name]["mean"], gain[name]["std"]
        if mean is None:
            return None
        return f"{mean:+.3f}" + (f" ± {spread:.3f}" if spread is not None else "")

    ratio = summary["epochs_ratio"]["mean"]
    return tiles(
        {
            f"validation {judged.name} after epoch 1": (
                change(f"{judged.column}_epoch_1") if last > 1 else None
            ),
            f"validation {judged.name} after epoch {last}": change(f"{judged.column}_epoch_{last}"),
            f"test {judged.name}, best epoch": change(f"tuned_test_{judged.best}"),
            "test F1 of what finetune ships": _shipped(summary),
            "epochs from scratch for one pre-trained": f"{ratio:.1f}" if ratio else None,
        }
    )


def _shipped(summary: Mapping[str, Any]) -> float | None:
    figures = summary["sides"].get("shipped")
    return figures["tuned_test_f1"]["mean"] if figures else None


def _sides(result: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    return SIDES | {side: look for side, look in SHIPPED.items() if side in result}


def _curves(result: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """Each seed thin, their mean bold; the baselines as lines."""
    epoch, judged = Axis("epoch", whole=True), Judged.of(summary)
    drawn = []
    for column, name in [
        *((f"val_{key}", judged.long if key == judged.best else name)
          for key, name in judged.names.items()),
        ("val_loss", "Loss"),
    ]:  # fmt: skip
        lines = _by_side(result, "epoch", column)
        key = column.removeprefix("val_")
        for color, baseline in enumerate(summary["baselines"], start=3):
            height = number((baseline.get("valid") or {}).get(key))
            if height is not None:
                ends = [(float(at), height) for at in (summary["epochs"][0], summary["epochs"][-1])]
                lines.append(Series(str(baseline["name"]), ends, "dashed", color=color))
        axis = Axis("loss" if key == "loss" else judged.names[key])
        drawn.append(chart(name[0].upper() + name[1:], lines, epoch, axis))
    sides = _sides(result)
    timed = {side: [_with_time(run) for run in result[side]] for side in sides}
    lines = [
        Series(name if seed == 0 else "", curve(rows, "time", judged.column), color=color)
        for side, (name, color) in sides.items()
        for seed, rows in enumerate(timed[side])
    ]
    seconds = Axis("seconds of fine-tuning, without pre-training")
    by_time = chart(f"{judged.name} by time, each seed", lines, seconds, Axis(judged.name))
    return charts(*drawn, by_time)


def _by_side(result: Mapping[str, Any], x: str, y: str) -> list[Series]:
    lines = []
    for side, (name, color) in _sides(result).items():
        curves = [curve(run["history"], x, y) for run in result[side]]
        if len(curves) > 1:
            lines += [Series("", points, "thin", color=color) for points in curves]
        by_x: dict[float, list[float]] = {}
        for at, value in (point for points in curves for point in points):
            by_x.setdefault(at, []).append(value)
        mean = [(at, sum(values) / len(values)) for at, values in sorted(by_x.items())]
        lines.append(Series(name, mean, color=color))
    return lines


def _with_time(run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The history with the seconds since the beginning."""
    rows, passed = [], 0.0
    for row in run["history"]:
        passed += number(row.get("seconds")) or 0.0
        rows.append({**row, "time": passed})
    return rows


def _note(summary: Mapping[str, Any]) -> str:
    """What the figures with a spread are."""
    text = "One seed: how much of this is chance is not known."
    if len(summary["seeds"]) > 1:
        text = (
            "Mean and sample standard deviation over the seeds. A gain is taken seed by seed: both "
            "sides of a pair have the same seed."
        )
    return text


def _pairs(result: Mapping[str, Any]) -> str:
    """Each seed's figure on test data, of both sides, and the difference."""
    judged = Judged.of(result["summary"])
    figures = (("test", "last epoch"), ("tuned_test", "best epoch"))
    if judged.fitted:
        figures = (("test", "last epoch at 0.5"), ("tuned_test", "best epoch, fitted"))
    sides = _sides(result)
    runs = [sorted(result[side], key=lambda run: run["seed"]) for side in sides]
    rows = []
    for scratch, pretrained, *shipped in zip(*runs, strict=True):
        row: dict[str, Any] = {"seed": scratch["seed"]}
        for key, name in figures:
            a, b = number(scratch[key][judged.best]), number(pretrained[key][judged.best])
            row |= {f"{name}: from scratch": a, f"{name}: pre-trained": b}
            row[f"{name}: gain"] = None if a is None or b is None else b - a
        for run in shipped:
            row |= {
                f"{name}: {SHIPPED['shipped'][0]}": run[key][judged.best] for key, name in figures
            }
        rows.append(row)
    return table(rows)
