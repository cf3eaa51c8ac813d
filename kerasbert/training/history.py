"""A row of figures for each report of a run: in history.csv, and on the terminal."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from kerasbert.runs.folder import RunFolder


class History(keras.callbacks.Callback):
    """Collect the rows of history.csv and write it after each.

    Args:
        run: the folder it is written to.
        columns: of the file, in order; "step", "epoch" and "seconds" are known here, the others
            come from the logs, empty where they are no finite number. Seconds are those of
            training and validation since the row before, over resumed sessions too.
        steps_per_epoch: training steps of a pass over the data.
        say: called with each row, to show it.
    """

    def __init__(
        self,
        run: RunFolder,
        columns: Sequence[str],
        steps_per_epoch: int,
        say: Callable[[dict[str, Any]], None] | None = None,
    ):
        super().__init__()
        self.run = run
        self.columns = columns
        self.steps_per_epoch = steps_per_epoch
        self.step = 0
        self.say = say
        self.rows: list[dict[str, Any]] = []
        self.initial_loss: float | None = None
        self._row_began = time.monotonic()
        self._seconds_before = 0.0

    @property
    def _row_seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._row_began

    def on_train_begin(self, logs=None):
        if not self.rows:
            self._row_began = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        if self.initial_loss is None and logs:
            self.initial_loss = float(logs["loss"])  # of the first batch, before its update

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        epochs = self.step / self.steps_per_epoch
        known = {
            "step": self.step,
            "epoch": int(epochs) if epochs == int(epochs) else round(epochs, 3),
            "seconds": round(self._row_seconds, 2),
        }
        self._row_began, self._seconds_before = time.monotonic(), 0.0
        row = {}
        for name in self.columns:
            value = known[name] if name in known else logs.get(name, "")
            row[name] = _written(value)
        self.rows.append(row)
        self.run.write_history(self.rows)
        if self.say is not None:
            self.say(row)

    def settle(self, rows: Mapping[int, Mapping[str, Any]]) -> None:
        """Put figures that were judged by another rule than the run has in the place of the old.

        Args:
            rows: by the number of the row, from 1, the figures by the names of their columns.
        """
        for number, row in enumerate(self.rows, start=1):
            found = rows.get(number, {})
            row |= {name: _written(value) for name, value in found.items() if name in row}
        if self.rows:
            self.run.write_history(self.rows)

    def state(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "rows": self.rows,
            "initial_loss": self.initial_loss,
            "row_seconds": self._row_seconds,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.step = state["step"]
        # A state of an earlier version may lack columns.
        self.rows = [{name: row.get(name, "") for name in self.columns} for row in state["rows"]]
        self.initial_loss = state["initial_loss"]
        self._seconds_before = state["row_seconds"]
        self._row_began = time.monotonic()


def _written(value: Any) -> Any:
    """As history.csv has it: nothing stands for what is no finite number."""
    if isinstance(value, float):
        return round(float(value), 6) if math.isfinite(value) else ""
    return value
