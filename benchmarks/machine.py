"""What figures were taken on, in words: no name of a host."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasbert.backend import BACKENDS

PACKAGES = (
    "keras",
    "numpy",
    *BACKENDS,
    "transformers",
    "keras-hub",
    "fasttext",
    "onnxruntime",
)


def machine(load_before: float) -> dict[str, Any]:
    """What the figures were taken on."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "gpus": _gpus(),
        "python": platform.python_version(),
        "versions": versions,
        "load_before": load_before,
        "load_after": os.getloadavg()[0],
    }


def _processor() -> str:
    """Its name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{platform.machine()}, {names[0]}" if names else platform.machine()


def _gpus() -> list[str]:
    """Their names, where NVIDIA's tool tells them."""
    if shutil.which("nvidia-smi") is None:
        return []
    line = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    return subprocess.run(line, capture_output=True, text=True).stdout.splitlines()


def describe(where: Mapping[str, Any]) -> str:
    """The machine, in a line."""
    versions = ", ".join(f"{name} {version}" for name, version in where["versions"].items())
    gpus = "".join(f", {name}" for name in where["gpus"])
    return (
        f"{where['cores']} cores ({where['processor']}){gpus}, "
        f"load {where['load_before']:.1f} before and {where['load_after']:.1f} after; "
        f"Python {where['python']}, {versions}"
    )
