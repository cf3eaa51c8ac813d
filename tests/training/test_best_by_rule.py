"""One rule for a whole run: its history, its best epoch and its answers."""

import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from kerasbert import TextCNNConfig, build_classifier, build_embedding, build_encoder, load_model
from kerasbert.files import to_json
from kerasbert.heads.classification.head import Classification
from kerasbert.runs import RunFolder
from kerasbert.text import LabelSet
from kerasbert.training.best_by_rule import BestByRule
from kerasbert.training.history import History

# Per epoch F1 at 0.5: where nothing reaches 0.5 yet, one rule is at 0 and the other is not.
ONE, NONE = [0.25, 0.30, 0.28], [0.0, 0.10, 0.20]


def judged(gold, rule=None, kind="multi-label"):
    names = ("a", "b", "c")[: len(gold[0])]
    head = Classification(LabelSet(names), kind, rule=rule, top_k=1 if rule == "top-k" else None)
    return SimpleNamespace(valid=SimpleNamespace(head=head, gold=np.array(gold)))


def train(best, model, epochs=range(3)):
    best.set_model(model)
    kernel = model.get_layer("logits").kernel
    for epoch in epochs:
        kernel.assign(np.full(kernel.shape, epoch + 1))
        figures = {"at-least-one": ONE[epoch], "threshold": NONE[epoch], "top-k": 0.5}
        best.figures.by_rule = {
            rule: {"f1": value, "micro_f1": value, "macro_f1": value}
            for rule, value in figures.items()
        }
        best.on_epoch_end(epoch, {"val_loss": 1.0 / (epoch + 1), "val_f1": 0.9})


@pytest.fixture
def model():
    config = TextCNNConfig(vocabulary_size=20, d_model=8)
    return build_classifier(build_embedding(config), build_encoder(config), labels=2)


def kept(folder):
    return float(keras.ops.convert_to_numpy(load_model(folder).get_layer("logits").kernel)[0, 0])


@pytest.mark.parametrize(
    "fitted, rule, epoch, first",
    [
        ({"at-least-one": 0.4, "threshold": 0.8}, "threshold", 3, 0.0),
        ({"at-least-one": 0.4, "threshold": 0.3}, "at-least-one", 2, 0.25),
        ({"at-least-one": 0.4, "threshold": 0.4}, "at-least-one", 2, 0.25),
    ],
)
def test_history_best_epoch_and_model_are_those_of_the_fitted_rule(
    tmp_path, model, fitted, rule, epoch, first
):
    folder = RunFolder(tmp_path)
    best = BestByRule(folder, judged([[1, 0], [0, 0]]))
    train(best, model)
    history = History(folder, ["epoch", "val_f1"], 1)
    history.rows = [{"epoch": number, "val_f1": 0.9} for number in (1, 2, 3)]
    for _ in range(2):  # as a run that is killed before its metrics are written, and goes on
        found, why, best_epoch = best.settle(lambda one, file: fitted[one])
        assert (found, best_epoch, kept(tmp_path)) == (rule, epoch, epoch)
    assert f"{fitted[rule]:.3f} so" in why
    history.settle(best.rows[found])
    rows = (tmp_path / "history.csv").read_text().splitlines()
    assert rows[1] == f"1,{first}"
    best.clean()
    assert [path.name for path in tmp_path.glob("*.keras")] == ["model.keras"]


@pytest.mark.parametrize(
    "gold, rule, kind, found, why",
    [
        ([[1], [0]], None, "multi-label", "threshold", "there is one label in all"),
        ([[1, 0], [0, 1]], None, "multi-label", "at-least-one", "every document"),
        ([[1, 0], [0, 0]], "top-k", "multi-label", "top-k", "as asked for"),
        ([[1, 0], [0, 0]], None, "multi-class", "at-least-one", ""),
    ],
)
def test_where_there_is_one_rule_there_is_one_model(tmp_path, model, gold, rule, kind, found, why):
    best = BestByRule(RunFolder(tmp_path), judged(gold, rule, kind))
    train(best, model)
    assert [path.name for path in tmp_path.glob("*.keras")] == ["model.keras"]

    def never(one, file):
        raise AssertionError(f"nothing to choose from, but {one} of {file} is scored")

    settled = best.settle(never)
    assert settled[0] == found and settled[1].startswith(why)


def test_it_goes_on_from_its_state_and_from_that_of_an_earlier_version(tmp_path, model):
    gold = [[1, 0], [0, 0]]
    best = BestByRule(RunFolder(tmp_path), judged(gold))
    train(best, model, range(2))
    again = BestByRule(RunFolder(tmp_path), judged(gold))
    again.restore(json.loads(to_json(best.state())))
    assert again.rows == best.rows
    train(again, model, [2])
    assert {rule: keeper.best_epoch for rule, keeper in again.kept.items()} == {
        "at-least-one": 2,
        "threshold": 3,
    }
    for path in tmp_path.glob("model-*.keras"):
        path.unlink()
    RunFolder(tmp_path).save_model(model)
    old = BestByRule(RunFolder(tmp_path), judged(gold))
    old.restore({"best": 0.3, "best_loss": 0.5, "best_epoch": 2, "waited": 0})
    rule, _, epoch = old.settle(lambda one, file: 0.4)  # it kept one model, by either rule
    assert (rule, epoch, kept(tmp_path)) == ("at-least-one", 2, 3.0)


def test_patience_runs_out_when_neither_rule_gets_better(tmp_path, model):
    best = BestByRule(RunFolder(tmp_path), judged([[1, 0], [0, 0]]), patience=1)
    train(best, model)  # at-least-one falls in the third epoch, threshold does not
    assert not best.stopped
    train(best, model, [1])
    assert best.stopped and model.stop_training
