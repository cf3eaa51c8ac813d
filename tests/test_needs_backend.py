"""Which tests run on every backend: what imports Keras, however far away; and nothing else."""

import importlib
import os
import sys

import pytest
from needs_backend import ROOT, needs_backend


@pytest.mark.parametrize(
    "code, needed",
    [
        ("import keras", True),
        ("def test_it():\n    import torch", True),
        ("from kerasbert import LabelSet, read_labeled", False),
        ("from kerasbert import LabelSet, build_classifier", True),
        ("import kerasbert\nkerasbert.load", True),
        ("import kerasbert\nkerasbert.read_labeled", False),
        ("from kerasbert.corpus.store import token_store", False),
        ("from kerasbert.recipes import prepare", False),
        ("from kerasbert.recipes import finetune", True),  # imports Keras inside of `run`
        ("from kerasbert.evaluation.f1 import f1_scores", False),
        ("from kerasbert.batches import order", True),  # by the package that it is in
        ("from helper import LAYER", True),
        ("import numpy, sklearn", False),
    ],
)
def test_imports_are_followed(tmp_path, code, needed):
    (tmp_path / "helper.py").write_text("from kerasbert.layers import Pooling as LAYER\n")
    (tmp_path / "test_it.py").write_text(code + "\n")
    assert needs_backend(tmp_path / "test_it.py") == needed


def test_the_files_of_this_suite():
    for folder in ("layers", "models", "recipes", "tasks", "training"):
        for path in (ROOT / "tests" / folder).glob("test_*.py"):
            assert needs_backend(path), path
    for name in ("corpus/test_store", "corpus/test_prepare", "evaluation/test_f1", "test_cli"):
        assert not needs_backend(ROOT / "tests" / f"{name}.py"), name


@pytest.mark.skipif(os.environ.get("KERAS_BACKEND") != "none", reason="of the run without Keras")
def test_without_a_backend_keras_cannot_be_imported():
    """So a test that needs it and was not recognised fails there, instead of running once."""
    before = set(sys.modules)  # transformers, which others are compared with, may have brought one
    with pytest.raises(ValueError, match="Unable to import backend"):
        importlib.import_module("keras")
    assert not {"jax", "torch", "tensorflow"} & (set(sys.modules) - before)
