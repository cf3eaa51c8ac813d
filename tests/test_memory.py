"""Freed memory stays with the process: measured in one of its own, as the setting is for good."""

import os
import platform
import subprocess
import sys

import pytest

PROGRAM = """
from pathlib import Path
import numpy as np
from kerasbert import keep_freed_memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

kept = keep_freed_memory()
before = resident()
np.ones(8_000_000)  # 64 MB, freed at once
print(kept, (resident() - before) >> 20)
"""


def run(environment: dict[str, str]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is a setting of glibc")
def test_freed_memory_is_kept_unless_told_otherwise(monkeypatch):
    monkeypatch.delenv("KERASBERT_KEEP_MEMORY", raising=False)
    kept, megabytes = run(dict(os.environ))
    assert kept == "True" and int(megabytes) > 50
    kept, megabytes = run(os.environ | {"KERASBERT_KEEP_MEMORY": "0"})
    assert kept == "False" and int(megabytes) < 20
