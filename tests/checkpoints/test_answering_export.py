"""A run that answers questions leaves: transformers answers as it does."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kerasbert import load_model
from kerasbert.checkpoints.convert import convert
from kerasbert.checkpoints.export import export
from kerasbert.errors import InputError
from kerasbert.recipes import finetune

pytestmark = [pytest.mark.in_turn, pytest.mark.slow]  # what is written is numpy's on all backends


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    path = tmp_path_factory.mktemp("questions") / "q.jsonl"
    lines = []
    for number in range(12):
        context = f"the {'cat ' * (number % 4)}cats."
        answer = {"text": "cats", "answer_start": context.index("cats")}
        lines.append({"question": "the ?", "context": context, "answers": [answer]})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def answering(name, public_models, questions, place):
    convert(public_models / name, place / f"{name}.lm")
    settings = finetune.Config(
        pretrained=str(place / f"{name}.lm"), train=questions, valid=questions, head="answering",
        out=place / f"{name}.run", epochs=1, max_length=40, rival=False,
    )  # fmt: skip
    finetune.run(settings)
    return place / f"{name}.run"


@pytest.mark.parametrize("name", ["bert", "electra"])
def test_transformers_answers_as_the_run(name, public_models, questions, tmp_path):
    run = answering(name, public_models, questions, tmp_path)
    place = tmp_path / "out"
    place.mkdir()
    found = export(run, place / name)
    assert found["class"].endswith("ForQuestionAnswering")
    shutil.copy(public_models / f"{name}.npz", place / f"{name}.rows.npz")
    program = Path(__file__).with_name("public_answers.py")
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, program, place], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    theirs = dict(np.load(place / f"{name}.answers.npz"))
    assert not json.loads((place / f"{name}.tokens.json").read_text())["missing"]
    rows = {"token_ids": theirs["ids"], "segment_ids": theirs["segments"]}
    ours = load_model(run).predict_on_batch({k: v.astype("int32") for k, v in rows.items()})
    said = np.stack([theirs["start_logits"], theirs["end_logits"]], axis=-1)
    real = theirs["mask"].astype(bool)
    np.testing.assert_allclose(np.asarray(ours)[real], said[real], atol=1e-5)
    beside = json.loads((place / name / "kerasbert.json").read_text())
    assert beside["no_answer"] == {"lack": None, "documents": 0} and beside["answer_length"] >= 1
    card = (place / name / "README.md").read_text()
    assert "AutoModelForQuestionAnswering" in card and "question-answering" in card


def test_a_family_without_segments_is_refused(public_models, questions, tmp_path):
    run = answering("distilbert", public_models, questions, tmp_path)
    with pytest.raises(InputError, match="trained on pairs, and distilbert has no token types"):
        export(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()
