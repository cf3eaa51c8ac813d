"""Calibration: the error against scikit-learn's bins, the temperature against what was put in."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression

from kerasbert.errors import InputError
from kerasbert.evaluation import calibration
from kerasbert.evaluation.calibration import (
    expected_calibration_error,
    fit_line,
    fit_temperature,
    reliability,
)

RNG = np.random.default_rng(0)


def test_the_bins_are_those_of_scikit_learn():
    probabilities = RNG.random(5000)
    right = RNG.random(5000) < probabilities**2
    found = reliability(probabilities, right, bins=10)
    accuracy, confidence = calibration_curve(right, probabilities, n_bins=10)
    np.testing.assert_allclose(found["accuracy"], accuracy)
    np.testing.assert_allclose(found["confidence"], confidence)
    expected = (np.abs(accuracy - confidence) * found["count"]).sum() / 5000
    assert expected_calibration_error(probabilities, right, bins=10) == pytest.approx(expected)


def test_probabilities_that_mean_what_they_say_have_no_error():
    probabilities = np.repeat([0.25, 0.75], 4000)
    right = np.tile([True, False, False, False], 2000)
    right[4000:] = ~right[4000:]
    assert expected_calibration_error(probabilities, right) == pytest.approx(0.0, abs=1e-9)
    assert expected_calibration_error(np.ones(10), np.zeros(10)) == 1.0
    assert expected_calibration_error(np.empty(0), np.empty(0)) == 0.0


def test_empty_bins_are_nan_and_shapes_are_checked():
    found = reliability(np.array([0.0, 1.0]), np.array([0, 1]), bins=4)
    assert found["count"].tolist() == [1, 0, 0, 1] and np.isnan(found["accuracy"][1])
    with pytest.raises(InputError, match="one shape"):
        reliability(np.zeros(3), np.zeros(2))


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_the_temperature_that_was_put_in_is_found(temperature):
    logits = RNG.normal(size=(20_000, 3)) * 2
    gold = RNG.random(logits.shape) < 1 / (1 + np.exp(-logits))
    found = fit_temperature(logits * temperature, gold, exclusive=False)
    assert found == pytest.approx(temperature, rel=0.05)
    softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    drawn = (RNG.random((len(logits), 1)) > softmax.cumsum(axis=1)).sum(axis=1)
    found = fit_temperature(logits * temperature, np.eye(3)[np.minimum(drawn, 2)], exclusive=True)
    assert found == pytest.approx(temperature, rel=0.05)


def test_it_lowers_the_error_of_a_model_that_is_too_sure():
    logits = RNG.normal(size=(5000, 4)) * 2
    gold = RNG.random(logits.shape) < 1 / (1 + np.exp(-logits))

    def error(scale):
        return expected_calibration_error(1 / (1 + np.exp(-scale * logits)).ravel(), gold.ravel())

    found = fit_temperature(3 * logits, gold, exclusive=False)
    assert error(3 / found) < 0.25 * error(3)


def test_degenerate_data_gets_a_temperature_all_the_same():
    logits = RNG.normal(size=(10, 2))
    for gold in (np.zeros((10, 2)), np.ones((10, 2))):
        assert 0.05 <= fit_temperature(logits, gold, exclusive=False) <= 20
    assert fit_temperature(logits, np.zeros((10, 2)), exclusive=True) == 1.0
    assert fit_temperature(np.full((2, 2), np.nan), np.ones((2, 2)), exclusive=False) == 1.0
    assert fit_temperature(np.empty((0, 2)), np.empty((0, 2)), exclusive=False) == 1.0


def test_the_line_is_that_of_logistic_regression(monkeypatch):
    scores = RNG.normal(size=(4000, 2))
    gold = RNG.random((4000, 2)) < 1 / (1 + np.exp(-(3 * scores - 1)))
    slope, offset = fit_line(scores, gold)
    peer = LogisticRegression(C=np.inf, tol=1e-8).fit(scores.reshape(-1, 1), gold.ravel())
    assert slope == pytest.approx(peer.coef_[0, 0], rel=0.01)
    assert offset == pytest.approx(peer.intercept_[0], abs=0.01)
    monkeypatch.setattr(calibration, "PIECE", 300)  # the sums of pieces, the last one smaller
    np.testing.assert_allclose(fit_line(scores, gold), (slope, offset), rtol=1e-9)


def test_the_line_of_scores_that_part_perfectly_or_not_at_all_is_finite():
    slope, offset = fit_line(
        np.array([[-1.0], [-0.5], [0.5], [1.0]]), np.array([[0], [0], [1], [1]])
    )
    assert 0 < slope < 100 and abs(offset) < 1
    slope, offset = fit_line(np.zeros((8, 1)), np.arange(8)[:, None] < 2)
    assert slope == 0 and 1 / (1 + np.exp(-offset)) == pytest.approx(0.28, abs=0.02)
    assert np.isfinite(fit_line(RNG.normal(size=(5, 2)), np.zeros((5, 2)))).all()
