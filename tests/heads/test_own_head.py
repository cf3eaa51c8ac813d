"""A head of a user's own: the program of docs/guides/extending.md, trained, judged and asked."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import kerasbert as kb
from kerasbert.errors import InputError
from kerasbert.settings import FineTuneSettings
from kerasbert.training.evaluating import evaluate
from kerasbert.training.fine_tuning import fine_tune

# What a head of ours does is computed on every backend; that another one may do it, in turn.
pytestmark = [pytest.mark.backend, pytest.mark.in_turn]


GUIDE = (Path(__file__).parents[2] / "docs/guides/extending.md").read_text(encoding="utf-8")
program: dict = {}
exec(re.search(r"^```python\n([^`]*class Counting.*?)^```$", GUIDE, re.M | re.S)[1], program)
Counting = program["Counting"]


def write(path, rng, count):
    words = np.array(["cat", "dog", "oak", "the", "old"])
    lines = [" ".join(rng.choice(words, 8)) for _ in range(count)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    rng = np.random.default_rng(0)
    files = {
        name: write(folder / f"{name}.txt", rng, n)
        for name, n in {"train": 96, "valid": 32, "test": 32}.items()
    }
    settings = FineTuneSettings(
        **files,
        out=folder / "run",
        epochs=3,
        d_model=8,
        learning_rate=0.02,
        tokenizer="word",
        max_length=16,
    )
    return folder, fine_tune(settings, head=Counting("cat"))


def test_it_is_trained_and_judged_by_its_own_figures(run):
    folder, metrics = run
    assert metrics["head"] == "counting" and metrics["valid"]["documents"] == 32
    history = (folder / "run" / "history.csv").read_text().splitlines()
    assert history[0] == "epoch,loss,val_loss,val_mean_absolute_error,val_exact,seconds"
    errors = [float(line.split(",")[3]) for line in history[1:]]
    assert metrics["best_epoch"] == 1 + int(np.argmin(errors))  # the lower the better
    assert metrics["valid"]["mean_absolute_error"] == pytest.approx(min(errors), abs=1e-5)
    losses = [float(line.split(",")[1]) for line in history[1:]]
    assert losses[-1] < losses[0]  # it learns
    about = json.loads((folder / "run" / "config.json").read_text())
    assert about["head"] == "counting" and about["word"] == "cat"


def test_it_answers_is_evaluated_and_reported(run):
    folder, metrics = run
    predictor = kb.load_predictor(folder / "run", head=Counting("cat"))
    answers = predictor(["cat cat the", "the old oak"])
    assert [list(answer) for answer in answers] == [["count"], ["count"]]
    page = folder / "test.html"
    found = evaluate(folder / "run", folder / "test.txt", head=Counting("cat"), report=page)
    assert "run on test.txt" in page.read_text() and "evaluated mean absolute" in page.read_text()
    assert found["data"]["exact"] == pytest.approx(metrics["test"]["exact"])
    page = (folder / "run" / "report.html").read_text()
    assert "mean absolute error on validation data" in page and "counting" in page


def test_without_it_the_run_says_whose_head_it_needs(run):
    folder, _ = run
    with pytest.raises(InputError, match=r"'counting': give it, as in load_predictor\(run, head"):
        kb.load_predictor(folder / "run")
    with pytest.raises(InputError, match="has the head 'counting', given is 'other'"):
        kb.load_predictor(folder / "run", head=type("Other", (Counting,), {"name": "other"})("a"))
