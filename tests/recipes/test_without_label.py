"""Documents without a label, through the commands: one rule, from the history to the answers."""

import csv
import json

import pytest

from kerasbert import cli

# Rules choose from scores, in NumPy; no backend knows of them.
pytestmark = pytest.mark.in_turn

SMALL = ["--d-model", "16", "--batch-size", "16", "--max-length", "40", "--learning-rate", "0.01"]


@pytest.fixture(scope="module")
def parts(files, tmp_path_factory):
    """Flags for files whose documents about animals have a label, those about plants none."""
    folder = tmp_path_factory.mktemp("parts")
    for part in ("train", "valid", "test"):
        lines = (files / f"{part}.txt").read_text(encoding="utf-8").splitlines()
        single = [line for line in lines if line.count("__label__") == 1]
        text = "".join(line.replace(" __label__plant", "") + "\n" for line in single)
        (folder / f"{part}.txt").write_text(text, encoding="utf-8")
    return [f"--{part}={folder}/{part}.txt" for part in ("train", "valid", "test")], folder


def finetune(out, flags, *more):
    assert cli.main(["finetune", *flags, *SMALL, "--out", str(out), *more]) == 0
    return json.loads((out / "metrics.json").read_text())


def test_one_label_or_none(parts, tmp_path, capsys):
    flags, folder = parts
    metrics = finetune(tmp_path / "run", flags, "--epochs", "3")
    lines = (folder / "test.txt").read_text(encoding="utf-8").splitlines()
    gold = ["__label__" in line for line in lines]
    assert "gets none: there is one label in all." in capsys.readouterr().out
    for view in (metrics, metrics["at_half"]):
        assert view["decision"]["rule"] == "threshold"
        assert view["valid"]["f1"] > 0.9  # the test figure is that of an epoch or two of training
    with (tmp_path / "run" / "history.csv").open() as file:
        best = list(csv.DictReader(file))[metrics["best_epoch"] - 1]
    assert float(best["val_f1"]) == pytest.approx(metrics["at_half"]["valid"]["f1"], abs=1e-5)
    page = (tmp_path / "run" / "report.html").read_text()
    assert "A document that no label reaches gets none: there is one label in all." in page

    evaluate = ["evaluate", "--model", f"{tmp_path}/run", "--data", f"{folder}/test.txt"]
    assert cli.main([*evaluate, "--out", f"{tmp_path}/test.json"]) == 0
    assert "gets none" in capsys.readouterr().out
    found = json.loads((tmp_path / "test.json").read_text())
    assert found["data"] == pytest.approx(metrics["test"])
    assert found["at_half"]["data"] == pytest.approx(metrics["at_half"]["test"])
    assert cli.main(["predict", "--model", f"{tmp_path}/run", f"{folder}/test.txt"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    hits = sum(bool(a["labels"]) and known for a, known in zip(answers, gold, strict=True))
    said = sum(bool(answer["labels"]) for answer in answers)
    assert 2 * hits / (said + sum(gold)) == pytest.approx(metrics["test"]["f1"])


def test_the_given_rule_is_that_of_every_epoch(parts, tmp_path):
    """Each document gets the one label: recall 1, in the history as in the end."""
    flags, _ = parts
    metrics = finetune(tmp_path / "run", flags, "--epochs", "2", "--rule", "at-least-one")
    with (tmp_path / "run" / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    always = metrics["valid"]["f1"]
    assert metrics["valid"]["micro_recall"] == 1.0
    assert [float(row["val_f1"]) for row in rows] == pytest.approx([always] * 2, abs=1e-5)
    assert metrics["last_epoch"]["valid"]["f1"] == pytest.approx(always)
