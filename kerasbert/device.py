"""The backend that computes, and on what: said at the start of each command that computes."""

import contextlib
import importlib
import logging
import os
import re
import signal
import sys
from collections.abc import Iterator
from typing import Any

NAMES = {"jax": "JAX", "torch": "PyTorch", "tensorflow": "TensorFlow"}


# What TensorFlow says as it is loaded: of its own machinery, and whom it has registered.
_CHATTER = re.compile(
    rb"WARNING: All log messages before absl|[IW]\d{4} [\d:. ]+ \S+\] "
    rb"|E\d{4} .*Unable to register cu|To enable the following instructions"
)


def import_backend() -> None:
    """Import Keras and its backend, and leave out what TensorFlow says of itself.

    It reads no setting of its log before it is loaded.
    """
    if "keras" in sys.modules:
        return
    tensorflow = os.environ.get("KERAS_BACKEND") == "tensorflow"
    with _without_chatter() if tensorflow else contextlib.nullcontext():
        importlib.import_module("keras")  # by name: no command needs it for importing this file
    if tensorflow:
        logging.getLogger("tensorflow").setLevel(logging.ERROR)  # such as a function traced anew


@contextlib.contextmanager
def _without_chatter() -> Iterator[None]:
    """In this block, lines of `_CHATTER` do not come through to standard error.

    A process of its own reads them, so that even the last words of one that crashes come through.
    """
    try:
        stderr = os.dup(2)
    except OSError:  # closed
        stderr = -1
    if stderr < 0 or not hasattr(os, "fork"):
        yield
        return
    source, sink = os.pipe()
    reader = os.fork()
    if reader == 0:
        _pass_on(source, sink, stderr)
    os.close(source)
    os.dup2(sink, 2)
    os.close(sink)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(stderr, 2)
        os.close(stderr)
        os.waitpid(reader, 0)


def _pass_on(source: int, sink: int, stderr: int) -> None:
    """The reading process, to its end, which is that of the other one's writing."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        for copy in (sink, 2):
            os.close(copy)
        with os.fdopen(source, "rb") as lines:
            for line in lines:
                if not _CHATTER.match(line):
                    os.write(stderr, line)
    finally:
        os._exit(0)


def describe_backend() -> str:
    """The imported backend with its version and its device: "JAX 0.10.2 on cpu, 2 threads".

    Keras has to be imported. Asked is only what Keras has imported already.
    """
    name = sys.modules["keras"].backend.backend()
    version = sys.modules[name].__version__.partition("+")[0]
    devices = _ACCELERATORS[name](sys.modules[name]) if name in _ACCELERATORS else []
    threads = _threads(name)
    where = _counted(devices) if devices else f"cpu, {threads} thread{'s' if threads > 1 else ''}"
    return f"{NAMES.get(name, name)} {version} on {where}"


def _of_jax(module: Any) -> list[str]:
    return [device.device_kind for device in module.devices() if device.platform != "cpu"]


def _of_torch(module: Any) -> list[str]:
    if module.cuda.is_available():
        return [module.cuda.get_device_name(index) for index in range(module.cuda.device_count())]
    return ["mps"] if module.backends.mps.is_available() else []


def _of_tensorflow(module: Any) -> list[str]:
    config = module.config
    details = [
        config.experimental.get_device_details(gpu) for gpu in config.list_physical_devices("GPU")
    ]
    return [found.get("device_name", "GPU") for found in details]


_ACCELERATORS = {"jax": _of_jax, "torch": _of_torch, "tensorflow": _of_tensorflow}


def _counted(devices: list[str]) -> str:
    """The kinds of devices: NVIDIA H100 80GB HBM3, or 2 x it."""
    kinds = {kind: devices.count(kind) for kind in devices}
    return ", ".join(f"{count} x {kind}" if count > 1 else kind for kind, count in kinds.items())


def _threads(name: str) -> int:
    if name == "torch":
        return int(sys.modules["torch"].get_num_threads())
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
