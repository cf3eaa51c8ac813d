import numpy as np
from sklearn.metrics import confusion_matrix

from kerasbert.heads.classification.browse import (
    OTHERS,
    TOGETHER,
    browse,
    confusion_rows,
    curve_rows,
)
from kerasbert.heads.classification.decision import Decision
from kerasbert.text.documents import LabeledDocument

RNG = np.random.default_rng(2)


def documents_of(*labels):
    return [LabeledDocument((f"text {n}",), one, n + 1) for n, one in enumerate(labels)]


def test_mistakes_come_first_each_by_its_loss():
    logits = np.array([[9.0, -9], [3, -3], [-1, 1], [8, -8], [2, -2]])
    labels = [("x",), ("y",), ("x",), (), ("x", "new")]
    gold = np.array([[1, 0], [0, 1], [1, 0], [0, 0], [1, 0]])
    found = browse(logits, gold, Decision("multi-label"), documents_of(*labels), ["x", "y"])
    # The fifth is right but for a label that training did not know.
    assert [row["line"] for row in found["documents"]] == [4, 2, 3, 5, 1]
    assert found["counts"] == [{"documents": 5, "mistakes": 4}]
    assert found["documents"][1]["likely"] == {"x": 0.9526, "y": 0.0474}


def test_a_document_without_a_loss_is_a_mistake_and_comes_last_of_these():
    logits = np.array([[2.0, 0], [2, 0], [2, 0]])
    gold = np.array([[0, 0], [1, 0], [0, 1]])
    labels = documents_of(("new",), ("x",), ("y",))
    found = browse(logits, gold, Decision("multi-class"), labels, ["x", "y"])
    assert [row["line"] for row in found["documents"]] == [3, 1, 2]


def test_small_matrix_is_scikit_learns():
    gold, predicted = RNG.integers(0, 4, 50), RNG.integers(0, 4, 50)
    names = ["a", "b", "c", "d"]
    rows = confusion_rows(np.eye(4)[predicted] > 0, np.eye(4)[gold] > 0, names, "multi-class")
    assert [row["label"] for row in rows] == names
    cells = [[row["cells"][name] for name in names] for row in rows]
    assert cells == confusion_matrix(gold, predicted).tolist()


def test_large_matrix_keeps_the_most_confused_and_counts_every_document():
    gold, predicted = RNG.integers(0, 9, 400), RNG.integers(0, 9, 400)
    predicted = np.where(gold > 2, gold, predicted)  # 0, 1 and 2 are confused
    names = [f"n{i}" for i in range(9)]
    rows = confusion_rows(np.eye(9)[predicted] > 0, np.eye(9)[gold] > 0, names, "multi-class", 3)
    assert [row["label"] for row in rows] == ["n0", "n1", "n2", OTHERS]
    assert sum(sum(row["cells"].values()) for row in rows) == 400
    assert sum(rows[1]["cells"].values()) == (gold == 1).sum()
    assert rows[2]["cells"]["n0"] == ((gold == 2) & (predicted == 0)).sum()


def test_of_many_labels_a_cell_counts_what_was_given_instead():
    gold = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]) > 0
    predicted = np.array([[0, 1, 0], [0, 1, 1], [0, 1, 0], [0, 0, 0]]) > 0
    rows = confusion_rows(predicted, gold, ["a", "b", "c"], "multi-label")
    assert rows == [{"label": "a", "cells": {"b": 2, "c": 1}}]
    assert confusion_rows(gold, gold, ["a", "b", "c"], "multi-label") == []


def test_curves_begin_at_the_decisions_threshold_and_count_what_it_found():
    said, gold = RNG.random((40, 3)), RNG.random((40, 3)) < [0.5, 0.2, 0]
    decision = Decision("multi-label", threshold=(0.3, 0.6, 0.5))
    rows = curve_rows(said, gold, ["a", "b", "never"], decision)
    assert [row["label"] for row in rows] == [TOGETHER, "a", "b"]
    assert rows[0]["support"] == gold.sum() and rows[0]["decisions"] == 120
    for row, column, limit in ((rows[1], 0, 0.3), (rows[2], 1, 0.6)):
        reached = said[:, column] >= limit
        hits = int((reached & gold[:, column]).sum())
        assert row["points"][row["at"]] == (limit, hits, int(reached.sum()) - hits)
    one = curve_rows(said, gold, ["a", "b", "never"], Decision("multi-class"))
    assert [row["label"] for row in one] == ["a", "b"] and one[0]["points"][one[0]["at"]][0] == 0.5


def test_hundreds_of_labels_stay_small():
    said, gold = RNG.random((300, 400)), RNG.random((300, 400)) < 0.1
    rows = curve_rows(said, gold, [str(i) for i in range(400)], Decision("multi-label"))
    assert len(rows) == 301 and sum(len(row["points"]) for row in rows) < 9000
