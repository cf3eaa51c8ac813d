"""Event files that TensorBoard reads, without TensorFlow."""

import struct
import subprocess
import sys

import keras
import pytest

from kerasbert import InputError
from kerasbert.training.run_log import TensorBoardEvents


def scalars(folder):
    """(tag, step) -> value, from the records of all event files of a folder."""
    from tensorboardX.proto.event_pb2 import Event

    found = {}
    for path in sorted(folder.glob("events*")):
        data, at = path.read_bytes(), 0
        while at < len(data):  # length, its checksum, the event, its checksum
            (size,) = struct.unpack_from("<Q", data, at)
            event = Event.FromString(data[at + 12 : at + 12 + size])
            at += 16 + size
            for value in event.summary.value:
                found[value.tag, event.step] = value.simple_value
    return found


def test_the_figures_of_reports_and_batches_are_there(tmp_path):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.25), "mse")
    events = TensorBoardEvents(tmp_path, start=5, every=2)
    events.set_model(model)
    for step in range(4):
        events.on_train_batch_end(step, {"loss": float(step)})
    events.on_epoch_end(0, {"loss": 1.5, "val_loss": 2.5})
    events.close()
    assert scalars(tmp_path) == {
        ("batch/loss", 6): 0.0,
        ("batch/loss", 8): 2.0,
        ("report/loss", 9): 1.5,
        ("report/val_loss", 9): 2.5,
        ("report/learning_rate", 9): 0.25,
    }


def test_tensorflow_is_not_imported():
    program = (
        "import sys, tempfile, tensorboardX; w = tensorboardX.SummaryWriter(tempfile.mkdtemp());"
        "w.add_scalar('a', 1.0, 1); w.close(); assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_what_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(InputError, match=r"pip install kerasbert\[tensorboard\]"):
        TensorBoardEvents(tmp_path)
