"""From scratch against pre-trained: figures and a picture from their runs.

A run is a dict: seed, learning_rate, initial_loss (training loss before the first update), test
(the figures of the last epoch; F1 at 0.5), tuned_test (the same of the best epoch, F1 by the
threshold fitted on validation data) and history, a row an epoch with epoch, loss, val_loss,
val_FIGURE and seconds (what that epoch took). Which figures, and which is the best, `Judged` says.

`rows` is {"scratch": [run, ...], "pretrained": [run, ...]}, one run a seed, with the same seeds and
epochs on both sides. A gain is always pre-trained minus from scratch, seed by seed. There may be a
third side, "shipped": the same trainings as "pretrained", as `finetune` would save them.
"""

import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
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


@dataclass(frozen=True)
class Judged:
    """By what the runs of a comparison are judged.

    Attributes:
        best: the figure that counts most.
        mode: "max" where a higher one is better, "min" where a lower one is.
        names: of all figures, as people call them, `best` first.
        fitted: what of the best epoch was fitted on validation data, if anything.
        long: the best one at more length, for an axis.
    """

    best: str = "f1"
    mode: str = "max"
    names: Mapping[str, str] = field(
        default_factory=lambda: {"f1": "F1", "micro_f1": "micro F1", "macro_f1": "macro F1"}
    )
    fitted: str = "fitted threshold"
    long: str = "F1, mean of micro and macro"

    @classmethod
    def of(cls, summary: Mapping[str, Any]) -> "Judged":
        """That of a summary; those of versions before it was said are of classifiers."""
        return cls(**summary["judged"]) if "judged" in summary else cls()

    @property
    def name(self) -> str:
        """Of the figure that counts most."""
        return self.names[self.best]

    @property
    def column(self) -> str:
        """Of the history."""
        return f"val_{self.best}"

    def better(self, one: float, than: float) -> bool:
        """Whether a figure is at least as good as another."""
        return one >= than if self.mode == "max" else one <= than

    def best_of(self, values: Iterable[float | None]) -> float | None:
        """The best of those that are there."""
        present = [value for value in values if value is not None]
        return (max if self.mode == "max" else min)(present) if present else None


def summarize(
    rows: Rows,
    pretraining_seconds: float,
    baselines: Sequence[Mapping[str, Any]],
    judged: Judged | None = None,
) -> dict[str, Any]:
    """Compute every figure of the comparison.

    Args:
        rows: the runs of both sides.
        pretraining_seconds: what pre-training took, once.
        baselines: dicts with name, valid and test (each with the figures) and seconds.
        judged: by what; by F1 unless given.

    Returns:
        A dict for JSON. Each of `sides`, and `gain`, holds the same names; each figure is {mean,
        std, values}, the values by seed, std the sample's (None with one seed), None where there is
        none. Times and epochs until the best figure from scratch are averaged over the seeds that
        reached it; `epochs_ratio` is how many times the epochs the from-scratch run needed for it.

    Raises:
        InputError: no run, or seeds or epochs that differ between the runs.
    """
    judged = judged or Judged()
    seeds, epochs = _check(rows)
    sides = all_sides(rows)
    measured = {side: _measure(rows, side, judged, pretraining_seconds) for side in sides}
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
    by_epoch = [_statistics(gain[f"{judged.column}_epoch_{epoch}"])["mean"] for epoch in epochs]
    sizes = [-1.0 if mean is None else abs(mean) for mean in by_epoch]
    return {
        "judged": asdict(judged),
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
    rows: Rows, side: str, judged: Judged, pretraining_seconds: float
) -> dict[str, list[float | None]]:
    """Each figure of one side, a value a seed."""
    runs, scratch = _sorted(rows[side]), _sorted(rows["scratch"])
    column = judged.column
    measured = {
        f"{column}_epoch_{row['epoch']}": [number(run["history"][i][column]) for run in runs]
        for i, row in enumerate(runs[0]["history"])
    }
    for name in judged.names:
        measured[f"test_{name}"] = [number(run["test"][name]) for run in runs]
        measured[f"tuned_test_{name}"] = [number(run["tuned_test"][name]) for run in runs]
    measured["initial_loss"] = [number(run["initial_loss"]) for run in runs]
    measured["final_val_loss"] = [number(run["history"][-1]["val_loss"]) for run in runs]
    measured["training_seconds"] = [_seconds(run["history"]) for run in runs]
    targets = [_best(peer, judged) for peer in scratch]
    both = list(zip(runs, targets, strict=True))
    reached = [_seconds_until(run, target, judged) for run, target in both]
    measured["seconds_to_scratch_best"] = reached
    epochs = [_epochs_until(run, target, judged) for run, target in both]
    measured["epochs_to_scratch_best"] = epochs
    before = 0.0 if side == "scratch" else pretraining_seconds
    measured["seconds_to_scratch_best_with_pretraining"] = [
        None if seconds is None else seconds + before for seconds in reached
    ]
    return measured


def _best(run: Run, judged: Judged) -> float | None:
    """The best validation figure of a run."""
    return judged.best_of(number(row[judged.column]) for row in run["history"])


def _seconds_until(run: Run, target: float | None, judged: Judged) -> float | None:
    """Seconds of training at the end of the first epoch that reaches the target; None if none."""
    for done, row in enumerate(run["history"], start=1):
        value = number(row[judged.column])
        if target is not None and value is not None and judged.better(value, target):
            return _seconds(run["history"][:done])
    return None


def _epochs_until(run: Run, target: float | None, judged: Judged) -> float | None:
    """Epochs until the target is reached, by a straight line between two epochs; None if never.

    A target reached within the first epoch took one: nothing is known of what was before.
    """
    previous: float | None = None
    for done, row in enumerate(run["history"], start=1):
        value = number(row[judged.column])
        if target is not None and value is not None and judged.better(value, target):
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
    path: str | os.PathLike[str],
    rows: Rows,
    baselines: Sequence[Mapping[str, Any]],
    judged: Judged | None = None,
) -> None:
    """Draw the figure on validation data by epoch as PNG: mean and range of the seeds, and each
    baseline's line.

    Args:
        path: the file to write, whole or not at all.
        rows: the runs of both sides.
        baselines: dicts with name and valid (with the figure).
        judged: by what; by F1 unless given.

    Raises:
        InputError: no run, or seeds or epochs that differ between the runs.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    judged = judged or Judged()
    seeds, epochs = _check(rows)
    figure = Figure(figsize=(7.2, 4.4), layout="constrained")  # without pyplot: no global state
    axes = figure.subplots()
    for side, text in all_sides(rows).items():
        histories = [run["history"] for run in rows[side]]
        values = np.array(
            [[number(row[judged.column]) or 0.0 for row in history] for history in histories]
        )
        axes.plot(epochs, values.mean(axis=0), marker="o", color=COLORS[side], label=text)
        if len(seeds) > 1:
            band = (values.min(axis=0), values.max(axis=0))
            axes.fill_between(epochs, *band, color=COLORS[side], alpha=0.2, linewidth=0)
    for index, baseline in enumerate(baselines):
        height = number((baseline.get("valid") or {}).get(judged.best))
        if height is not None:
            style = ("--", ":", "-.")[index % 3]
            axes.axhline(height, linestyle=style, color="#555555", label=str(baseline["name"]))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    note = f"mean of {len(seeds)} seeds, band from lowest to highest" if len(seeds) > 1 else None
    axes.set(xlabel="epoch", ylabel=f"validation {judged.long}", title=note)
    axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
    axes.grid(alpha=0.3)
    axes.legend()
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=150)
    write_bytes(path, content.getvalue())
