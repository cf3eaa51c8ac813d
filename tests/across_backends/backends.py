"""Processes that run a piece of Python on one backend."""

import importlib.util
import json
import os
import subprocess
import sys

BACKENDS = [
    name for name in ("jax", "torch", "tensorflow") if importlib.util.find_spec(name) is not None
]

# The packages in HIDDEN cannot be found or imported, as if they were not installed.
HIDE = """
import importlib.util, sys
HIDDEN = {hidden!r}
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in HIDDEN:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hide())
find_spec = importlib.util.find_spec
def find_unless_hidden(name, package=None):
    return None if name.split(".")[0] in HIDDEN else find_spec(name, package)
importlib.util.find_spec = find_unless_hidden
"""


def python(code: str, backend: str | None, hidden: tuple[str, ...] = (), xla: str | None = None):
    """Run `code` on a backend (None: as kerasbert chooses) and return what it prints last, as JSON.

    Args:
        code: the program; its last line of output is JSON.
        backend: the value of KERAS_BACKEND; unset if None.
        hidden: packages that are not there.
        xla: the value of XLA_FLAGS; that of the suite unless given.
    """
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    # Torch and TensorFlow side by side on few cores: who waits must not spin.
    environment |= {"OMP_WAIT_POLICY": "PASSIVE"}
    if backend is not None:
        environment["KERAS_BACKEND"] = backend
    if xla is not None:
        environment["XLA_FLAGS"] = xla
    done = subprocess.run(
        [sys.executable, "-c", HIDE.format(hidden=set(hidden)) + code],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])
