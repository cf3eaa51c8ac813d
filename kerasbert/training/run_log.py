"""A run's figures where people watch their experiments: TensorBoard, MLflow, Weights & Biases."""

import contextlib
import importlib
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import keras

from kerasbert.choices import LogName
from kerasbert.errors import InputError
from kerasbert.runs.folder import RunFolder

# The package that each needs, and how it is installed.
NEEDED: dict[LogName, tuple[str, str]] = {
    "tensorboard": ("tensorboardX", "kerasbert[tensorboard]"),
    "mlflow": ("mlflow", "mlflow-skinny"),
    "wandb": ("wandb", "wandb"),
}
RUNS = "log.json"  # the names that a run has elsewhere


class Writer(Protocol):
    """Where figures go."""

    def write(self, figures: Mapping[str, float], step: int) -> None:
        """Figures of a step, by name."""

    def close(self, finished: bool) -> None:
        """Nothing comes any more; not `finished`, the run may go on later."""


def check_log(name: LogName) -> Any:
    """The package that writes this log.

    Raises:
        InputError: it is not installed.
    """
    package, install = NEEDED[name]
    try:
        return importlib.import_module(package)
    except ImportError:
        raise InputError(f"--log {name} needs {package}: pip install {install}") from None


def open_log(
    name: LogName, run: RunFolder, settings: Mapping[str, Any], start: int = 0
) -> "RunLog":
    """The log of a run, new or gone on with, as a callback.

    Args:
        name: one of `LogName`.
        run: its folder; TensorBoard's files are in `tensorboard/`.
        settings: as plain values.
        start: the step to begin with.

    Raises:
        InputError: the package is not installed.
    """
    check_log(name)
    if name == "tensorboard":
        return TensorBoardEvents(run.file("tensorboard"), start)
    make: Any = {"mlflow": MLflowWriter, "wandb": WandbWriter}[name]
    return RunLog(make(run, settings), start)


@contextlib.contextmanager
def closed(callbacks: Sequence[Any]) -> Iterator[None]:
    """Closes bars and logs at the end of the block; a log hears whether the run came to its end."""
    finished = False
    try:
        yield
        finished = True
    finally:
        for callback in callbacks:
            if isinstance(callback, RunLog):
                callback.finished = finished
            callback.close()


class RunLog(keras.callbacks.Callback):
    """Hand on the figures of each report, and the training loss now and then between them.

    Names are those of Keras' logs: `report/val_loss`, `report/learning_rate`, `batch/loss`.

    Args:
        writer: takes them.
        start: the step to begin with.
        every: steps between two points of the training loss.
    """

    def __init__(self, writer: Writer, start: int = 0, every: int = 10):
        super().__init__()
        self.writer = writer
        self.step = start
        self.every = every
        self.finished = True

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        if self.step % self.every == 0 and logs:
            self.writer.write({"batch/loss": float(logs["loss"])}, self.step)

    def on_epoch_end(self, epoch, logs=None):
        figures = {f"report/{name}": float(value) for name, value in (logs or {}).items()}
        figures["report/learning_rate"] = float(self.model.optimizer.learning_rate)
        self.writer.write(figures, self.step)

    def close(self) -> None:
        self.writer.close(self.finished)


class TensorBoardEvents(RunLog):
    """TensorBoard event files, on any backend, without TensorFlow.

    Keras' own TensorBoard callback imports TensorFlow; this one writes the same format by
    `tensorboardX`, the extra `tensorboard`.

    Args:
        folder: of the event files; show them with `tensorboard --logdir FOLDER`.
        start: the step to begin with; what an interrupted run wrote beyond it is left out.
        every: see `RunLog`.

    Raises:
        InputError: tensorboardX is not installed.
    """

    def __init__(self, folder: Path, start: int = 0, every: int = 10):
        super().__init__(EventWriter(folder, start), start, every)


class EventWriter:
    """Event files of TensorBoard; see `TensorBoardEvents`."""

    def __init__(self, folder: Path, start: int):
        make = check_log("tensorboard").SummaryWriter
        self.files = make(str(folder), purge_step=start + 1 if start else None)

    def write(self, figures: Mapping[str, float], step: int) -> None:
        for name, value in figures.items():
            self.files.add_scalar(name, value, step)
        self.files.flush()

    def close(self, finished: bool) -> None:
        self.files.close()


class MLflowWriter:
    """A run of MLflow, where its own settings say (`MLFLOW_TRACKING_URI` and others).

    Args:
        run: the folder, whose name it gets.
        settings: its parameters.
    """

    def __init__(self, run: RunFolder, settings: Mapping[str, Any]):
        self.mlflow = check_log("mlflow")
        known = _known(run).get("mlflow")
        started = self.mlflow.start_run(run_id=known, run_name=None if known else run.path.name)
        if known is None:
            given = {name: value for name, value in settings.items() if value not in (None, [])}
            self.mlflow.log_params(given)
            _remember(run, "mlflow", started.info.run_id)

    def write(self, figures: Mapping[str, float], step: int) -> None:
        self.mlflow.log_metrics(dict(figures), step=step)

    def close(self, finished: bool) -> None:
        self.mlflow.end_run("FINISHED" if finished else "KILLED")


class WandbWriter:
    """A run of Weights & Biases, where its own settings say (`WANDB_PROJECT`, `WANDB_MODE`...).

    Args:
        run: the folder, whose name it gets.
        settings: its configuration.
    """

    def __init__(self, run: RunFolder, settings: Mapping[str, Any]):
        known = _known(run).get("wandb")
        name = known or uuid.uuid4().hex[:12]
        if known is None:
            _remember(run, "wandb", name)
        self.run = check_log("wandb").init(
            id=name, name=run.path.name, config=dict(settings), resume="allow"
        )

    def write(self, figures: Mapping[str, float], step: int) -> None:
        self.run.log(dict(figures), step=step)

    def close(self, finished: bool) -> None:
        self.run.finish(exit_code=0 if finished else 1)


def _known(run: RunFolder) -> dict[str, str]:
    path = run.file(RUNS)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _remember(run: RunFolder, name: str, of_run: str) -> None:
    run.write_json(RUNS, _known(run) | {name: of_run})
