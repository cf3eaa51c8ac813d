"""The line that says which backend computes, and on what; and what it does not let through."""

import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from kerasbert.device import _counted, _of_jax, _of_tensorflow, _of_torch


@pytest.mark.backend
def test_the_backend_is_said_with_version_and_device():
    from kerasbert.device import describe_backend, import_backend

    import_backend()
    line = describe_backend()
    assert re.fullmatch(r"(JAX|PyTorch|TensorFlow) [\d.]+\S* on (cpu, \d+ threads?|.+)", line)


def test_accelerators_are_named():
    """What the backends answer where there are some, as their documentation has it."""
    device = SimpleNamespace(platform="gpu", device_kind="NVIDIA H100")
    jax = SimpleNamespace(devices=lambda: [device, SimpleNamespace(platform="cpu")])
    assert _of_jax(jax) == ["NVIDIA H100"]
    cuda = SimpleNamespace(
        is_available=lambda: True, device_count=lambda: 2, get_device_name=lambda i: f"card {i}"
    )
    assert _of_torch(SimpleNamespace(cuda=cuda)) == ["card 0", "card 1"]
    experimental = SimpleNamespace(get_device_details=lambda gpu: {"device_name": gpu})
    config = SimpleNamespace(list_physical_devices=lambda kind: ["a"], experimental=experimental)
    assert _of_tensorflow(SimpleNamespace(config=config)) == ["a"]
    assert _counted(["a", "a", "b"]) == "2 x a, b"


def test_chatter_of_tensorflow_is_left_out_and_nothing_else():
    code = (
        "import os\n"
        "from kerasbert.device import _without_chatter\n"
        "with _without_chatter():\n"
        "    os.write(2, b'WARNING: All log messages before absl::Init are written to STDERR\\n')\n"
        "    os.write(2, b'I0000 00:00:17957.78 323 port.cc:153] oneDNN operations are on.\\n')\n"
        "    os.write(2, b'F0000 00:00:17957.78 323 cpu.cc:153] no AVX here\\n')\n"
        "os.write(2, b'after\\n')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stderr == "F0000 00:00:17957.78 323 cpu.cc:153] no AVX here\nafter\n"
