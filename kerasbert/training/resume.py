"""Saving and restoring the whole state of a run, so that it goes on as if never interrupted."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasbert.errors import InputError
from kerasbert.files import atomic_path, to_json

KEPT = 2  # the last states; the older one is there if the newer is torn


class Interrupted(KeyboardInterrupt):
    """The user or the system asked the run to stop; its state is saved."""


class SaveState(keras.callbacks.Callback):
    """Write the run's state now and then, at the end of a report, and when told to stop.

    A state is one file, `state/step-N.npz`: weights, optimizer, dropout seeds and running metrics,
    and what the other callbacks remember (each gives `state()` and takes `restore(state)`).
    The data needs no state: batch N is a function of the seed and N. A state that is no longer
    finite is never written: the run ends with an error, and the states before it stay.

    Args:
        folder: where states go.
        minutes: at most so long between two states.
        callbacks: those whose `state()` belongs to it.
    """

    def __init__(self, folder: Path, minutes: float, callbacks: list):
        super().__init__()
        self.folder = Path(folder)
        self.seconds = 60 * minutes
        self.remembering = callbacks
        self.step = 0
        self.stop_signal: int | None = None
        self._metrics: list[np.ndarray] | None = None
        self._saved_step: int | None = None
        self._saved_at = time.monotonic()
        self._previous: dict[int, Any] = {}

    def on_train_begin(self, logs=None):
        for number in (signal.SIGINT, signal.SIGTERM):
            # Only the main thread may set handlers; elsewhere the caller handles interruption.
            try:
                self._previous[number] = signal.signal(number, self._on_signal)
            except ValueError:
                break

    def on_train_end(self, logs=None):
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}

    def _on_signal(self, number, frame):
        if self.stop_signal is not None:  # asked twice: at once
            raise KeyboardInterrupt
        self.stop_signal = number

    def awaits_metrics(self, model: keras.Model) -> bool:
        """Whether running metrics were restored that the model has not made yet."""
        return self._metrics is not None and len(self._metrics) != len(model.metrics_variables)

    def on_epoch_begin(self, epoch, logs=None):
        # `fit` has just reset the metrics; in the middle of an epoch they go on as they were.
        if self._metrics is not None:
            _assign(self.model.metrics_variables, self._metrics)
            self._metrics = None

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        if logs and not np.isfinite(logs["loss"]):
            raise self._diverged("the loss")
        if batch + 1 == self.params["steps"] or self.model.stop_training:
            return  # a report follows: a state without it would go on behind it
        if self.stop_signal is not None or time.monotonic() - self._saved_at > self.seconds:
            self._save_and_stop_if_asked()

    def on_epoch_end(self, epoch, logs=None):
        self._save_and_stop_if_asked(reported=True)

    def _save_and_stop_if_asked(self, reported: bool = False) -> None:
        self.save(reported)
        if self.stop_signal is not None:
            raise Interrupted(f"stopped at step {self.step}; the state is saved")

    def save(self, reported: bool = False) -> None:
        """Write the state of this step, unless it is there already.

        Args:
            reported: whether running metrics are told already, and the next step begins them anew.
        """
        self._saved_at = time.monotonic()
        if self._saved_step == self.step:
            return
        model = self.model
        arrays = {}
        for group, variables in _groups(model).items():
            for number, variable in enumerate(variables):
                value = keras.ops.convert_to_numpy(variable)
                if np.issubdtype(value.dtype, np.floating) and not np.isfinite(value).all():
                    raise self._diverged(variable.path)
                arrays[f"{group}/{number}"] = value
        meta = {
            "step": self.step,
            "reported": reported,
            "backend": keras.backend.backend(),
            "threads": os.cpu_count(),
            "callbacks": [callback.state() for callback in self.remembering],
        }
        arrays["meta"] = np.frombuffer(to_json(meta).encode(), np.uint8)
        with atomic_path(self.folder / f"step-{self.step:010d}.npz") as temporary:
            np.savez(temporary, **arrays)
        self._saved_step = self.step
        for old in sorted(self.folder.glob("step-*.npz"))[:-KEPT]:
            old.unlink()

    def _diverged(self, what: str) -> InputError:
        return InputError(
            f"step {self.step}: {what} is not a finite number any more, the training has diverged. "
            f"{self.kept} Begin anew with a smaller --learning-rate, in another --out."
        )

    @property
    def kept(self) -> str:
        """Which state there is to go on with, in a sentence."""
        states = sorted(self.folder.glob("step-*.npz"))
        return f"The last good state is {states[-1]}." if states else "No state was saved yet."

    def restore(self, model: keras.Model) -> tuple[int, list[str]]:
        """Bring the newest whole state into model, optimizer and callbacks.

        Returns:
            the step to go on with (0 if there is no state) and what the user should know.

        Raises:
            InputError: the state is another backend's, or another model's.
        """
        said = []
        for path in sorted(self.folder.glob("step-*.npz"), reverse=True):
            try:
                with np.load(path, allow_pickle=False) as file:
                    arrays = {name: file[name] for name in file.files}
                meta = json.loads(arrays.pop("meta").tobytes())
            except Exception as error:  # a torn file: whatever the reader makes of it
                said.append(f"{path.name} cannot be read ({type(error).__name__}): left out.")
                continue
            self._restore(model, path, arrays, meta, said)
            return self.step, said
        return 0, said

    def _restore(self, model, path, arrays, meta, said) -> None:
        if meta["backend"] != keras.backend.backend():
            raise InputError(
                f"{path}: the run was made with KERAS_BACKEND={meta['backend']}, this is "
                f"{keras.backend.backend()}. Resume with the same backend."
            )
        if meta["threads"] != os.cpu_count():
            said.append(
                f"the run had {meta['threads']} processors, here are {os.cpu_count()}: the results "
                "may differ in the last bits."
            )
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        groups = _groups(model)
        expected = sum(len(variables) for name, variables in groups.items() if name != "metrics")
        found = sum(not name.startswith("metrics/") for name in arrays)
        if expected != found:
            raise InputError(
                f"{path}: holds {found} variables, the model and its optimizer have {expected}. "
                "Resume with the settings that the run was started with."
            )
        for name, variables in groups.items():
            if name != "metrics":
                _assign(variables, [arrays[f"{name}/{i}"] for i in range(len(variables))])
        metrics = sorted(
            (name for name in arrays if name.startswith("metrics/")),
            key=lambda name: int(name.split("/")[1]),
        )
        self._metrics = None if meta.get("reported") else [arrays[name] for name in metrics]
        self.step = self._saved_step = meta["step"]
        for callback, state in zip(self.remembering, meta["callbacks"], strict=True):
            callback.restore(state)


def _groups(model) -> dict[str, list]:
    return {
        "model": list(model.variables),  # weights and the seeds of dropout
        "optimizer": list(model.optimizer.variables),
        "metrics": list(model.metrics_variables),
    }


def _assign(variables, values) -> None:
    for variable, value in zip(variables, values, strict=True):
        if tuple(variable.shape) != value.shape:
            raise InputError(
                f"{variable.path}: the saved state has shape {value.shape}, the model "
                f"{tuple(variable.shape)}. Resume with the settings that the run was started with."
            )
        variable.assign(value)
