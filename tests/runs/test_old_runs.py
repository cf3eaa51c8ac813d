"""Run folders that earlier versions wrote: they load, answer as then, and resume or say why not.

The folders and the answers of then are in tests/runs/old; make.py there made them.
"""

import dataclasses
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from kerasbert import load
from kerasbert.errors import InputError
from kerasbert.inference.embedder import Embedder
from kerasbert.recipes import compare, evaluate, finetune, pretrain

OLD = Path(__file__).parent / "old"
VERSIONS = ["0.1.0", "rooms"]
KINDS = {"lm": pretrain, "tags": finetune, "binary": finetune, "compare": compare}
PATHS = {"train", "valid", "test", "pretrained", "out"}


@pytest.fixture(scope="module", params=VERSIONS)
def runs(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("old") / request.param
    with zipfile.ZipFile(OLD / f"{request.param}.zip") as file:
        file.extractall(folder)
    return folder


@pytest.fixture
def at_home(runs, monkeypatch):
    """Their settings have relative paths."""
    monkeypatch.chdir(runs)
    return runs


def answers(runs):
    return json.loads((runs / "answers.json").read_text())


def resumed(name, recipe):
    """What the command of a run gives with --resume."""
    config = json.loads(Path(name, "config.json").read_text())
    known = {field.name for field in dataclasses.fields(recipe.Config)}
    settings = {}
    for key, value in config.get("given", config["settings"]).items():
        if isinstance(value, list):
            value = tuple(Path(item) if key == "corpus" else item for item in value)
        elif key in PATHS and value is not None:
            value = Path(value)
        if key in known:
            settings[key] = value
    return recipe.run(recipe.Config(**settings | {"resume": True}))


@pytest.mark.parametrize("name", ["tags", "binary"])
def test_a_classifier_answers_as_it_did(name, runs):
    then = answers(runs)
    predictor = load(runs / name)
    outputs = predictor.outputs([(text,) for text in then["texts"]])
    found = predictor.decision.probabilities(outputs)
    np.testing.assert_allclose(found, then[name], atol=1e-5)


@pytest.mark.parametrize("name", ["lm", "tags"])
def test_a_run_gives_vectors(name, runs):
    then = answers(runs)
    found = Embedder(runs / name).pooled([(text,) for text in then["texts"]])
    empty = np.array([not text.strip() for text in then["texts"]])  # that have no vector any more
    assert found.shape == (5, 8) and (np.isnan(found).all(axis=1) == empty).all()
    if f"{name} vectors" in then:  # 0.1.0 had no command for them
        expected = np.array(then[f"{name} vectors"])
        np.testing.assert_allclose(found[~empty], expected[~empty], atol=1e-5)


@pytest.mark.parametrize("name", ["tags", "binary"])
def test_its_figures_are_found_again(name, at_home):
    then = json.loads(Path(name, "metrics.json").read_text())["test"]
    now = evaluate.run(evaluate.Config(model=Path(name), data=Path(f"{name}-test.txt")))["data"]
    assert {key: now[key] for key in then} == pytest.approx(then, abs=1e-5)


@pytest.mark.in_turn
@pytest.mark.parametrize("name", KINDS)
def test_a_finished_run_is_known_as_finished(name, at_home):
    result = "compare.json" if name == "compare" else "metrics.json"
    assert resumed(name, KINDS[name]) == json.loads(Path(name, result).read_text())


@pytest.mark.in_turn
def test_a_classifier_is_made_from_an_old_encoder(at_home, tmp_path):
    parts = {part: Path(f"tags-{part}.txt") for part in ("train", "valid", "test")}
    config = finetune.Config(
        pretrained=Path("lm"), out=tmp_path / "new", epochs=1, max_length=32, **parts
    )
    assert 0 <= finetune.run(config)["test"]["f1"] <= 1


def test_a_stopped_run_goes_on_where_it_can(at_home):
    """Else one clear error, which leaves its states as they are."""
    before = {path: path.read_bytes() for path in Path("stopped", "state").iterdir()}
    if at_home.name == "rooms" and os.environ["KERAS_BACKEND"] == "torch":
        undisturbed = json.loads(Path("lm", "metrics.json").read_text())
        found = resumed("stopped", pretrain)
        assert found["step"] == undisturbed["step"]
        assert found["loss"] == pytest.approx(undisturbed["loss"], rel=1e-4)
        return
    reason = {"0.1.0": "Prepare the store again", "rooms": "Resume with the same backend"}
    with pytest.raises(InputError, match=reason[at_home.name]):
        resumed("stopped", pretrain)
    for path, content in before.items():
        assert path.read_bytes() == content
