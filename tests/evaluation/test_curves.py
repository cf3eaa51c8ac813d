import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_curve

from kerasbert.evaluation.curves import threshold_points

RNG = np.random.default_rng(0)


def test_by_hand():
    said, gold = [0.9, 0.6, 0.6, 0.2], [1, 0, 1, 1]
    points, at = threshold_points(said, gold)
    assert points == [(0.9, 1, 0), (0.6, 2, 1), (0.2, 3, 1)] and at == 2  # F1 6 / 7
    points, at = threshold_points(said, gold, also=0.5)
    assert points == [(0.9, 1, 0), (0.6, 2, 1), (0.5, 2, 1), (0.2, 3, 1)] and at == 2
    assert threshold_points([0.9, np.nan], [1, 1])[0] == [(0.9, 1, 0)]
    assert threshold_points([], []) == ([], 0)


def test_all_points_are_scikit_learns():
    said, gold = RNG.random(60).round(1), RNG.random(60) < 0.4
    points, _ = threshold_points(said, gold)
    precision, recall, limits = precision_recall_curve(gold, said)
    assert [limit for limit, _, _ in points] == limits[::-1].tolist()
    assert [h / (h + w) for _, h, w in points] == pytest.approx(precision[-2::-1])
    assert [h / gold.sum() for _, h, _ in points] == pytest.approx(recall[-2::-1])


@given(st.integers(1, 400), st.integers(2, 40), st.floats(0, 1), st.integers(0, 9))
def test_few_points_are_each_exact_and_have_both_ends(count, most, also, seed):
    rng = np.random.default_rng(seed)
    said, gold = rng.random(count), rng.random(count) < 0.3
    points, at = threshold_points(said, gold, most, also)
    assert len(points) <= most + 3 and points[at][0] == also
    limits = [limit for limit, _, _ in points]
    assert limits == sorted(limits, reverse=True)
    assert said.max() in limits and said.min() in limits
    for limit, hits, wrong in points:
        reached = said >= limit
        assert (hits, wrong) == ((reached & gold).sum(), (reached & ~gold).sum())
