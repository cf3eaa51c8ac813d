"""Keep the best model, and stop when it gets no better."""

from typing import Any

import keras

from kerasbert.training.run_folder import RunFolder


class KeepBest(keras.callbacks.Callback):
    """Save the model whenever `monitor` is higher than ever before; optionally stop early.

    Unlike Keras' `ModelCheckpoint` and `EarlyStopping` it remembers across a resumed run. It must
    come after the callback that computes `monitor`.

    Args:
        run: the folder whose `model.keras` is written.
        monitor: the figure of an epoch's logs, the higher the better.
        patience: stop after so many epochs without a new best; None never stops.
    """

    def __init__(self, run: RunFolder, monitor: str = "val_f1", patience: int | None = None):
        super().__init__()
        self.run = run
        self.monitor = monitor
        self.patience = patience
        self.best = float("-inf")
        self.best_epoch = 0
        self.waited = 0

    def on_epoch_end(self, epoch, logs=None):
        if self.monitor not in (logs or {}):
            raise ValueError(
                f"{self.monitor!r} is not in the logs of epoch {epoch + 1}: expected a callback "
                f"before this one to compute it. Received: {sorted(logs or {})}"
            )
        value = float(logs[self.monitor])
        if value > self.best:
            self.best, self.best_epoch, self.waited = value, epoch + 1, 0
            self.run.save_model(self.model)
            return
        self.waited += 1
        if self.patience is not None and self.waited >= self.patience:
            self.model.stop_training = True

    @property
    def stopped(self) -> bool:
        """Whether patience has run out; a run resumed after that has nothing left to do."""
        return self.patience is not None and self.waited >= self.patience

    def state(self) -> dict[str, Any]:
        best = self.best if self.best_epoch else None  # JSON has no infinity
        return {"best": best, "best_epoch": self.best_epoch, "waited": self.waited}

    def restore(self, state: dict[str, Any]) -> None:
        if state["best"] is not None:
            self.best = state["best"]
        self.best_epoch = state["best_epoch"]
        self.waited = state["waited"]
