"""Small public models, made once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def public_models(tmp_path_factory):
    """The folder of all models of `public_models.py`, and of what transformers answers."""
    pytest.importorskip("transformers")
    pytest.importorskip("torch")
    place = tmp_path_factory.mktemp("public")
    program = Path(__file__).with_name("public_models.py")
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, program, place], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return place
