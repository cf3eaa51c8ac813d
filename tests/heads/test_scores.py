import numpy as np
import pytest

from kerasbert.heads.classification.scores import document_losses, mean_loss, probabilities


def test_losses_are_those_of_keras():
    import keras

    rng = np.random.default_rng(0)
    logits = rng.normal(size=(5, 3)).astype(np.float32)
    hot = (rng.random((5, 3)) < 0.4).astype(np.float32)
    expected = keras.losses.BinaryCrossentropy(from_logits=True)(hot, logits)
    assert mean_loss(logits, hot, "multi-label") == pytest.approx(float(expected), abs=1e-5)
    classes = rng.integers(0, 3, 5)
    expected = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(classes, logits)
    found = mean_loss(logits, np.eye(3)[classes], "multi-class")
    assert found == pytest.approx(float(expected), abs=1e-5)


def test_probabilities_of_extreme_logits_are_finite():
    logits = np.array([[-1e4, 0, 1e4]], np.float32)
    np.testing.assert_allclose(probabilities(logits, "multi-label"), [[0, 0.5, 1]], atol=1e-6)
    np.testing.assert_allclose(probabilities(logits, "multi-class"), [[0, 0, 1]], atol=1e-6)


def test_a_temperature_makes_probabilities_less_extreme_and_keeps_their_order():
    logits = np.array([[2.0, -1.0, 0.0]])
    for kind in ("multi-label", "multi-class"):
        plain, cool = probabilities(logits, kind), probabilities(logits, kind, 2.0)
        np.testing.assert_allclose(cool, probabilities(logits / 2, kind))
        assert (plain.argsort() == cool.argsort()).all() and cool.max() < plain.max()


def test_a_document_of_unknown_labels_has_no_loss_unless_multi_label():
    logits, gold = np.array([[0.0, 0.0], [0.0, 0.0]]), np.array([[0, 1], [0, 0]])
    assert document_losses(logits, gold, "multi-label") == pytest.approx([np.log(2)] * 2)
    losses = document_losses(logits, gold, "binary")
    assert losses[0] == pytest.approx(np.log(2)) and np.isnan(losses[1])
    assert mean_loss(logits, gold, "binary") == pytest.approx(np.log(2))
    assert np.isnan(mean_loss(logits, gold * 0, "binary"))


def test_a_diverged_model_has_no_loss():
    for kind in ("multi-label", "multi-class"):
        assert np.isnan(mean_loss(np.full((2, 3), np.nan), np.eye(3)[:2], kind))
