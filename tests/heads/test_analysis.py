import csv
from collections import namedtuple

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from kerasbert.heads.classification.analysis import (
    calibration_of,
    confused_pairs,
    decisions_of,
    hardest,
    label_rows,
    write_label_rows,
)
from kerasbert.heads.classification.decision import Decision
from kerasbert.heads.classification.scores import probabilities

Document = namedtuple("Document", "texts labels line id", defaults=[None])
RNG = np.random.default_rng(1)
CASES = {
    "random": (RNG.random((80, 5)) < 0.4, RNG.random((80, 5)) < 0.3),
    "no positives": (np.zeros((6, 3), bool), RNG.random((6, 3)) < 0.5),
    "all positives": (np.ones((6, 3), bool), RNG.random((6, 3)) < 0.5),
    "one label": (RNG.random((9, 1)) < 0.5, RNG.random((9, 1)) < 0.5),
    "one document": (np.array([[True, False]]), np.array([[False, True]])),
}


@pytest.mark.parametrize("gold, predicted", CASES.values(), ids=CASES)
def test_label_rows_are_scikit_learns(gold, predicted, tmp_path):
    names = [f"n{i}" for i in range(gold.shape[1])]
    decision = Decision("multi-label", threshold=0.25)
    rows = label_rows(names, [7] * len(names), decision, {"valid": (predicted, gold)})
    expected = precision_recall_fscore_support(gold, predicted, average=None, zero_division=0)
    if gold.shape[1] == 1:  # scikit-learn takes one column for two classes
        expected = precision_recall_fscore_support(
            gold[:, 0], predicted[:, 0], labels=[True], average=None, zero_division=0
        )
    for name, column in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        assert [row[f"valid_{name}"] for row in rows] == pytest.approx(column.tolist())
    write_label_rows(tmp_path / "labels.tsv", rows)
    with (tmp_path / "labels.tsv").open(newline="") as file:
        again = list(csv.DictReader(file, delimiter="\t"))
    assert [row["label"] for row in again] == names
    assert {row["threshold"] for row in again} == {"0.25"}
    for found, row in zip(again, rows, strict=True):
        assert float(found["valid_f1"]) == pytest.approx(row["valid_f1"], abs=1e-5)


def test_labels_with_quotes_and_backslashes_stay_as_they_are(tmp_path):
    names = ['"quoted"', "back\\slash", "<b>"]
    rows = label_rows(names, [1, 2, 3], Decision("binary"), {})
    assert [row["threshold"] for row in rows] == [None] * 3
    write_label_rows(tmp_path / "labels.tsv", rows)
    lines = (tmp_path / "labels.tsv").read_text().splitlines()
    assert [line.split("\t")[0] for line in lines[1:]] == names


def test_confused_pairs_of_one_label_a_document_are_the_confusion_matrix():
    gold, predicted = RNG.integers(0, 4, 200), RNG.integers(0, 4, 200)
    expected = confusion_matrix(gold, predicted)
    np.fill_diagonal(expected, 0)
    found = np.zeros((4, 4), int)
    for pair in confused_pairs(np.eye(4)[predicted], np.eye(4)[gold], [0, 1, 2, 3]):
        found[pair["gold"], pair["predicted"]] = pair["documents"]
        assert pair["share"] == pytest.approx(pair["documents"] / (gold == pair["gold"]).sum())
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("gold, predicted", CASES.values(), ids=CASES)
def test_confused_pairs_of_many_labels_are_a_product_of_matrices(gold, predicted):
    names = list(range(gold.shape[1]))
    expected = (gold & ~predicted).T.astype(int) @ (predicted & ~gold).astype(int)
    found = np.zeros_like(expected)
    pairs = confused_pairs(predicted, gold, names, most=1000)
    for pair in pairs:
        found[pair["gold"], pair["predicted"]] = pair["documents"]
    np.testing.assert_array_equal(found, expected)
    times = [pair["documents"] for pair in pairs]
    assert times == sorted(times, reverse=True)
    assert confused_pairs(predicted, gold, names, most=2) == pairs[:2]


def test_the_hardest_documents_come_first_with_what_was_said():
    documents = [
        Document(("a",), ("x",), 1),
        Document(("b",), ("y", "new"), 2),
        Document(("c",), (), 4),
    ]
    gold = np.array([[1, 0], [0, 1], [0, 0]])
    logits = np.array([[5.0, -5.0], [4.0, -4.0], [-1.0, -2.0]])
    found = hardest(logits, gold, Decision("multi-label"), documents, ["x", "y"], most=2)
    assert [row["line"] for row in found] == [2, 4]
    assert found[0]["expected"] == ["y", "new"] and found[0]["predicted"] == ["x"]
    assert found[0]["scores"] == {"x": pytest.approx(0.982), "y": pytest.approx(0.018)}
    assert found[0]["loss"] == pytest.approx(np.log1p(np.exp(4)))
    one = hardest(logits, gold, Decision("binary"), documents, ["x", "y"])
    assert [row["line"] for row in one] == [2, 1]  # that without a label has no loss


@pytest.mark.parametrize("kind", ["multi-label", "multi-class"])
def test_calibration_is_scikit_learns_curve(kind):
    logits = RNG.normal(size=(400, 3)) * 4
    gold = np.eye(3)[RNG.integers(0, 3, 400)]
    found = calibration_of(logits, gold, Decision(kind, temperature=3.0))
    for name, temperature in (("before", 1.0), ("after", 3.0)):
        said = probabilities(logits, kind, temperature)
        if kind == "multi-label":
            said, right = said.ravel(), gold.ravel()
        else:
            right = gold[np.arange(400), said.argmax(1)]
            said = said.max(1)
        accuracy, confidence = calibration_curve(right, said, n_bins=15)
        bins = found[name]["bins"]
        assert [one["accuracy"] for one in bins] == pytest.approx(accuracy.tolist(), abs=1e-6)
        assert [one["confidence"] for one in bins] == pytest.approx(confidence.tolist(), abs=1e-6)
        counts = np.array([one["count"] for one in bins])
        assert counts.sum() == len(said)
        ece = (np.abs(accuracy - confidence) * counts).sum() / counts.sum()
        assert found[name]["ece"] == pytest.approx(ece, abs=1e-6)
    assert found["after"]["ece"] < found["before"]["ece"]


def test_decisions_of_a_diverged_model_are_left_out():
    said, right = decisions_of(np.full((2, 3), np.nan), np.ones((2, 3)), "multi-label")
    assert said.shape == right.shape == (0,)
    found = calibration_of(np.full((2, 3), np.nan), np.ones((2, 3)), Decision("multi-class"))
    assert found["before"] == {"ece": 0.0, "bins": []}
