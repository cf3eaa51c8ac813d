"""What the figures of a run are worth, in a sentence, in each of its cases."""

from types import SimpleNamespace

import numpy as np
import pytest

from kerasbert.heads.classification.guessing import guesses
from kerasbert.heads.classification.head import Classification
from kerasbert.heads.verdict import change_verdict, is_ahead, rival_verdict, with_rival


def metrics(ours, theirs=None, documents=10_000, **more):
    part = {"f1": ours, "documents": documents}
    found = {"valid": {"f1": 0.9, "documents": 50}, "test": part, **more}
    if theirs is not None:
        found["rival"] = {"name": "SVC", "valid": {"f1": 0.8}, "test": {"f1": theirs}}
    return found


@pytest.mark.parametrize(
    "ours, theirs, said",
    [
        (0.374, 0.361, "F1 0.374 on test data, 0.013 above SVC (0.361)."),
        (0.361, 0.374, "SVC is ahead: 0.374 against 0.361, F1 on test data; sleep."),
        (0.3614, 0.3612, "No better than SVC: both have F1 0.361 on test data; sleep."),
        (0.374, None, "F1 0.374 on test data."),
    ],
)
def test_beside_the_rival(ours, theirs, said):
    assert Classification.verdict(metrics(ours, theirs), "sleep") == said


def test_no_better_than_always_the_same_answer():
    found = metrics(0.2, 0.4, knowing_nothing={"test": {"f1": 0.2}})
    assert Classification.verdict(found, "sleep") == (
        "Nothing learned yet: F1 0.200 on test data, always the same answer has 0.200; sleep."
    )
    found = metrics(0.2001, 0.1, knowing_nothing={"test": {"f1": 0.2}})
    assert Classification.verdict(found).startswith("F1 0.200 on test data, 0.100 above SVC")


@pytest.mark.parametrize(
    "train, answer, kind",
    [
        ([[1, 0], [1, 0], [0, 1]], [1, 0], "multi-class"),
        ([[1, 1], [1, 0], [0, 1]], [1, 1], "multi-label"),
        ([[1, 0], [0, 1]], [1, 0], "binary"),
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [1, 0, 0], "multi-label"),
    ],
)
def test_the_answer_that_knows_nothing(train, answer, kind):
    data = {
        "train": SimpleNamespace(gold=np.array(train)),
        "valid": SimpleNamespace(gold=np.array([answer]), unseen=0),
    }
    assert guesses(data, ["valid"], kind)["valid"]["micro_f1"] == 1


def test_few_documents_are_said_to_be_few():
    said = Classification.verdict(metrics(0.374, 0.361, documents=610))
    assert said.endswith("(0.361); 610 documents are too few to be sure of that.")
    said = Classification.verdict(metrics(0.361, 0.374, documents=610), "sleep")
    assert "610 documents are too few to be sure of that; sleep." in said
    assert "too few" not in Classification.verdict(metrics(0.5, 0.361, documents=610))


def test_without_a_test_part_or_a_rival():
    found = {"valid": {"f1": 0.5, "documents": 9}, "rival": None, "rival_reason": "--no-rival"}
    assert rival_verdict(found, "f1") == (
        "F1 0.500 on validation data; no rival beside it: --no-rival."
    )
    assert is_ahead(found, "f1") is None


def test_an_error_is_better_the_lower_it_is():
    part = {"mean_absolute_error": 0.5, "documents": 9}
    rival = {"name": "a mean", "valid": {"mean_absolute_error": 0.7}}
    found = {"valid": part, "rival": rival}
    said = rival_verdict(found, "mean_absolute_error", "min")
    assert said == "Mean absolute error 0.500 on validation data, 0.200 below a mean (0.700)."
    assert is_ahead(found, "mean_absolute_error", "min")
    assert not is_ahead(found, "mean_absolute_error", "max")


def test_the_rival_is_a_column():
    table = [["", "f1"], ["valid", 0.9], ["test", 0.5], ["test at 0.5", 0.4]]
    found = with_rival(table, metrics(0.5, 0.4), "f1")
    assert [row[-1] for row in found] == ["F1 of SVC", 0.8, 0.4, ""]
    assert with_rival(table, metrics(0.5), "f1") == table


def test_other_documents_beside_those_of_the_run():
    of_run = metrics(0.5)
    same = change_verdict({"f1": 0.49, "documents": 7}, of_run, "f1", "max")
    assert same == "F1 0.490 on 7 documents, 0.010 below that of the run's test data (0.500)."
    far = change_verdict({"f1": 0.3, "documents": 7}, of_run, "f1", "max")
    assert "these documents differ from those that it learned from" in far
    assert "differ" not in change_verdict({"f1": 0.8, "documents": 7}, of_run, "f1", "max")
    assert change_verdict({"f1": 0.3, "documents": 7}, {}, "f1", "max") == (
        "F1 0.300 on 7 documents."
    )
