import json

import numpy as np
import pytest
from sklearn.metrics import f1_score

from kerasbert.errors import InputError
from kerasbert.evaluation.f1 import f1_scores
from kerasbert.heads.classification.decision import Decision, fit_decision

RNG = np.random.default_rng(0)
GOLD = RNG.random((300, 6)) < [0.5, 0.4, 0.3, 0.2, 0.05, 0.01]
# Overconfident, and each label with an offset of its own.
LOGITS = 3 * (2 * GOLD - 1 + RNG.normal(size=GOLD.shape)) + [-2, -1, 0, 1, 2, -3]


def names(decision, probabilities):
    return [np.flatnonzero(row).tolist() for row in decision.choose(np.array(probabilities))]


def test_the_rules():
    said = [[0.6, 0.5, 0.2], [0.4, 0.3, 0.2]]
    assert names(Decision("multi-label"), said) == [[0, 1], [0]]
    assert names(Decision("multi-label", "threshold"), said) == [[0, 1], []]
    assert names(Decision("multi-label", "top-k", top_k=2), said) == [[0, 1], [0, 1]]
    assert names(Decision("multi-label", "top-k", top_k=9), said) == [[0, 1, 2]] * 2
    assert names(Decision("multi-label", threshold=(0.7, 0.3, 0.2)), said) == [[1, 2], [1, 2]]
    for kind in ("multi-class", "binary"):  # whatever else: the most probable one
        assert names(Decision(kind, "threshold", 0.9), said) == [[0], [0]]


def test_a_tie_goes_to_the_first_labels():
    assert names(Decision("multi-label", "top-k", top_k=2), [[0.5] * 4]) == [[0, 1]]


def test_a_decision_is_the_same_after_saving():
    for thresholds in ("common", "label", "half"):
        for rule, top_k in (("at-least-one", None), ("threshold", None), ("top-k", 2)):
            options = {"thresholds": thresholds, "rule": rule, "top_k": top_k}
            decision = fit_decision(LOGITS, GOLD, "multi-label", **options)
            saved = json.loads(json.dumps({"decision": decision.to_json()}))
            assert saved["decision"] == decision.to_json()
            assert Decision.of_metrics(saved, "multi-label") == decision


def test_a_run_of_an_older_version_has_a_threshold_alone():
    decision = Decision.of_metrics({"threshold": 0.37}, "multi-label")
    assert decision == Decision("multi-label", "at-least-one", 0.37, 1.0, None)


@pytest.mark.parametrize(
    "metrics",
    [
        {},
        {"decision": {"rule": "at-least-one"}},
        {"decision": {"threshold": 0.5, "rule": "guess"}},
        {"decision": {"threshold": 0.5, "temperature": 0.0}},
        {"decision": {"threshold": ["a"]}},
        {"decision": {"threshold": 0.5, "more": 1}},
    ],
)
def test_what_is_no_decision_is_refused(metrics):
    with pytest.raises(InputError, match="cannot be read"):
        Decision.of_metrics(metrics, "multi-label")


def test_the_common_threshold_is_the_best_of_its_grid_by_scikit_learn():
    for rule in ("at-least-one", "threshold"):
        decision = fit_decision(LOGITS, GOLD, "multi-label", thresholds="common", rule=rule)
        said = decision.probabilities(LOGITS)

        def f1(limit, rule=rule, said=said):
            predicted = Decision("multi-label", rule, limit).choose(said)
            micro, macro = (
                f1_score(GOLD, predicted, average=average, zero_division=0)
                for average in ("micro", "macro")
            )
            return (micro + macro) / 2

        best = max(f1(limit) for limit in np.arange(0.02, 0.981, 0.01))
        assert f1(decision.threshold) == pytest.approx(best, abs=1e-9)


def test_thresholds_of_each_label_do_better_where_labels_differ():
    scores = {}
    for thresholds in ("half", "common", "label"):
        decision = fit_decision(LOGITS, GOLD, "multi-label", thresholds=thresholds)
        chosen = decision.choose(decision.probabilities(LOGITS))
        scores[thresholds] = f1_scores(chosen, GOLD)["f1"]
    assert scores["half"] <= scores["common"] < scores["label"]


def test_one_label_a_document_has_a_temperature_alone():
    gold = np.eye(3)[RNG.integers(0, 3, 200)]
    logits = 8 * (gold + RNG.normal(size=gold.shape))
    decision = fit_decision(logits, gold, "multi-class", thresholds="label", rule="threshold")
    assert decision.threshold == 0.5 and decision.rule == "at-least-one"
    assert decision.temperature > 2  # the logits promise more than they keep
    assert (decision.choose(decision.probabilities(logits)).argmax(1) == logits.argmax(1)).all()


@pytest.mark.parametrize("thresholds", ["common", "label", "half"])
@pytest.mark.parametrize("rule", ["at-least-one", "threshold", "top-k"])
@pytest.mark.parametrize(
    "gold",
    [np.zeros((5, 3)), np.ones((5, 3)), np.ones((5, 1)), np.zeros((1, 1)), np.eye(3)[:1]],
    ids=["no positives", "all positives", "one label", "one document, none", "one document"],
)
def test_degenerate_data_has_a_decision(gold, rule, thresholds):
    logits = np.linspace(-2, 2, gold.size).reshape(gold.shape).astype(np.float32)
    top_k = 2 if rule == "top-k" else None
    options = {"thresholds": thresholds, "rule": rule, "top_k": top_k}
    decision = fit_decision(logits, gold, "multi-label", **options)
    chosen = decision.choose(decision.probabilities(logits))
    average = "micro" if gold.shape[1] > 1 else "binary"  # one column is two classes to it
    expected = f1_score(gold, chosen, average=average, zero_division=0)
    assert f1_scores(chosen, gold)["micro_f1"] == pytest.approx(expected)
    if gold.all() and rule != "top-k" and thresholds != "half":
        assert chosen.all()


def test_a_diverged_model_has_a_decision():
    logits = np.full((4, 3), np.nan, np.float32)
    decision = fit_decision(logits, np.eye(3)[[0, 1, 2, 0]], "multi-label", thresholds="label")
    assert decision.temperature == 1.0
    assert decision.choose(decision.probabilities(logits)).sum() == 4  # one a document
