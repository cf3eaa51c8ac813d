"""From scratch against pre-trained: figures, a table, a picture and a sentence from their runs.

A run is a dict: seed, learning_rate, initial_loss (training loss before the first update), test
(micro_f1, macro_f1, f1 of the last epoch at 0.5), tuned_test (the same of the best epoch, by the
threshold fitted on validation data) and history, a row an epoch with epoch, loss, val_loss,
val_micro_f1, val_macro_f1, val_f1 and seconds (what that epoch took).

`rows` is {"scratch": [run, ...], "pretrained": [run, ...]}, one run a seed, with the same seeds and
epochs on both sides. A gain is always pre-trained minus from scratch, seed by seed.
"""

import io
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from kerasbert.errors import InputError
from kerasbert.evaluation.report.charts import number
from kerasbert.files import write_bytes

Run = Mapping[str, Any]
Rows = Mapping[str, Sequence[Run]]

SIDES = {"scratch": "from scratch", "pretrained": "pre-trained"}
EPOCHS_SHOWN = (1, 3, 5, 7)
COLORS = {"scratch": "#d55e00", "pretrained": "#0072b2"}  # told apart by the colour-blind, too


def summarize(
    rows: Rows, pretraining_seconds: float, baselines: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Compute every figure of the comparison.

    Args:
        rows: the runs of both sides.
        pretraining_seconds: what pre-training took, once.
        baselines: dicts with name, valid and test (each with f1) and seconds.

    Returns:
        A dict for JSON. `sides` and `gain` hold the same names; each figure is {mean, std, values},
        the values by seed, std the sample's (None with one seed), None where there is none. Times
        until the best F1 from scratch are averaged over the seeds that reached it.

    Raises:
        InputError: no run, or seeds or epochs that differ between the runs.
    """
    seeds, epochs = _check(rows)
    measured = {side: _measure(rows, side, seeds, pretraining_seconds) for side in SIDES}
    gain = {
        name: [_difference(b, a) for a, b in zip(values, measured["pretrained"][name], strict=True)]
        for name, values in measured["scratch"].items()
    }
    by_epoch = [_statistics(gain[f"val_f1_epoch_{epoch}"])["mean"] for epoch in epochs]
    sizes = [-1.0 if mean is None else abs(mean) for mean in by_epoch]
    return {
        "seeds": seeds,
        "epochs": epochs,
        "epochs_shown": sorted({e for e in EPOCHS_SHOWN if e in epochs} | {epochs[-1]}),
        "largest_difference_epoch": epochs[int(np.argmax(sizes))],
        "learning_rate": {s: [run["learning_rate"] for run in _sorted(rows[s])] for s in SIDES},
        "sides": {side: _all_statistics(values) for side, values in measured.items()},
        "gain": _all_statistics(gain),
        "pretraining_seconds": number(pretraining_seconds),
        "baselines": [dict(baseline) for baseline in baselines],
    }


def _check(rows: Rows) -> tuple[list[int], list[int]]:
    """The seeds and epochs that all runs share."""
    seeds = {side: [run["seed"] for run in _sorted(rows[side])] for side in SIDES}
    if not seeds["scratch"] or seeds["scratch"] != seeds["pretrained"]:
        raise InputError(f"both sides need a run for each of the same seeds. Received: {seeds}")
    epochs = [[row["epoch"] for row in run["history"]] for side in SIDES for run in rows[side]]
    if not epochs[0] or any(found != epochs[0] for found in epochs):
        raise InputError(f"all runs need the same epochs, at least one. Received: {epochs}")
    return seeds["scratch"], epochs[0]


def _sorted(runs: Iterable[Run]) -> list[Run]:
    return sorted(runs, key=lambda run: run["seed"])


def _measure(
    rows: Rows, side: str, seeds: list[int], pretraining_seconds: float
) -> dict[str, list[float | None]]:
    """Each figure of one side, a value a seed."""
    runs, scratch = _sorted(rows[side]), _sorted(rows["scratch"])
    measured = {
        f"val_f1_epoch_{row['epoch']}": [number(run["history"][i]["val_f1"]) for run in runs]
        for i, row in enumerate(runs[0]["history"])
    }
    for name in ("f1", "micro_f1", "macro_f1"):
        measured[f"test_{name}"] = [number(run["test"][name]) for run in runs]
        measured[f"tuned_test_{name}"] = [number(run["tuned_test"][name]) for run in runs]
    measured["initial_loss"] = [number(run["initial_loss"]) for run in runs]
    measured["final_val_loss"] = [number(run["history"][-1]["val_loss"]) for run in runs]
    measured["training_seconds"] = [_seconds(run["history"]) for run in runs]
    reached = [_seconds_until(run, _best(peer)) for run, peer in zip(runs, scratch, strict=True)]
    measured["seconds_to_scratch_best"] = reached
    before = pretraining_seconds if side == "pretrained" else 0.0
    measured["seconds_to_scratch_best_with_pretraining"] = [
        None if seconds is None else seconds + before for seconds in reached
    ]
    return measured


def _best(run: Run) -> float | None:
    """The best validation F1 of a run."""
    values = [number(row["val_f1"]) for row in run["history"]]
    return max((value for value in values if value is not None), default=None)


def _seconds_until(run: Run, target: float | None) -> float | None:
    """Seconds of training at the end of the first epoch that reaches the target; None if none."""
    for done, row in enumerate(run["history"], start=1):
        value = number(row["val_f1"])
        if target is not None and value is not None and value >= target:
            return _seconds(run["history"][:done])
    return None


def _seconds(history: Sequence[Mapping[str, Any]]) -> float:
    return float(sum(number(row.get("seconds")) or 0.0 for row in history))


def _difference(new: float | None, old: float | None) -> float | None:
    return None if new is None or old is None else new - old


def _all_statistics(values: Mapping[str, list[float | None]]) -> dict[str, dict[str, Any]]:
    return {name: _statistics(by_seed) for name, by_seed in values.items()}


def _statistics(values: list[float | None]) -> dict[str, Any]:
    present = [value for value in values if value is not None]
    return {
        "mean": float(np.mean(present)) if present else None,
        "std": float(np.std(present, ddof=1)) if len(present) > 1 else None,
        "values": values,
    }


def comparison_table(summary: Mapping[str, Any]) -> list[list[str]]:
    """The figures as rows of text, the header first: sides as columns, then gain and baselines."""
    baselines = summary["baselines"]
    last = summary["epochs"][-1]
    names = [str(baseline["name"]) for baseline in baselines]
    table = [["", *SIDES.values(), "gain", *names]]

    def add(text: str, name: str, digits: int, known: Sequence[Any] = ()) -> None:
        cells = [_figure(summary["sides"][side][name], digits) for side in SIDES]
        cells.append(_figure(summary["gain"][name], digits, sign=True))
        shown = [_figure({"mean": value}, digits) for value in known] or [""] * len(names)
        table.append([text, *cells, *shown])

    rates = [_rates(summary["learning_rate"][side]) for side in SIDES]
    table.append(["learning rate", *rates, "", *[""] * len(names)])
    for epoch in summary["epochs_shown"]:
        # Without the baselines: their thresholds are fitted on these very documents.
        note = " (last)" if epoch == last else ""
        add(f"validation F1 after epoch {epoch}{note}", f"val_f1_epoch_{epoch}", 3)
    add("test F1, last epoch", "test_f1", 3)
    for name, text in (("f1", "F1"), ("micro_f1", "micro F1"), ("macro_f1", "macro F1")):
        known = [_get(baseline, "test", name) for baseline in baselines]
        add(f"test {text}, best epoch, fitted threshold", f"tuned_test_{name}", 3, known)
    add("training loss at the beginning", "initial_loss", 4)
    add("validation loss, last epoch", "final_val_loss", 4)
    add("seconds until the best F1 from scratch", "seconds_to_scratch_best", 0)
    add("the same with pre-training", "seconds_to_scratch_best_with_pretraining", 0)
    known = [_get(baseline, "seconds") for baseline in baselines]
    add("seconds of training", "training_seconds", 0, known)
    return table


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """The table in Markdown, figures to the right."""
    lines = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines.insert(1, ["---", *["---:"] * (len(rows[0]) - 1)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _figure(figure: Mapping[str, Any], digits: int, sign: bool = False) -> str:
    """Mean and spread as text; says so when only some of the seeds have a value."""
    if number(figure.get("mean")) is None:
        return "never" if figure.get("values") else "–"
    plus = "+" if sign else ""
    text = f"{figure['mean']:{plus}.{digits}f}"
    if figure.get("std") is not None:
        text += f" ± {figure['std']:.{digits}f}"
    values = figure.get("values") or []
    missing = sum(value is None for value in values)
    return f"{text} ({len(values) - missing} of {len(values)} seeds)" if missing else text


def _rates(rates: Sequence[float]) -> str:
    return ", ".join(f"{rate:g}" for rate in dict.fromkeys(rates))


def _get(values: Any, *path: str) -> Any:
    for name in path:
        values = (values or {}).get(name)
    return values


def comparison_sentence(summary: Mapping[str, Any]) -> str:
    """Say in one sentence what pre-training gained or lost, and how that stands to the baseline."""
    last, most = summary["epochs"][-1], summary["largest_difference_epoch"]
    when = {1: "after epoch 1"} if 1 in summary["epochs"] else {}
    when.setdefault(most, f"after epoch {most}")
    when.setdefault(last, f"after epoch {last}")
    parts = [
        _change(summary["gain"][f"val_f1_epoch_{epoch}"])
        + f" {text}"
        + (" (the largest difference)" if epoch == most and len(when) > 1 else "")
        + (" (the last)" if epoch == last else "")
        for epoch, text in when.items()
    ]
    seeds = len(summary["seeds"])
    text = f"With {seeds} seed{'s' if seeds > 1 else ''}, pre-training "
    text += ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]
    text += " in validation F1"
    ours = summary["sides"]["pretrained"]["tuned_test_f1"]["mean"]
    if ours is None:
        return text + "."
    text += f"; on test it {_change(summary['gain']['tuned_test_f1'])} and ends at {ours:.3f}"
    against = []
    for baseline in summary["baselines"]:
        theirs = number(_get(baseline, "test", "f1"))
        if theirs is not None:
            word = "above" if ours > theirs else "below"
            against.append(f"{abs(ours - theirs):.3f} {word} {baseline['name']} ({theirs:.3f})")
    return text + "".join(f", {part}" for part in against) + "."


def _change(gain: Mapping[str, Any]) -> str:
    """ "gained 0.012", "lost 0.012", and whether the seeds differ by more than that."""
    mean, spread = gain["mean"], gain["std"]
    if mean is None:
        return "yielded no comparable figure"
    if abs(mean) < 0.0005:
        return "changed nothing (0.000)"
    text = f"{'gained' if mean > 0 else 'lost'} {abs(mean):.3f}"
    if spread is not None and abs(mean) <= spread:
        text += f" (within the spread of the seeds, {spread:.3f})"
    return text


def draw_comparison(
    path: str | os.PathLike[str], rows: Rows, baselines: Sequence[Mapping[str, Any]]
) -> None:
    """Draw validation F1 by epoch as PNG: mean and range of the seeds, and each baseline's line.

    Args:
        path: the file to write, whole or not at all.
        rows: the runs of both sides.
        baselines: dicts with name and valid (with f1).

    Raises:
        InputError: no run, or seeds or epochs that differ between the runs.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    seeds, epochs = _check(rows)
    figure = Figure(figsize=(7.2, 4.4), layout="constrained")  # without pyplot: no global state
    axes = figure.subplots()
    for side, text in SIDES.items():
        histories = [run["history"] for run in rows[side]]
        values = np.array(
            [[number(row["val_f1"]) or 0.0 for row in history] for history in histories]
        )
        axes.plot(epochs, values.mean(axis=0), marker="o", color=COLORS[side], label=text)
        if len(seeds) > 1:
            band = (values.min(axis=0), values.max(axis=0))
            axes.fill_between(epochs, *band, color=COLORS[side], alpha=0.2, linewidth=0)
    for index, baseline in enumerate(baselines):
        f1 = number(_get(baseline, "valid", "f1"))
        if f1 is not None:
            style = ("--", ":", "-.")[index % 3]
            axes.axhline(f1, linestyle=style, color="#555555", label=str(baseline["name"]))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    note = f"mean of {len(seeds)} seeds, band from lowest to highest" if len(seeds) > 1 else None
    axes.set(xlabel="epoch", ylabel="validation F1 (mean of micro and macro)", title=note)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend()
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=150)
    write_bytes(path, content.getvalue())
