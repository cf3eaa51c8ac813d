"""Figures of numbers, beside SciPy and scikit-learn; and intervals."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasbert.evaluation.conformal import covered, fewest, half_width
from kerasbert.evaluation.numbers import FIGURES, figures_of_each, number_figures, ranks


def test_by_hand():
    found = number_figures(np.array([[1.0], [2], [3]]), np.array([[2.0], [2], [5]]))
    assert found["mae"] == 1 and found["rmse"] == pytest.approx(math.sqrt(5 / 3))
    assert found["r2"] == pytest.approx(1 - 5 / 2)
    assert found["spearman"] == pytest.approx(math.sqrt(3) / 2)  # ranks 1.5, 1.5, 3
    assert ranks(np.array([5.0, 1, 5, 9])).tolist() == [2.5, 1, 2.5, 4]


numbers = st.floats(-1e6, 1e6).map(lambda x: round(x, 2))


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=30))
def test_as_scipy_and_scikit_learn(rows):
    stats, metrics = pytest.importorskip("scipy.stats"), pytest.importorskip("sklearn.metrics")
    gold, predicted = np.array(rows).T
    found = number_figures(gold[:, None], predicted[:, None])
    theirs = {
        "mae": metrics.mean_absolute_error(gold, predicted),
        "rmse": math.sqrt(metrics.mean_squared_error(gold, predicted)),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is not defined
        theirs["r2"] = metrics.r2_score(gold, predicted, force_finite=False)
        if len(rows) > 1:
            theirs["pearson"] = stats.pearsonr(gold, predicted)[0]
            theirs["spearman"] = stats.spearmanr(gold, predicted)[0]
    for name in FIGURES:
        expected = theirs.get(name, float("nan"))
        if not math.isfinite(expected):
            assert math.isnan(found[name]) and found[f"{name}_reason"]
        else:
            assert found[name] == pytest.approx(expected, rel=1e-6, abs=1e-6)
            assert f"{name}_reason" not in found


@pytest.mark.parametrize(
    "gold, predicted, reason, undefined",
    [
        ([3.0], [2.0], "one document", {"pearson", "spearman", "r2"}),
        ([3.0, 3], [2.0, 4], "all documents have the same", {"pearson", "spearman", "r2"}),
        ([3.0, 4], [2.0, 2], "same number was predicted", {"pearson", "spearman"}),
        ([3.0, 4], [2.0, np.inf], "no finite numbers", set(FIGURES)),
    ],
)
def test_what_is_not_defined_says_why(gold, predicted, reason, undefined):
    found = number_figures(np.array(gold)[:, None], np.array(predicted)[:, None])
    assert {name for name in FIGURES if math.isnan(found[name])} == undefined
    assert all(reason in found[f"{name}_reason"] for name in undefined)
    assert not any(f"{name}_reason" in found for name in set(FIGURES) - undefined)


def test_figures_of_several_numbers_are_means():
    rng = np.random.default_rng(0)
    gold = rng.normal(size=(20, 2))
    predicted = gold + rng.normal(size=(20, 2)) * [0.1, 2]
    both, each = number_figures(gold, predicted), figures_of_each(gold, predicted, ["a", "b"])
    for name in FIGURES:
        assert both[name] == pytest.approx((each["a"][name] + each["b"][name]) / 2)
    assert each["a"]["pearson"] > each["b"]["pearson"]


@pytest.mark.parametrize("coverage, least", [(0.9, 9), (0.5, 1), (0.95, 19), (0.8, 4), (0.99, 99)])
def test_so_many_documents_make_an_interval(coverage, least):
    assert fewest(coverage) == least
    assert half_width(np.arange(least) + 1.0, coverage) == least  # the largest error
    assert half_width(np.arange(least - 1) + 1.0, coverage) is None


def test_intervals_hold_what_they_promise():
    """On average over draws of both parts; a single draw varies."""
    rng = np.random.default_rng(0)
    held = []
    for _ in range(300):
        errors, new = np.abs(rng.normal(size=39)), rng.normal(size=(200, 1))
        width = half_width(errors, 0.8)
        held.append(covered(new, np.zeros_like(new), np.array([width])))
    assert np.mean(held) == pytest.approx(32 / 40, abs=0.01)  # ceil(40 * 0.8) of 40
