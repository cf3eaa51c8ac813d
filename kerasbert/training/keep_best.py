"""Keep the best model, and stop when it gets no better."""

import math
from typing import Any, Literal

import keras

from kerasbert.runs.folder import MODEL, RunFolder


class KeepBest(keras.callbacks.Callback):
    """Save the model whenever `monitor` is better than ever before; optionally stop early.

    Of epochs with the same figure, as on small validation data, the one with the lowest `val_loss`
    is kept, if the logs have it. An epoch without a figure (NaN) is worse than any with one. Unlike
    Keras' `ModelCheckpoint` and `EarlyStopping` it remembers across a resumed run. It must come
    after the callback that computes `monitor`.

    Args:
        run: the folder whose `model.keras` is written.
        monitor: the figure of an epoch's logs.
        mode: "max" if a higher one is better, "min" if a lower one is.
        patience: stop after so many epochs without a better figure; None never stops.
        file: the name of the model's file.
    """

    def __init__(
        self,
        run: RunFolder,
        monitor: str = "val_f1",
        mode: Literal["max", "min"] = "max",
        patience: int | None = None,
        file: str = MODEL,
    ):
        super().__init__()
        self.run = run
        self.file = file
        self.monitor = monitor
        self.mode = mode
        self.patience = patience
        self._worst = float("-inf" if mode == "max" else "inf")
        self.best = self._worst
        self.best_loss: float | None = None
        self.best_epoch = 0
        self.waited = 0

    def on_epoch_end(self, epoch, logs=None):
        if self.monitor not in (logs or {}):
            raise ValueError(
                f"{self.monitor!r} is not in the logs of epoch {epoch + 1}: expected a callback "
                f"before this one to compute it. Received: {sorted(logs or {})}"
            )
        value, loss = float(logs[self.monitor]), logs.get("val_loss")
        if math.isnan(value):  # such as a correlation with a constant: no worse epoch than this
            value = self._worst
        better = value > self.best if self.mode == "max" else value < self.best
        same = value == self.best and lower(loss, self.best_loss)
        if better or same or not self.best_epoch:
            self.best, self.best_loss, self.best_epoch = value, loss, epoch + 1
            self.run.save_model(self.model, self.file)
        if better:
            self.waited = 0
            return
        self.waited += 1
        if self.patience is not None and self.waited >= self.patience:
            self.model.stop_training = True

    @property
    def stopped(self) -> bool:
        """Whether patience has run out; a run resumed after that has nothing left to do."""
        return self.patience is not None and self.waited >= self.patience

    def state(self) -> dict[str, Any]:
        best = self.best if math.isfinite(self.best) else None  # JSON has no infinity
        return {
            "best": best,
            "best_loss": self.best_loss,
            "best_epoch": self.best_epoch,
            "waited": self.waited,
        }

    def restore(self, state: dict[str, Any]) -> None:
        if state["best"] is not None:
            self.best = state["best"]
        self.best_loss = state.get("best_loss")  # not in the states of earlier versions
        self.best_epoch = state["best_epoch"]
        self.waited = state["waited"]


def lower(loss: float | None, than: float | None) -> bool:
    """Whether a loss is the lower one; not if either is unknown."""
    return loss is not None and than is not None and loss < than
