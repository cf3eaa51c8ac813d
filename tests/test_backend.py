"""Which backend: KERAS_BACKEND, then keras.json, then the first that is installed."""

import json
import os
import subprocess
import sys

import pytest

BY_KERAS = {
    "floatx": "float32",
    "epsilon": 1e-07,
    "backend": "tensorflow",
    "image_data_format": "channels_last",
}
# All three seem to be installed, but for those that are hidden; none is imported.
CODE = """
import importlib.util as util, os, sys
real = util.find_spec
def find(name, *rest):
    if name in ("jax", "torch", "tensorflow"):
        return None if name in {hidden!r} else "found"
    return real(name, *rest)
util.find_spec = find
import kerasbert
from kerasbert.backend import require_backend
from kerasbert.errors import InputError
assert not {{"keras", "jax", "torch", "tensorflow"}} & set(sys.modules)
print(os.environ.get("KERAS_BACKEND"))
try:
    require_backend()
except InputError as error:
    print(error)
"""


def chosen(folder, settings=None, backend=None, hidden=()):
    """What is chosen, and the message where it cannot be had."""
    if settings is not None:
        text = settings if isinstance(settings, str) else json.dumps(settings, indent=4)
        (folder / "keras.json").write_text(text)
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    environment |= {"KERAS_HOME": str(folder)}
    environment |= {"KERAS_BACKEND": backend} if backend is not None else {}
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(hidden=hidden)],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    name, *message = done.stdout.splitlines()
    return name, " ".join(message)


@pytest.mark.parametrize(
    "settings, backend, expected",
    [
        (BY_KERAS | {"backend": "torch"}, "tensorflow", "tensorflow"),
        (BY_KERAS | {"backend": "torch"}, None, "torch"),
        (BY_KERAS | {"backend": "torch"}, "", "torch"),  # as Keras reads an empty variable
        ({"backend": "tensorflow", "epsilon": 1e-6}, None, "tensorflow"),
        (BY_KERAS, None, "jax"),  # nobody's choice: Keras writes this file by itself
        ("{", None, "jax"),
        ([1], None, "jax"),
        (None, None, "jax"),
    ],
    ids=str,
)
def test_variable_then_file_then_the_first(settings, backend, expected, tmp_path):
    assert chosen(tmp_path, settings, backend) == (expected, "")


def test_what_keras_writes_by_itself_is_known(tmp_path):
    """The file that this version of Keras makes on its first import, before that of TensorFlow."""
    environment = os.environ | {"KERAS_HOME": str(tmp_path)}
    environment.pop("KERAS_BACKEND", None)
    command = [sys.executable, "-c", "import keras"]  # fails where there is no TensorFlow
    subprocess.run(command, env=environment, capture_output=True)
    assert json.loads((tmp_path / "keras.json").read_text())["backend"] == "tensorflow"
    assert chosen(tmp_path) == ("jax", "")


def test_the_file_is_looked_for_where_keras_does(monkeypatch, tmp_path):
    from kerasbert.backend import keras_json

    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert keras_json() == tmp_path / ".keras" / "keras.json"
    monkeypatch.setenv("KERAS_HOME", "~/mine")
    assert keras_json() == tmp_path / "mine" / "keras.json"


def test_a_file_that_names_what_is_not_installed_is_one_clear_message(tmp_path):
    name, message = chosen(tmp_path, {"backend": "torch"}, hidden=("torch", "tensorflow"))
    assert name == "torch"
    assert message == (
        f"the backend of {tmp_path}/keras.json is 'torch', which is not installed. Install it "
        "(pip install 'kerasbert[torch]') or set KERAS_BACKEND to another. Installed here: jax."
    )
    _, message = chosen(tmp_path, {"backend": "openvino"})
    assert "keras.json is 'openvino', expected one of jax, torch, tensorflow: set" in message


def test_a_variable_that_names_what_is_not_installed_is_named(tmp_path):
    _, message = chosen(tmp_path, {"backend": "torch"}, "jax", hidden=("jax",))
    assert message.startswith("KERAS_BACKEND is 'jax', which is not installed.")


def test_none_installed(tmp_path):
    name, message = chosen(tmp_path, hidden=("jax", "torch", "tensorflow"))
    assert name == "None" and "pip install 'kerasbert[jax]'" in message
