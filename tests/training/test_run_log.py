"""Where figures of a run go: event files without TensorFlow, MLflow, Weights & Biases."""

import struct
import subprocess
import sys
from types import SimpleNamespace

import keras
import pytest

from kerasbert import InputError
from kerasbert.runs.folder import RunFolder
from kerasbert.training.run_log import NEEDED, TensorBoardEvents, check_log, closed, open_log


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


@pytest.mark.parametrize("name", NEEDED)
def test_the_error_names_what_to_install(name, monkeypatch):
    monkeypatch.setitem(sys.modules, NEEDED[name][0], None)
    with pytest.raises(InputError, match=rf"--log {name} needs .*: pip install "):
        check_log(name)


class Elsewhere:
    """What our callback calls of `mlflow` and of `wandb`, told as a list."""

    def __init__(self):
        self.calls = []

    def start_run(self, run_id, run_name):
        self.calls.append(("start", run_id, run_name))
        return SimpleNamespace(info=SimpleNamespace(run_id="r7"))

    def log_params(self, params):
        self.calls.append(("params", params))

    def log_metrics(self, figures, step):
        self.calls.append((step, figures))

    def end_run(self, status):
        self.calls.append(("end", status == "FINISHED"))

    def init(self, id, name, config, resume):
        assert resume == "allow"
        self.calls += [("start", id, name), ("params", config)]
        return self

    def log(self, figures, step):
        self.calls.append((step, figures))

    def finish(self, exit_code):
        self.calls.append(("end", exit_code == 0))


@pytest.mark.parametrize("name", ["mlflow", "wandb"])
def test_an_interrupted_run_goes_on_as_the_same_one(name, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, name, elsewhere := Elsewhere())
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.25), "mse")
    run = RunFolder(tmp_path / "tags")

    def train(start):
        log = open_log(name, run, {"epochs": 2, "seed": 0}, start)
        log.set_model(model)
        with closed([log]):
            log.on_train_batch_end(0, {"loss": 1.5})
            log.on_epoch_end(0, {"val_f1": 0.5})
            if start == 9:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(9)
    first, elsewhere.calls = elsewhere.calls, []
    (_, made, title), *told = first
    assert title == "tags"
    assert told == [
        ("params", {"epochs": 2, "seed": 0}),
        (10, {"batch/loss": 1.5}),
        (10, {"report/val_f1": 0.5, "report/learning_rate": 0.25}),
        ("end", False),
    ]
    train(10)
    assert elsewhere.calls[0][1] == ("r7" if name == "mlflow" else made)
    assert elsewhere.calls[-1] == ("end", True)
