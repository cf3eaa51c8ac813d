"""Processes that run a piece of Python on one backend."""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile

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


# A program that runs one piece of Python after the other: a line of JSON in, a line out.
SERVE = """
import contextlib, io, json, sys, traceback
for line in sys.stdin:
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            exec(json.loads(line), {"__name__": "__main__"})
    except SystemExit as error:
        if error.code:
            said = io.StringIO("null")
            traceback.print_exc()
    except BaseException:
        said = io.StringIO("null")
        traceback.print_exc()
    print(said.getvalue().splitlines()[-1], flush=True)
"""


def environment_of(backend: str | None, xla: str | None = None) -> dict[str, str]:
    """Of a process on a backend; `xla` are its XLA_FLAGS, those of the suite unless given."""
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    # Torch and TensorFlow side by side on few cores: who waits must not spin.
    environment |= {"OMP_WAIT_POLICY": "PASSIVE"}
    if backend is not None:
        environment["KERAS_BACKEND"] = backend
    if xla is not None:
        environment["XLA_FLAGS"] = xla
    return environment


class Server:
    """A process on a backend that runs what it is sent: to start one takes longer than most of it.

    Call it with a program; what that prints last is returned, as JSON.
    """

    def __init__(self, backend: str, xla: str | None = None):
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment_of(backend, xla),
        )

    def __call__(self, code: str):
        self._process.stdin.write(json.dumps(code) + "\n")
        self._process.stdin.flush()
        found = self._process.stdout.readline()
        result = json.loads(found) if found else None
        if result is None:
            self._errors.seek(0)
            raise AssertionError(self._errors.read()[-4000:])
        return result

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._errors.close()


def python(code: str, backend: str | None, hidden: tuple[str, ...] = ()):
    """Run `code` in a process of its own and return what it prints last, as JSON.

    Args:
        code: the program; its last line of output is JSON.
        backend: the value of KERAS_BACKEND; unset if None, as kerasbert chooses then.
        hidden: packages that are not there.
    """
    done = subprocess.run(
        [sys.executable, "-c", HIDE.format(hidden=set(hidden)) + code],
        capture_output=True,
        text=True,
        env=environment_of(backend),
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])
