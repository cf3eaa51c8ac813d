"""A run's figures as TensorBoard event files, on any backend, without TensorFlow."""

from pathlib import Path
from typing import Any

import keras

from kerasbert.errors import InputError


def event_writer() -> Any:
    """The class that writes event files.

    Raises:
        InputError: tensorboardX is not installed.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError:
        raise InputError(
            "--tensorboard needs tensorboardX: pip install kerasbert[tensorboard]"
        ) from None
    return SummaryWriter


class TensorBoardEvents(keras.callbacks.Callback):
    """Write the figures of each report, and loss and learning rate now and then between them.

    Keras' own TensorBoard callback imports TensorFlow; this one writes the same format by
    `tensorboardX`, the extra `tensorboard`.

    Args:
        folder: of the event files; show them with `tensorboard --logdir FOLDER`.
        start: the step to begin with; what an interrupted run wrote beyond it is left out.
        every: steps between two points of the training loss.

    Raises:
        InputError: tensorboardX is not installed.
    """

    def __init__(self, folder: Path, start: int = 0, every: int = 10):
        super().__init__()
        self.writer = event_writer()(str(folder), purge_step=start + 1 if start else None)
        self.step = start
        self.every = every

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        if self.step % self.every == 0 and logs:
            self.writer.add_scalar("batch/loss", float(logs["loss"]), self.step)

    def on_epoch_end(self, epoch, logs=None):
        for name, value in (logs or {}).items():
            self.writer.add_scalar(f"report/{name}", float(value), self.step)
        rate = self.model.optimizer.learning_rate
        self.writer.add_scalar("report/learning_rate", float(rate), self.step)
        self.writer.flush()

    def close(self) -> None:
        self.writer.close()
