"""The estimator with what really learns: a fit is a run, and whatever keeps it answers the same."""

import json
import pickle

import numpy as np
import pytest

import kerasbert as kb
from kerasbert import cli
from kerasbert.terminal import quietly, say

# A fit is a run of `finetune`, which is tested on every backend.
pytestmark = [pytest.mark.backend, pytest.mark.in_turn]

SMALL = {"d_model": 8, "epochs": 2, "max_length": 24, "tokenizer": "word", "learning_rate": 0.02}


@pytest.fixture(scope="module")
def data(files):
    """Texts with one topic, 1 or 2 by number."""
    documents = [d for d in kb.read_labeled(files / "train.txt") if len(d.labels) == 1]
    topics = ["animal", "plant"]
    return [d.texts[0] for d in documents], [1 + topics.index(d.labels[0]) for d in documents]


@pytest.fixture(scope="module")
def fitted(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("estimator") / "run"
    return kb.TextClassifier(**SMALL, out=out).fit(*data)


def test_it_learns_and_its_run_is_one_of_the_commands(fitted, data, tmp_path, capsys):
    texts, labels = data
    assert fitted.score(texts, labels) > 0.8
    assert fitted.classes_.tolist() == [1, 2] and fitted.run_ == fitted.out
    np.testing.assert_allclose(fitted.predict_proba(texts).sum(axis=1), 1, atol=1e-6)
    (tmp_path / "new.txt").write_text(f"{texts[0]}\n")
    capsys.readouterr()
    assert cli.main(["predict", "--model", str(fitted.run_), f"{tmp_path}/new.txt"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["labels"] == [str(fitted.predict(texts[:1])[0])]
    assert answer["scores"]["2"] == pytest.approx(fitted.predict_proba(texts[:1])[0, 1], abs=1e-5)


def test_what_was_saved_or_pickled_answers_the_same(fitted, data, tmp_path):
    texts, _ = data
    expected = fitted.predict_proba(texts)
    loaded = kb.TextClassifier.load(fitted.save(tmp_path / "saved"))
    assert not [path for path in (tmp_path / "saved").rglob("*") if path.suffix == ".pkl"]
    assert not (tmp_path / "saved" / "state").exists()
    assert loaded.get_params() == fitted.get_params() | {"out": None}
    pickled = pickle.loads(pickle.dumps(fitted))
    for other in (loaded, pickled):
        assert other.classes_.dtype == fitted.classes_.dtype
        np.testing.assert_array_equal(other.predict_proba(texts), expected)
    with pytest.raises(ValueError, match="saved is not empty"):
        fitted.save(tmp_path / "saved")


def test_the_same_seed_gives_the_same_answers_with_any_out(fitted, data):
    again = kb.TextClassifier(**SMALL, verbose=False).fit(*data)
    np.testing.assert_array_equal(again.predict_proba(data[0]), fitted.predict_proba(data[0]))


def test_a_run_of_finetune_becomes_an_estimator(classifier_run, files):
    loaded = kb.TextClassifier.load(classifier_run)
    assert loaded.classes_.tolist() == ["animal", "plant"] and loaded.d_model == 16
    documents = kb.read_labeled(files / "test.txt")
    score = loaded.score([d.texts[0] for d in documents], [d.labels for d in documents])
    assert score > 0.8


def test_a_corpus_is_pre_trained_on_and_valid_chooses(data, files, capsys):
    texts, labels = data
    small = {name: value for name, value in SMALL.items() if name != "epochs"}
    classifier = kb.TextClassifier(**small, minutes=0.02)
    valid = (texts[:20], labels[:20])
    raw = (files / "raw.txt").read_text().splitlines()[:150]
    classifier.fit(texts[20:], labels[20:], corpus=raw, valid=valid)
    assert "150 documents" in capsys.readouterr().err  # as the pre-training says
    config = json.loads((classifier.run_ / "config.json").read_text())
    assert config["transfer"] and config["settings"]["valid_share"] is None
    assert len(classifier.predict(texts)) == len(texts)


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"epochs": 0}, "^epochs: expected 1 or more, received 0"),
        ({"encoder": "cnn"}, "^encoder: expected text-cnn or transformer or modernbert"),
        ({"valid_share": 2}, "^valid_share: expected 0 < valid_share < 1"),
        ({"pretrained": "nowhere"}, "^d_model, tokenizer: not beside pretrained"),
        ({"minutes": 1}, "^expected at most one of epochs and minutes"),
        ({"filters": 3, "encoder": "transformer"}, "^filters: not a setting of the transformer"),
    ],
)
def test_parameters_that_do_not_fit_are_one_clear_error(parameters, message, data, tmp_path):
    classifier = kb.TextClassifier(**SMALL | parameters, out=tmp_path / "run")
    with pytest.raises(ValueError, match=message):
        classifier.fit(*data)
    assert not (tmp_path / "run").exists() and not hasattr(classifier, "classes_")


def test_a_place_that_is_taken_and_too_few_documents(fitted, data, tmp_path):
    with pytest.raises(ValueError, match=r"out: .* is not empty"):
        fitted.fit(*data)
    with pytest.raises(
        ValueError, match=r"^train: 6 documents, .* are too few to set a part aside"
    ):
        kb.TextClassifier(**SMALL).fit(data[0][:6], [1, 2] * 3)
    with pytest.raises(kb.InputError, match="no such folder"):
        kb.TextClassifier.load(tmp_path / "nowhere")


def test_quiet_means_nothing_but_warnings(capsys):
    with quietly():
        say("train: 90 documents")
        say("warning: two labels are alike")
    say("the end")
    assert capsys.readouterr().err == "warning: two labels are alike\nthe end\n"
