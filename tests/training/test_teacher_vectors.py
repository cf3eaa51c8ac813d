"""A teacher answers every row once: kept beside the store, taken up where it was left."""

import json
import shutil

import numpy as np
import pytest

from kerasbert import PretrainingBatches, TokenStore
from kerasbert.errors import InputError
from kerasbert.inference.embedder import Embedder
from kerasbert.settings.pretrain import PretrainSettings
from kerasbert.tasks import TeacherVectors
from kerasbert.training import teacher as module
from kerasbert.training.pretraining import pretrain
from kerasbert.training.teacher import Teacher

SMALL = {"encoder": "text-cnn", "d_model": 16, "filters": 8, "max_length": 16, "steps": 6}


@pytest.fixture
def copy(store, tmp_path):
    """The store, in a folder of its own."""
    shutil.copytree(store.path, tmp_path / "store")
    return TokenStore.open(tmp_path / "store")


def test_the_vectors_are_those_of_the_rows_texts(small_run, copy):
    batches = PretrainingBatches(copy, [TeacherVectors(2)], max_length=16)
    found = Teacher(small_run).vectors(batches)
    table = batches.blocks.table(np.arange(len(batches.blocks.rows)))
    texts = copy.tokenizer.decode([table.text.token_ids[table.starts[7] : table.ends[7]]])
    pooling = small_run.architecture().pooling
    (expected,) = Embedder(small_run.path, pooling, 16).pooled([(texts[0],)])
    np.testing.assert_allclose(found[7], expected / np.linalg.norm(expected), atol=2e-3)
    np.testing.assert_allclose(np.linalg.norm(found.astype(np.float32), axis=1), 1, atol=2e-3)


def test_what_was_left_is_answered_and_nothing_twice(small_run, copy, monkeypatch):
    monkeypatch.setattr(module, "ROWS", 1)  # a block at a time
    batches = PretrainingBatches(copy, [TeacherVectors(2)], max_length=16)
    taught = Teacher(small_run)
    whole = np.array(taught.vectors(batches))
    (path,) = copy.path.glob("teacher-*.npy")
    answered = []
    pooled = taught.embedder.pooled
    monkeypatch.setattr(
        taught.embedder, "pooled", lambda texts: answered.append(len(texts)) or pooled(texts)
    )
    assert np.array_equal(taught.vectors(batches), whole) and not answered
    partly = np.lib.format.open_memmap(path, mode="r+")
    last = int(batches.blocks.rows[-1])
    partly[-last:] = 0
    partly.flush()
    np.testing.assert_allclose(taught.vectors(batches), whole, atol=2e-3)
    assert answered == [last]
    path.write_bytes(path.read_bytes()[:100])  # killed as it was made
    np.testing.assert_allclose(taught.vectors(batches), whole, atol=2e-3)


def test_other_rows_have_other_vectors(small_run, copy):
    taught = Teacher(small_run)
    for options in ({"part": "train"}, {"part": "valid"}, {"part": "train", "limit": 50}):
        taught.vectors(PretrainingBatches(copy, [TeacherVectors(2)], max_length=16, **options))
    assert len(list(copy.path.glob("teacher-*.npy"))) == 3


def test_a_pre_training_with_a_teacher(small_run, copy, tmp_path):
    metrics = pretrain(
        PretrainSettings(
            store=copy.path, out=tmp_path / "run", teacher=small_run.path, seed=1, **SMALL
        )
    )
    assert metrics["val_loss"] == pytest.approx(
        metrics["val_loss_document_words"] + metrics["val_loss_teacher"]
    )
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["settings"]["teacher"] == str(small_run.path)
    assert "teacher" in (tmp_path / "run" / "report.html").read_text()


@pytest.mark.parametrize(
    "wrong", [{"pack": True, "tasks": ("masked-lm",)}, {"tasks": ("next-sentence",)}]
)
def test_rows_that_no_teacher_can_read_are_refused(tmp_path, wrong):
    with pytest.raises(InputError, match="--teacher"):
        PretrainSettings(store=tmp_path, out=tmp_path / "run", teacher=tmp_path, **wrong)
