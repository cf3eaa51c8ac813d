"""From scratch against pre-trained: figures and a picture from their runs.

A run is a dict: seed, learning_rate, initial_loss (training loss before the first update), test
(micro_f1, macro_f1, f1 of the last epoch at 0.5), tuned_test (the same of the best epoch, by the
threshold fitted on validation data) and history, a row an epoch with epoch, loss, val_loss,
val_micro_f1, val_macro_f1, val_f1 and seconds (what that epoch took).

`rows` is {"scratch": [run, ...], "pretrained": [run, ...]}, one run a seed, with the same seeds and
epochs on both sides. A gain is always pre-trained minus from scratch, seed by seed. There may be a
third side, "shipped": the same trainings as "pretrained", as `finetune` would save them.
"""

import io
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from kerasbert.errors import InputError
from kerasbert.figures import number
from kerasbert.files import write_bytes

Run = Mapping[str, Any]
Rows = Mapping[str, Sequence[Run]]

SIDES = {"scratch": "from scratch", "pretrained": "pre-trained"}
SHIPPED = {"shipped": "what finetune ships"}
EPOCHS_SHOWN = (1, 3, 5, 7)
# Told apart by the colour-blind, too.
COLORS = {"scratch": "#d55e00", "pretrained": "#0072b2", "shipped": "#009e73"}


def summarize(
    rows: Rows, pretraining_seconds: float, baselines: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Compute every figure of the comparison.

    Args:
        rows: the runs of both sides.
        pretraining_seconds: what pre-training took, once.
        baselines: dicts with name, valid and test (each with f1) and seconds.

    Returns:
        A dict for JSON. Each of `sides`, and `gain`, holds the same names; each figure is {mean,
        std, values}, the values by seed, std the sample's (None with one seed), None where there is
        none. Times and epochs until the best F1 from scratch are averaged over the seeds that
        reached it; `epochs_ratio` is how many times the epochs the from-scratch run needed for it.

    Raises:
        InputError: no run, or seeds or epochs that differ between the runs.
    """
    seeds, epochs = _check(rows)
    sides = all_sides(rows)
    measured = {side: _measure(rows, side, seeds, pretraining_seconds) for side in sides}
    gain = {
        name: [_difference(b, a) for a, b in zip(values, measured["pretrained"][name], strict=True)]
        for name, values in measured["scratch"].items()
    }
    ratios = [
        None if slow is None or fast is None else slow / fast
        for slow, fast in zip(
            *(measured[side]["epochs_to_scratch_best"] for side in SIDES), strict=True
        )
    ]
    by_epoch = [_statistics(gain[f"val_f1_epoch_{epoch}"])["mean"] for epoch in epochs]
    sizes = [-1.0 if mean is None else abs(mean) for mean in by_epoch]
    return {
        "seeds": seeds,
        "epochs": epochs,
        "epochs_shown": sorted({e for e in EPOCHS_SHOWN if e in epochs} | {epochs[-1]}),
        "largest_difference_epoch": epochs[int(np.argmax(sizes))],
        "learning_rate": {s: [run["learning_rate"] for run in _sorted(rows[s])] for s in sides},
        "sides": {side: _all_statistics(values) for side, values in measured.items()},
        "gain": _all_statistics(gain),
        "epochs_ratio": _statistics(ratios),
        "pretraining_seconds": number(pretraining_seconds),
        "baselines": [dict(baseline) for baseline in baselines],
    }


def all_sides(rows: Mapping[str, Any]) -> dict[str, str]:
    """The names of the sides that are there, in the order of the table."""
    return SIDES | {side: name for side, name in SHIPPED.items() if side in rows}


def _check(rows: Rows) -> tuple[list[int], list[int]]:
    """The seeds and epochs that all runs share."""
    sides = all_sides(rows)
    seeds = {side: [run["seed"] for run in _sorted(rows[side])] for side in sides}
    if not seeds["scratch"] or any(found != seeds["scratch"] for found in seeds.values()):
        raise InputError(f"all sides need a run for each of the same seeds. Received: {seeds}")
    epochs = [[row["epoch"] for row in run["history"]] for side in sides for run in rows[side]]
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
    measured["epochs_to_scratch_best"] = [
        _epochs_until(run, _best(peer)) for run, peer in zip(runs, scratch, strict=True)
    ]
    before = 0.0 if side == "scratch" else pretraining_seconds
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


def _epochs_until(run: Run, target: float | None) -> float | None:
    """Epochs until the target is reached, by a straight line between two epochs; None if never.

    A target reached within the first epoch took one: nothing is known of what was before.
    """
    previous: float | None = None
    for done, row in enumerate(run["history"], start=1):
        value = number(row["val_f1"])
        if target is not None and value is not None and value >= target:
            if previous is None or value == previous:
                return float(done)
            return done - (value - target) / (value - previous)
        previous = value
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
    for side, text in all_sides(rows).items():
        histories = [run["history"] for run in rows[side]]
        values = np.array(
            [[number(row["val_f1"]) or 0.0 for row in history] for history in histories]
        )
        axes.plot(epochs, values.mean(axis=0), marker="o", color=COLORS[side], label=text)
        if len(seeds) > 1:
            band = (values.min(axis=0), values.max(axis=0))
            axes.fill_between(epochs, *band, color=COLORS[side], alpha=0.2, linewidth=0)
    for index, baseline in enumerate(baselines):
        f1 = number((baseline.get("valid") or {}).get("f1"))
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
