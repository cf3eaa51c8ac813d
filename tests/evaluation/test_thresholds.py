import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasbert.errors import InputError
from kerasbert.evaluation.f1 import f1_scores
from kerasbert.evaluation.thresholds import GRID, fit_label_thresholds, fit_threshold
from kerasbert.heads.classification.decision import predict_labels


def brute_force(probabilities, gold, unseen):
    """F1 at each threshold of the grid, the slow way: with the functions that evaluation uses."""
    return np.array(
        [
            f1_scores(predict_labels(probabilities, "multi-label", t), gold, unseen)["f1"]
            for t in GRID
        ]
    )


def test_the_grid_is_a_hundredth_apart():
    assert GRID[0] == 0.02 and GRID[-1] == 0.98 and len(GRID) == 97


def test_a_gap_between_gold_and_the_rest_gets_a_threshold_inside_it():
    probabilities = np.array([[0.30, 0.35, 0.05], [0.05, 0.4, 0.32], [0.31, 0.1, 0.33]])
    gold = probabilities > 0.2
    # Anything over 0.1 and up to 0.3 is perfect; 0.3 is the nearest of these to 0.5.
    assert fit_threshold(probabilities, gold) == 0.3


def test_a_tie_goes_to_one_half():
    probabilities = np.array([[0.99, 0.01], [0.01, 0.99]])
    assert fit_threshold(probabilities, probabilities > 0.5) == 0.5


def test_the_top_label_rule_is_part_of_the_fit():
    # The top label is always right, the second always wrong: everything over 0.3 is perfect,
    # although no label reaches thresholds over 0.4.
    probabilities = np.array([[0.4, 0.3], [0.3, 0.4]])
    assert fit_threshold(probabilities, np.eye(2)) == 0.5


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 20), st.integers(1, 5), st.integers(0, 4))
def test_no_threshold_of_the_grid_is_better(seed, documents, labels, unseen):
    rng = np.random.default_rng(seed)
    probabilities = (
        rng.random((documents, labels)).round(2).astype(np.float32)
    )  # on the grid's edge
    gold = rng.random((documents, labels)) < probabilities
    scores = brute_force(probabilities, gold, unseen)
    fitted = fit_threshold(probabilities, gold, unseen)
    best = GRID[scores > scores.max() - 1e-12]
    assert fitted in best
    assert abs(fitted - 0.5) == pytest.approx(np.abs(best - 0.5).min())


def test_decision_scores_take_a_grid_of_their_own():
    scores = np.array([[-0.5, -2.0], [-3.0, -0.6]])
    gold = np.array([[1, 0], [0, 1]])
    assert fit_threshold(scores, gold, grid=np.linspace(-2, 2, 41), prefer=0.0) == 0.0
    assert fit_threshold(scores, np.ones((2, 2)), grid=np.array([-4.0, 0.0])) == -4.0


def test_three_thousand_documents_take_a_moment():
    rng = np.random.default_rng(0)
    probabilities = rng.random((3000, 224))
    gold = rng.random((3000, 224)) < 0.02
    began = time.perf_counter()
    fit_threshold(probabilities, gold)
    assert time.perf_counter() - began < 5  # 0.1 s here; the slack is for a busy machine


def test_nan_is_no_probability():
    assert 0 < fit_threshold(np.full((2, 3), np.nan), np.ones((2, 3))) < 1


def test_no_document_is_an_error():
    with pytest.raises(InputError, match=r"\(0, 3\)"):
        fit_threshold(np.zeros((0, 3)), np.zeros((0, 3)))


def test_a_threshold_for_each_label_where_there_are_documents():
    rng = np.random.default_rng(0)
    gold = np.zeros((4000, 3))
    gold[:2000, 0], gold[:10, 1] = 1, 1  # many documents, few, none
    probabilities = (
        np.stack([0.1 + 0.3 * gold[:, 0], 0.1 + 0.3 * gold[:, 1], np.full(4000, 0.05)], axis=1)
        + rng.normal(size=gold.shape) * 0.01
    )
    found = fit_label_thresholds(probabilities, gold, common=0.8, strength=20)
    assert 0.2 < found[0] < 0.3  # its own, in the middle of the gap
    assert 0.8 > found[1] > 0.8 - 10 / 30 * 0.8  # a third of the way from the common one
    assert found[2] == 0.8
    assert ((probabilities[:, 0] >= found[0]) == gold[:, 0]).all()


def test_with_endless_strength_all_labels_have_the_common_threshold():
    rng = np.random.default_rng(1)
    probabilities = rng.random((50, 4))
    found = fit_label_thresholds(probabilities, probabilities > 0.3, 0.41, strength=1e12)
    np.testing.assert_allclose(found, 0.41, atol=1e-6)


def test_without_strength_each_label_has_the_best_of_the_grid():
    rng = np.random.default_rng(2)
    gold = rng.random((300, 5)) < 0.3
    probabilities = np.clip(0.3 * gold + rng.random((300, 5)) * 0.7, 0, 1)
    found = fit_label_thresholds(probabilities, gold, 0.5, strength=0)

    def f1(label, threshold):
        predicted = probabilities[:, label] >= threshold
        return f1_scores(predicted[:, None], gold[:, label][:, None])["macro_f1"]

    for label in range(5):
        assert f1(label, found[label]) == pytest.approx(max(f1(label, t) for t in GRID), abs=0.02)
