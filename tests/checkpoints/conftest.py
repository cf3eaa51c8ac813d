"""Small public models, made once."""

import importlib.util
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


@pytest.fixture(scope="session")
def keras_hub_models(tmp_path_factory):
    """A folder with the presets of `keras_hub_models.py`, and their backbones and tokenizers."""
    for name in ("keras_hub", "sentencepiece"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"needs {name}")
    from keras_hub_models import make

    place = tmp_path_factory.mktemp("keras_hub")
    return place, make(place)
