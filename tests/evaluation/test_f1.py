import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import f1_score, precision_recall_fscore_support

from kerasbert.errors import InputError
from kerasbert.evaluation.f1 import f1_scores, label_counts, per_label
from kerasbert.heads.classification.decision import predict_labels


def test_multi_label_takes_every_label_that_reaches_the_threshold():
    probabilities = np.array([[0.5, 0.49, 0.9]])
    assert predict_labels(probabilities, "multi-label").tolist() == [[True, False, True]]


def test_multi_label_takes_the_top_label_when_none_reaches_the_threshold():
    probabilities = np.array([[0.1, 0.3, 0.2], [0.1, 0.1, 0.0]])
    assert predict_labels(probabilities, "multi-label").tolist() == [
        [False, True, False],
        [True, False, False],
    ]


def test_a_threshold_for_each_label():
    probabilities = np.array([[0.4, 0.4], [0.1, 0.8]])
    predicted = predict_labels(probabilities, "multi-label", np.array([0.3, 0.9]))
    assert predicted.tolist() == [[True, False], [False, True]]


def test_a_float32_probability_is_not_rounded_up_to_the_threshold():
    below = np.array([[np.float32(0.7), 0.9]], dtype=np.float32)  # 0.69999999 in float32
    assert not predict_labels(below, "multi-label", 0.7)[0, 0]
    assert not predict_labels(below.astype(np.float64), "multi-label", 0.7)[0, 0]


@pytest.mark.parametrize("kind", ["multi-class", "binary"])
def test_single_label_kinds_take_the_top_label_only(kind):
    probabilities = np.array([[0.6, 0.7], [0.2, 0.1]])
    assert predict_labels(probabilities, kind).tolist() == [[False, True], [True, False]]


def test_nan_is_no_probability():
    probabilities = np.array([[np.nan, 0.1, 0.2], [np.nan, np.nan, np.nan]])
    assert predict_labels(probabilities, "multi-label").tolist() == [
        [False, False, True],
        [True, False, False],
    ]


def test_f1_by_hand():
    gold = np.array([[1, 0], [1, 0], [0, 1]])
    predicted = np.array([[1, 0], [0, 1], [0, 0]])
    # Label 0: 1 hit, 1 miss, F1 = 2/3. Label 1: no hit, F1 = 0. Together: 1 hit, 1 false, 2 missed.
    scores = f1_scores(predicted, gold)
    assert scores["micro_f1"] == pytest.approx(2 / 5)
    assert scores["macro_f1"] == pytest.approx(1 / 3)
    assert scores["f1"] == pytest.approx((2 / 5 + 1 / 3) / 2)
    assert scores["micro_precision"] == pytest.approx(1 / 2)
    assert scores["micro_recall"] == pytest.approx(1 / 3)
    assert scores["documents"] == 3


def test_an_unseen_gold_label_is_a_miss_in_micro_and_leaves_macro_alone():
    gold = np.array([[1, 0], [0, 1]])
    scores = f1_scores(gold, gold, unseen=2)
    assert scores["micro_f1"] == pytest.approx(4 / 6)
    assert scores["micro_recall"] == pytest.approx(2 / 4)
    assert scores["micro_precision"] == 1
    assert scores["macro_f1"] == 1


def test_unseen_equals_columns_that_are_never_predicted_in_scikit_learn():
    rng = np.random.default_rng(3)
    gold, predicted = rng.random((2, 50, 6)) < 0.3
    inside = slice(0, 4)
    predicted[:, 4:] = False
    scores = f1_scores(predicted[:, inside], gold[:, inside], unseen=int(gold[:, 4:].sum()))
    assert scores["micro_f1"] == pytest.approx(f1_score(gold, predicted, average="micro"))


def shapes_and_pairs():
    shape = st.tuples(st.integers(1, 12), st.integers(1, 6))
    return shape.flatmap(
        lambda s: st.tuples(hnp.arrays(bool, s), hnp.arrays(bool, s)),
    )


def assert_equals_scikit_learn(predicted, gold):
    # One column is "binary" to scikit-learn, not multi-label: give it an empty one, and take it
    # off again with labels=.
    padded = [np.pad(x.astype(int), ((0, 0), (0, 1))) for x in (gold, predicted)]
    labels = list(range(gold.shape[1]))
    scores = f1_scores(predicted, gold)
    for average in ("micro", "macro"):
        expected = f1_score(*padded, average=average, labels=labels, zero_division=0)
        assert scores[f"{average}_f1"] == pytest.approx(expected, abs=1e-12)
    table = precision_recall_fscore_support(*padded, labels=labels, zero_division=0)
    rows = per_label(predicted, gold, [f"l{k}" for k in labels])
    for key, expected in zip(("precision", "recall", "f1", "support"), table, strict=True):
        assert [row[key] for row in rows] == pytest.approx(expected.tolist(), abs=1e-12)


@given(shapes_and_pairs())
def test_equals_scikit_learn_on_anything(pair):
    assert_equals_scikit_learn(*pair)


@pytest.mark.parametrize("documents, labels", [(1, 1), (1, 5), (40, 1), (300, 30)])
@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_equals_scikit_learn_on_degenerate_and_random_input(documents, labels, share):
    rng = np.random.default_rng(documents + labels)
    gold = rng.random((documents, labels)) < share
    assert_equals_scikit_learn(rng.random((documents, labels)) < 0.3, gold)
    assert_equals_scikit_learn(gold, gold)
    assert_equals_scikit_learn(~gold, gold)


def test_multi_class_equals_scikit_learn_on_class_numbers():
    rng = np.random.default_rng(0)
    probabilities, gold = rng.random((100, 4)), rng.integers(0, 4, 100)
    scores = f1_scores(predict_labels(probabilities, "multi-class"), np.eye(4)[gold])
    for average in ("micro", "macro"):
        expected = f1_score(gold, probabilities.argmax(1), average=average)
        assert scores[f"{average}_f1"] == pytest.approx(expected)


def test_gold_may_be_floats():
    gold = np.array([[1.0, 0.0]], dtype=np.float32)
    counts = label_counts(np.array([[1, 1]]), gold)
    assert [count.tolist() for count in counts] == [[1, 0], [0, 1], [0, 0]]
    assert f1_scores(np.array([[1, 0]]), gold)["f1"] == pytest.approx(0.75)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: f1_scores(np.zeros((0, 3)), np.zeros((0, 3))), "0 documents"),
        (lambda: f1_scores(np.zeros((2, 0)), np.zeros((2, 0))), "0 labels"),
        (lambda: f1_scores(np.zeros((2, 3)), np.zeros((2, 4))), "(2, 3) and (2, 4)"),
        (lambda: predict_labels(np.zeros((2, 3)), "multilabel"), "'multilabel'"),
        (lambda: predict_labels(np.zeros(3), "binary"), "(3,)"),
        (lambda: predict_labels(np.zeros((2, 3)), "multi-label", np.zeros(2)), "3 labels"),
        (lambda: per_label(np.zeros((2, 3)), np.zeros((2, 3)), ["a"]), "3 label names"),
    ],
)
def test_wrong_input_is_named(call, words):
    with pytest.raises(InputError) as error:
        call()
    assert words in str(error.value)
