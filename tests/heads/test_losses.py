"""Losses for rare labels, against numpy."""

import keras
import numpy as np
import pytest

from kerasbert.heads.classification.losses import (
    LOSSES,
    AsymmetricLoss,
    ClassCrossEntropy,
    FocalLoss,
    LabelCrossEntropy,
    WeightedLoss,
    build_loss,
    positive_weights,
)

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(6, 4)).astype(np.float32) * 3
TARGET = (RNG.random((6, 4)) < 0.4).astype(np.float32)
P = 1 / (1 + np.exp(-LOGITS.astype(np.float64)))


def value(loss, target=TARGET, logits=LOGITS):
    return float(keras.ops.convert_to_numpy(loss(target, logits)))


def test_weighted():
    weights = np.array([1.0, 2.0, 3.0, 4.0])
    expected = -(weights * TARGET * np.log(P) + (1 - TARGET) * np.log(1 - P)).mean()
    assert value(WeightedLoss(weights)) == pytest.approx(expected, rel=1e-5)


def test_smoothed():
    classes = np.array([0, 3, 1, 2, 2, 0])
    log_softmax = LOGITS - np.log(np.exp(LOGITS).sum(axis=1, keepdims=True))
    target = 0.8 * np.eye(4)[classes] + 0.2 / 4
    expected = -(target * log_softmax).sum(axis=1).mean()
    loss = build_loss("cross-entropy", "multi-class", smoothing=0.2)
    assert value(loss, classes) == pytest.approx(expected, rel=1e-5)
    smooth = 0.8 * TARGET + 0.1
    expected = -(smooth * np.log(P) + (1 - smooth) * np.log(1 - P)).mean()
    loss = build_loss("cross-entropy", "multi-label", smoothing=0.2)
    assert value(loss) == pytest.approx(expected, rel=1e-5)
    with pytest.raises(ValueError, match="not for focal"):
        build_loss("focal", "multi-label", smoothing=0.2)


def test_focal():
    right = np.where(TARGET > 0, P, 1 - P)
    expected = -((1 - right) ** 2 * np.log(right)).mean()
    assert value(FocalLoss()) == pytest.approx(expected, rel=1e-5)
    classes = np.array([0, 3, 1, 2, 2, 0])
    softmax = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    right = softmax[np.arange(6), classes]
    expected = -((1 - right) ** 2 * np.log(right)).mean()
    assert value(FocalLoss(), classes) == pytest.approx(expected, rel=1e-5)


def test_asymmetric():
    shifted = np.maximum(P - 0.05, 0)
    expected = TARGET * (1 - P) * np.log(P) + (1 - TARGET) * shifted**4 * np.log(1 - shifted)
    assert value(AsymmetricLoss(gamma_positive=1.0)) == pytest.approx(-expected.mean(), rel=1e-5)


def test_without_focus_they_are_cross_entropy():
    plain = value(build_loss("cross-entropy", "multi-label"))
    for loss in (FocalLoss(gamma=0.0), AsymmetricLoss(0.0, 0.0, 0.0), WeightedLoss([1.0] * 4)):
        assert value(loss) == pytest.approx(plain, rel=1e-5)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("kind", ["multi-label", "multi-class"])
def test_value_and_gradient_are_finite_for_extreme_logits(name, kind):
    if kind == "multi-class" and name in ("weighted", "asymmetric"):
        with pytest.raises(ValueError, match="is for multi-label data"):
            build_loss(name, kind)
        return
    extreme = np.array([[80.0, -80.0, 0.0], [-80.0, 80.0, 1e-8]], np.float32)
    target = np.array([[0, 1, 1], [1, 0, 0]], np.float32)
    if kind == "multi-class":
        target = np.array([1, 0])
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, kernel_initializer="ones")])
    loss = build_loss(name, kind, gold=np.eye(3))
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss=loss)
    assert np.isfinite(model.train_on_batch(extreme, target))
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_positive_weights_grow_as_labels_get_rare():
    gold = np.zeros((1000, 4))
    for column, count in enumerate((0, 1, 99, 900)):
        gold[:count, column] = 1
    assert positive_weights(gold) == pytest.approx([20, 20, np.sqrt(902 / 100), 1], rel=1e-5)


@pytest.mark.parametrize(
    "loss",
    [
        FocalLoss(1.5, kind="binary"),
        AsymmetricLoss(1.0, 2.0, 0.1),
        WeightedLoss([2]),
        ClassCrossEntropy(),
        LabelCrossEntropy(0.1),
    ],
)
def test_config(loss):
    again = type(loss).from_config(loss.get_config())
    assert again.get_config() == loss.get_config()


CLASSES = np.array([0, 3, 1, 2, 2, 0])
OF_CLASSES = {
    "plain": build_loss("cross-entropy", "multi-class"),
    "smoothed": build_loss("cross-entropy", "multi-class", smoothing=0.2),
    "focal": build_loss("focal", "multi-class"),
}
OF_LABELS = {
    "plain": build_loss("cross-entropy", "multi-label"),
    "smoothed": build_loss("cross-entropy", "multi-label", smoothing=0.2),
    "focal": build_loss("focal", "multi-label"),
    "weighted": WeightedLoss([1.0, 2.0, 3.0, 4.0]),
    "asymmetric": AsymmetricLoss(),
}


def test_cross_entropies_are_those_of_keras():
    plain = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert value(OF_CLASSES["plain"], CLASSES) == value(plain, CLASSES)
    for smoothing in (0.0, 0.2):
        plain = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=smoothing)
        ours = build_loss("cross-entropy", "multi-label", smoothing=smoothing)
        assert value(ours) == value(plain)


@pytest.mark.parametrize("name", OF_CLASSES)
def test_targets_of_classes(name):
    loss = OF_CLASSES[name]
    assert value(loss, CLASSES[:, None]) == value(loss, CLASSES)  # (B, 1) is (B,)
    with pytest.raises(ValueError, match=r"class indices \(B,\).*targets \(6, 4\)"):
        loss(TARGET, LOGITS)
    with pytest.raises(ValueError, match=r"two classes or more.*logits \(6, 1\)"):
        loss(CLASSES * 0, LOGITS[:, :1])


@pytest.mark.parametrize("wrong", [-1, 4])
@pytest.mark.parametrize("name", OF_CLASSES)
def test_a_class_that_is_not_there(name, wrong, monkeypatch):
    from kerasbert.layers import ids

    target = CLASSES.copy()
    target[2] = wrong
    with pytest.raises(ValueError, match=rf"class index: .*0 to 3\. Received: .*{wrong}"):
        OF_CLASSES[name](target, LOGITS)
    monkeypatch.setattr(ids, "known_values", lambda tensor: None)  # as in a compiled step
    config = OF_CLASSES[name].get_config() | {"reduction": "none"}
    rows = type(OF_CLASSES[name]).from_config(config)
    found = keras.ops.convert_to_numpy(rows(target, LOGITS))
    assert list(np.isnan(found)) == [False, False, True, False, False, False]
    right = keras.ops.convert_to_numpy(rows(CLASSES, LOGITS))
    np.testing.assert_array_equal(np.delete(found, 2), np.delete(right, 2))


@pytest.mark.parametrize("name", OF_LABELS)
def test_targets_of_labels(name):
    for wrong in (TARGET[:, :1], CLASSES, TARGET[:, :2]):
        with pytest.raises(ValueError, match=r"targets \(B, K\) for logits \(B, K\).*Received"):
            OF_LABELS[name](wrong, LOGITS)


def test_a_focal_loss_saved_without_a_kind_goes_by_rank():
    loss = FocalLoss.from_config({"gamma": 2.0, "name": "focal_loss"})
    assert value(loss) == value(OF_LABELS["focal"])
    assert value(loss, CLASSES) == value(OF_CLASSES["focal"], CLASSES)
    with pytest.raises(ValueError, match="a decision for each label"):
        loss(CLASSES[:, None], LOGITS)


@pytest.mark.parametrize(
    "kind, outputs, fits",
    [("binary", 1, False), ("binary", 2, True), ("binary", 3, False), ("multi-class", 1, False),
     ("multi-class", 2, True), ("multi-label", 1, True)],
)  # fmt: skip
def test_a_kind_has_its_number_of_labels(kind, outputs, fits):
    from kerasbert.heads.classification.logits import begin_at_label_shares
    from kerasbert.models import compile_classifier

    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(outputs, name="logits")(inputs))
    gold = np.eye(outputs)
    for call in (
        lambda: compile_classifier(model, kind, "sgd"),
        lambda: begin_at_label_shares(model, gold, kind),
        lambda: build_loss("focal", kind, gold),
    ):
        if fits:
            call()
        else:
            with pytest.raises(ValueError, match=rf"kind '{kind}': expected 2 labels.*{outputs}"):
                call()


def test_unknown_names():
    with pytest.raises(ValueError, match="Received: 'hinge'"):
        build_loss("hinge", "multi-label")
