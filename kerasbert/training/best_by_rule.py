"""One rule for a whole run: the best model under each, until validation data has chosen."""

import shutil
from collections.abc import Callable
from typing import Any

import keras

from kerasbert.files import atomic_path
from kerasbert.runs.folder import MODEL, RunFolder
from kerasbert.training.epoch_figures import EpochFigures
from kerasbert.training.keep_best import KeepBest


class BestByRule(keras.callbacks.Callback):
    """Keep the best model of a run, by the figures of the rule that the run will have.

    What a document gets that no label reaches is fitted at the end, with the thresholds. Until then
    the best epoch under either rule is kept, and its figures remembered; `settle` then leaves the
    chosen one. Where there is one rule, as with `--rule`, this is `KeepBest`. It must come after
    the `EpochFigures`.

    Args:
        run: the folder whose `model.keras` is written.
        figures: of each epoch.
        patience: stop after so many epochs without a better figure under any rule; None never.
    """

    def __init__(self, run: RunFolder, figures: EpochFigures, patience: int | None = None):
        super().__init__()
        self.run = run
        self.figures = figures
        self.patience = patience
        head = figures.valid.head
        rules = head.rules(figures.valid)
        self.kept: dict[str, KeepBest] = {
            rule: KeepBest(
                run,
                f"val_{head.best}",
                head.mode,
                file=MODEL if len(rules) == 1 else f"model-{rule}.keras",
            )
            for rule in rules
        }
        self.rows: dict[str, dict[int, dict[str, float]]] = {rule: {} for rule in rules}

    def set_model(self, model):
        super().set_model(model)
        for keeper in self.kept.values():
            keeper.set_model(model)

    def on_epoch_end(self, epoch, logs=None):
        for rule, keeper in self.kept.items():
            found = self.figures.by_rule[rule]
            row = {f"val_{name}": found[name] for name in self.figures.valid.head.figures}
            self.rows[rule][epoch + 1] = row
            keeper.on_epoch_end(epoch, {**(logs or {}), **row})
        if self.stopped:
            self.model.stop_training = True

    @property
    def stopped(self) -> bool:
        """Whether patience has run out; a run resumed after that has nothing left to do."""
        waited = min(keeper.waited for keeper in self.kept.values())
        return self.patience is not None and waited >= self.patience

    def settle(self, score: Callable[[str, str], float]) -> tuple[str, str, int]:
        """Write the model of the rule that validation data prefers as `model.keras`.

        Args:
            score: of a rule and the file of its best model, the figure on validation data by a
                fitted decision.

        Returns:
            the rule, why, and the best epoch under it.
        """
        valid = self.figures.valid
        files = {rule: keeper.file for rule, keeper in self.kept.items() if keeper.best_epoch}
        rule, why = valid.head.choose_rule(
            valid, lambda rule: score(rule, files[rule]) if rule in files else 0.0
        )
        if self.kept[rule].file != MODEL:
            with atomic_path(self.run.file(MODEL)) as temporary:
                shutil.copyfile(self.run.file(self.kept[rule].file), temporary)
        return rule, why, self.kept[rule].best_epoch

    def clean(self) -> None:
        """Remove the other models; call it when the run is finished."""
        for keeper in self.kept.values():
            if keeper.file != MODEL:
                self.run.file(keeper.file).unlink(missing_ok=True)

    def state(self) -> dict[str, Any]:
        rows = {rule: list(found.items()) for rule, found in self.rows.items()}
        return {"kept": {rule: keeper.state() for rule, keeper in self.kept.items()}, "rows": rows}

    def restore(self, state: dict[str, Any]) -> None:
        kept = state.get("kept")
        if kept is None:  # of an earlier version: one model, by either rule
            rule = next(iter(self.kept))
            kept, file = {rule: state}, self.run.file(self.kept[rule].file)
            if self.run.file(MODEL).exists() and not file.exists():
                shutil.copyfile(self.run.file(MODEL), file)
        for rule, keeper in self.kept.items():
            if rule in kept:
                keeper.restore(kept[rule])
            self.rows[rule] = dict(state.get("rows", {}).get(rule, []))
