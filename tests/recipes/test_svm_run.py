"""Linear SVMs and the lead through the commands: said, saved, honoured by whoever reads the run."""

import itertools
import json

import numpy as np
import pytest

import kerasbert
from kerasbert import cli
from kerasbert.heads.classification.words import share_text
from kerasbert.recipes import evaluate

# The SVMs are fitted in NumPy; the layer that holds them is tested with the layers.
pytestmark = pytest.mark.in_turn


@pytest.fixture(scope="module")
def run(files, tmp_path_factory):
    out = tmp_path_factory.mktemp("svm") / "tags"
    flags = ["--d-model", "16", "--epochs", "1", "--batch-size", "16", "--max-length", "40"]
    for part in ("train", "valid", "test"):
        flags += [f"--{part}", f"{files}/{part}.txt"]
    assert cli.main(["finetune", "--lead", "6", *flags, "--out", str(out)]) == 0
    return out


def test_the_saved_run_answers_with_both(run, files):
    metrics = json.loads((run / "metrics.json").read_text())
    # After so little training the network alone calls nearly every text by both labels.
    assert metrics["test"]["f1"] > 0.8 and metrics["at_half"]["test"]["f1"] > 0.8
    found = evaluate.run(evaluate.Config(model=run, data=files / "test.txt"))
    assert found["data"]["f1"] == pytest.approx(metrics["test"]["f1"])
    model = kerasbert.load_model(run)
    assert model.get_layer("pooling").lead == 6
    scores = model.get_layer("token_scores")
    assert not scores.trainable_weights and np.asarray(scores.kernel).any()
    chosen = metrics["linear"]
    assert chosen["share"] == float(scores.share) > 0 and chosen["bigrams"] == scores.bigrams
    assert share_text(chosen["share"]) in (run / "README.md").read_text()


@pytest.mark.parametrize("beside", [["--long", "windows"], ["--pooling", "cls"]])
def test_a_lead_is_refused_where_there_is_none(beside, files, tmp_path, capsys):
    parts = [f"--{part}={files}/{part}.txt" for part in ("train", "valid")]
    assert cli.main(["finetune", *parts, "--lead", "6", *beside, "--out", f"{tmp_path}/run"]) == 2
    assert "--lead: not beside" in capsys.readouterr().err


def test_answers_do_not_depend_on_what_else_is_asked(run):
    texts = ["the old cat saw a dog.", "moss under the oak and the small fern. " * 5, "horse"]
    predictor = kerasbert.load(run)
    together = predictor(texts)
    for text, answer in zip(texts, together, strict=True):
        (alone,) = predictor([text])
        assert alone["scores"] == pytest.approx(answer["scores"], abs=1e-5)
    assert together[0]["labels"] == ["animal"] and together[1]["labels"] == ["plant"]


def test_one_label_a_document(files, tmp_path):
    """Multi-class: the margins go into the softmax."""
    for part in ("train", "valid"):
        lines = (files / f"{part}.txt").read_text(encoding="utf-8").splitlines()
        single = [line for line in lines if line.count("__label__") == 1]
        (tmp_path / part).write_text("\n".join(single) + "\n", encoding="utf-8")
    flags = ["--train", f"{tmp_path}/train", "--valid", f"{tmp_path}/valid", "--d-model", "16"]
    flags += ["--epochs", "1", "--batch-size", "16", "--max-length", "40"]
    assert cli.main(["finetune", *flags, "--out", f"{tmp_path}/run"]) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["kind"] != "multi-label" and metrics["valid"]["f1"] > 0.9


def test_pairs_are_left_to_the_network(tmp_path):
    """Whether two texts belong together is in no token, nor in the beginning of the first."""
    lines = [
        f"the {a} was old\tthe {b} was young __label__{'same' if a == b else 'other'}"
        for a, b in itertools.product(["cat", "oak", "dog", "fern"], repeat=2)
    ]
    (tmp_path / "pairs.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    flags = [f"--{part}={tmp_path}/pairs.txt" for part in ("train", "valid")]
    flags += ["--d-model", "16", "--epochs", "1", "--batch-size", "16", "--max-length", "16"]
    assert cli.main(["finetune", *flags, "--out", f"{tmp_path}/run"]) == 0
    model = kerasbert.load_model(tmp_path / "run")
    assert "token_scores" not in {layer.name for layer in model.layers}
    assert model.get_layer("pooling").lead == 0


def test_what_is_not_wanted_is_left_out(files, tmp_path):
    flags = [f"--{part}={files}/{part}.txt" for part in ("train", "valid")]
    flags += ["--d-model", "16", "--epochs", "1", "--batch-size", "16", "--max-length", "16"]
    flags += ["--no-linear-svm", "--lead", "0"]
    assert cli.main(["finetune", *flags, "--out", f"{tmp_path}/run"]) == 0
    model = kerasbert.load_model(tmp_path / "run")
    assert "token_scores" not in {layer.name for layer in model.layers}
    assert model.get_layer("pooling").lead == 0


def test_more_weights_than_fit_well_are_left_out_unless_asked_for(
    files, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("kerasbert.heads.classification.linear_svm.MOST_WEIGHTS", 10)
    flags = [f"--{part}={files}/{part}.txt" for part in ("train", "valid")]
    flags += ["--d-model", "16", "--epochs", "1", "--batch-size", "16", "--max-length", "16"]
    for name, asked in (("without", []), ("with", ["--linear-svm"])):
        assert cli.main(["finetune", *flags, *asked, "--out", f"{tmp_path}/{name}"]) == 0
        layers = {layer.name for layer in kerasbert.load_model(tmp_path / name).layers}
        said = capsys.readouterr().err
        assert ("token_scores" in layers) == bool(asked)
        assert ("linear SVMs: left out" in said) == (not asked)
        assert "memory:" not in said  # of so little nothing is said


def test_what_finetune_would_leave_out_is_left_out_of_what_compare_says_it_ships(
    files, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("kerasbert.heads.classification.linear_svm.MOST_WEIGHTS", 10)
    flags = ["--batch-size", "16", "--max-length", "16"]
    pretrain = ["--d-model", "8", "--tokenizer", "word", "--steps", "2", *flags]
    pretrain += ["--corpus", f"{files}/raw.txt", "--out", f"{tmp_path}/lm"]
    assert cli.main(["pretrain", *pretrain]) == 0
    flags += [f"--{part}={files}/{part}.txt" for part in ("train", "valid", "test")]
    flags += ["--pretrained", f"{tmp_path}/lm", "--epochs", "1", "--learning-rate", "0.01"]
    flags += ["--seeds", "2", "--thresholds", "label"]
    assert cli.main(["compare", *flags, "--out", f"{tmp_path}/compare"]) == 0
    said = capsys.readouterr().err
    assert said.count("linear SVMs: left out") == 1 and "memory:" not in said
    found = json.loads((tmp_path / "compare" / "compare.json").read_text())
    for alone, shipped in zip(found["pretrained"], found["shipped"], strict=True):
        for part in ("test", "tuned_test"):
            assert shipped[part] == pytest.approx(alone[part], rel=1e-4)
