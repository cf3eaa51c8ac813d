"""A progress bar of training steps."""

import time
from typing import Any

import keras

from kerasbert.terminal import shows_bars
from kerasbert.training.plan import StepPlan, TimePlan


class Progress(keras.callbacks.Callback):
    """A bar of training steps with loss, speed and the time left.

    Nothing where there is no terminal.

    Args:
        plan: of the run; under a `TimePlan` the steps to come are an estimate that moves.
        start: the step to begin with.
        description: before the bar.
        tokens_per_step: on average, without padding; the speed is shown in tokens a second.
    """

    def __init__(
        self,
        plan: StepPlan | TimePlan,
        start: int = 0,
        description: str = "training",
        tokens_per_step: float | None = None,
    ):
        super().__init__()
        self.plan = plan
        self.step = start
        self.description = description
        self.tokens_per_step = tokens_per_step
        self.bar: Any = None
        self.task: Any = None
        self._batch_began = 0.0
        self._step_seconds: float | None = None

    def on_train_begin(self, logs=None):
        if self.bar is not None or not shows_bars():
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self.bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self.bar.start()
        self.task = self.bar.add_task(
            self.description, total=self.plan.total_steps or None, completed=self.step, figures=""
        )

    def on_epoch_begin(self, epoch, logs=None):
        self._batch_began = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        now = time.monotonic()
        seconds, self._batch_began = now - self._batch_began, now
        before = seconds if self._step_seconds is None else self._step_seconds
        self._step_seconds = 0.95 * before + 0.05 * seconds
        if self.bar is not None:
            self.bar.update(
                self.task,
                completed=self.step,
                total=self.plan.total_steps or None,
                figures=self.figures(logs or {}),
            )

    def figures(self, logs: dict[str, float]) -> str:
        """What stands behind the bar: loss and tokens a second."""
        parts = [f"loss {logs['loss']:.4f}"] if "loss" in logs else []
        if self.tokens_per_step is not None and self._step_seconds:
            parts.append(f"{self.tokens_per_step / self._step_seconds:,.0f} tokens/s")
        return "  ".join(parts)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = None
