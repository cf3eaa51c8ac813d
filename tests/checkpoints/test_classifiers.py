"""Public classifiers become fine-tuned runs: equal logits, their labels, their kind of problem."""

import json
import shutil

import numpy as np
import pytest
from public_models import LABELS

from kerasbert import cli, load_predictor
from kerasbert.checkpoints.convert import convert
from kerasbert.errors import InputError
from kerasbert.recipes import finetune
from kerasbert.runs import RunFolder

KINDS = {
    "bert-classifier": "multi-label",
    "roberta-classifier": "binary",
    "distilbert-classifier": "multi-class",
    "electra-classifier": "multi-class",
    "modernbert-classifier": "multi-class",
}


@pytest.fixture(scope="module")
def runs(public_models, tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    for name in KINDS:
        convert(public_models / name, place / name)
    return place


@pytest.mark.parametrize("name", KINDS)
def test_logits_are_those_of_transformers(name, runs, public_models):
    rows = dict(np.load(public_models / f"{name}.npz"))
    predictor = load_predictor(runs / name)
    inputs = {"token_ids": rows["ids"], "segment_ids": rows["segments"]}
    found = predictor.model.predict_on_batch(
        {key: value.astype(np.int32) for key, value in inputs.items()}
    )
    assert np.ptp(rows["logits"]) > 0.5
    np.testing.assert_allclose(np.asarray(found), rows["logits"], atol=1e-5)
    names = ["LABEL_0", "LABEL_1"] if name.startswith("roberta") else LABELS
    assert list(predictor.head.labels.names) == names and predictor.head.kind == KINDS[name]
    assert predictor.metrics["not_read"] == {}


def test_it_answers_as_any_run(runs, tmp_path, capsys):
    (tmp_path / "new.txt").write_text("the cats\nunable\n", encoding="utf-8")
    assert (
        cli.main(["predict", "--model", str(runs / "bert-classifier"), f"{tmp_path}/new.txt"]) == 0
    )
    for line in capsys.readouterr().out.splitlines():
        answer = json.loads(line)
        # Each label by itself, at one half: there may be none.
        assert answer["labels"] == [name for name, p in answer["scores"].items() if p >= 0.5]


@pytest.mark.in_turn  # test_whole_way.py fine-tunes a public model on every backend
def test_fine_tuning_goes_on_from_the_encoder_and_says_what_it_leaves(
    public_models, files, tmp_path, capsys
):
    config = finetune.Config(
        pretrained=public_models / "bert-classifier",
        train=files / "train.txt",
        valid=files / "valid.txt",
        out=tmp_path / "tags",
        epochs=1,
        max_length=24,
    )
    finetune.run(config)
    unused = RunFolder.open(tmp_path / "tags").config()["transfer"]["unused"]
    assert {"classifier_transform/kernel", "logits/kernel"} <= set(unused)
    assert "unused: " in capsys.readouterr().err


@pytest.mark.parametrize("name", ["bert-number", "bert-regression"])
def test_a_regression_answers_its_numbers(name, public_models, tmp_path):
    """The problem_type of the second is to be guessed: it has one output."""
    convert(public_models / name, tmp_path / "run")
    rows = dict(np.load(public_models / f"{name}.npz"))
    predictor = load_predictor(tmp_path / "run")
    inputs = {"token_ids": rows["ids"], "segment_ids": rows["segments"]}
    found = predictor.model.predict_on_batch(
        {key: value.astype(np.int32) for key, value in inputs.items()}
    )
    np.testing.assert_allclose(np.asarray(found), rows["logits"], atol=1e-5)
    (answer,) = predictor(["the cats"])
    assert set(answer) == {"value", "interval", "interval_reason"}
    assert predictor.metrics["not_read"] == {}


@pytest.mark.parametrize(
    "values, said",
    [
        ({"id2label": {"0": "a", "1": "b"}}, "a name for each of the 3 logits"),
        ({"id2label": {"0": "a", "1": "b", "2": "a"}}, "'a' is 2 times"),
        ({"problem_type": "ranking"}, "problem_type 'ranking' is unknown"),
    ],
)
def test_labels_that_do_not_fit(values, said, public_models, tmp_path):
    folder = tmp_path / "bert"
    shutil.copytree(public_models / "bert-classifier", folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | values))
    with pytest.raises(InputError, match=said):
        convert(folder, tmp_path / "run")


def test_pairs_are_the_users_to_say(public_models, tmp_path):
    convert(public_models / "bert-classifier", tmp_path / "run", pairs=True)
    predictor = load_predictor(tmp_path / "run")
    assert predictor.pairs and len(predictor([("the cat", "un")])) == 1
    convert(public_models / "distilbert-classifier", tmp_path / "distil", pairs=True)
    with pytest.raises(InputError, match="--pairs: it holds no classifier"):
        convert(public_models / "bert", tmp_path / "other", pairs=True)
    with pytest.raises(InputError, match="--pairs: its pairs have another form"):
        convert(public_models / "roberta-classifier", tmp_path / "other", pairs=True)
