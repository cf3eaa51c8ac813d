"""A head of tagging says, and loses, what transformers' does with the same weights; it leaves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from kerasbert import load_model
from kerasbert.checkpoints.convert import convert
from kerasbert.checkpoints.export import export
from kerasbert.errors import InputError
from kerasbert.heads.tagging.head import Tagging
from kerasbert.models.fine_tuning import build_fine_tuning_model
from kerasbert.settings import FineTuneSettings
from kerasbert.training.fine_tuning import fine_tune

TAGS = "the O\ncat B-x\ncats I-x\n\nunable B-y\nthe O\n\n"


def test_outputs_and_loss_are_those_of_bert_for_token_classification(public_models, tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    convert(public_models / "bert-tagger", tmp_path / "run")
    theirs = dict(np.load(public_models / "bert-tagger.npz"))
    weights = safetensors.load_file(public_models / "bert-tagger" / "model.safetensors")
    embedding, encoder = map(load_model(tmp_path / "run").get_layer, ("embedding", "encoder"))
    head = Tagging(("x", "y"))
    model = build_fine_tuning_model(embedding, encoder, head.output)
    model.get_layer("tags").set_weights(
        [weights["classifier.weight"].T, weights["classifier.bias"]]
    )
    ids, segments = (theirs[part].astype(np.int32) for part in ("ids", "segments"))
    outputs = model.predict_on_batch({"token_ids": ids, "segment_ids": segments})
    mask = theirs["mask"]
    np.testing.assert_allclose(np.asarray(outputs)[mask], theirs["logits"][mask], atol=1e-5)
    loss = head.loss(np.zeros(0))(theirs["tags"], outputs)
    assert float(keras.ops.convert_to_numpy(loss)) == pytest.approx(float(theirs["loss"]), rel=1e-5)


@pytest.mark.slow
@pytest.mark.in_turn  # what is written is numpy's on all backends
def test_a_run_leaves_and_transformers_says_the_same(public_models, tmp_path):
    pytest.importorskip("safetensors")
    (tmp_path / "train.conll").write_text(TAGS * 8)
    convert(public_models / "bert", tmp_path / "bert.run")
    settings = {
        "pretrained": str(tmp_path / "bert.run"),
        "train": tmp_path / "train.conll",
        "valid": tmp_path / "train.conll",
        "epochs": 1,
        "max_length": 40,
        "rival": False,
    }
    fine_tune(FineTuneSettings(**settings, out=tmp_path / "tags.run"))
    result = export(tmp_path / "tags.run", tmp_path / "out" / "tags")
    assert result["class"] == "BertForTokenClassification"
    config = json.loads((tmp_path / "out" / "tags" / "config.json").read_text())
    assert list(config["id2label"].values()) == ["O", "B-x", "I-x", "B-y", "I-y"]
    rows = {name: value for name, value in np.load(public_models / "bert.npz").items()
            if name in ("ids", "mask", "segments")}  # fmt: skip
    np.savez(tmp_path / "out" / "tags.rows.npz", **rows)
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("public_answers.py"), tmp_path / "out"],
        env={**os.environ, "HF_HUB_OFFLINE": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out" / "tags.tokens.json").read_text())["missing"] == []
    theirs = np.load(tmp_path / "out" / "tags.answers.npz")["logits"]
    inputs = {"token_ids": rows["ids"].astype(np.int32),
              "segment_ids": rows["segments"].astype(np.int32)}  # fmt: skip
    ours = np.asarray(load_model(tmp_path / "tags.run").predict_on_batch(inputs))
    np.testing.assert_allclose(ours[rows["mask"]], theirs[rows["mask"]], atol=1e-5)

    fine_tune(FineTuneSettings(**settings, crf=True, out=tmp_path / "crf.run"))
    with pytest.raises(InputError, match="without --crf"):
        export(tmp_path / "crf.run", tmp_path / "crf")
