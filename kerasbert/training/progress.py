"""A progress bar of training steps."""

import sys
from typing import Any

import keras


class Progress(keras.callbacks.Callback):
    """A bar of training steps with loss and time left; nothing where there is no terminal.

    Args:
        total_steps: of the whole run.
        start: the step to begin with.
        description: before the bar.
    """

    def __init__(self, total_steps: int, start: int = 0, description: str = "training"):
        super().__init__()
        self.total_steps = total_steps
        self.step = start
        self.description = description
        self.bar: Any = None
        self.task: Any = None

    def on_train_begin(self, logs=None):
        if self.bar is not None or not sys.stderr.isatty():
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self.bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[loss]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self.bar.start()
        self.task = self.bar.add_task(
            self.description, total=self.total_steps, completed=self.step, loss=""
        )

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        if self.bar is not None:
            loss = f"loss {logs['loss']:.4f}" if logs else ""
            self.bar.update(self.task, completed=self.step, loss=loss)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = None
