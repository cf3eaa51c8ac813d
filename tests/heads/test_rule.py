"""Documents without a label: whether one that no label reaches gets its most probable one."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from kerasbert.evaluation.f1 import f1_scores
from kerasbert.heads.classification.decision import Decision, decision_at_half, fit_decision
from kerasbert.heads.classification.linear_svc import linear_svc_baseline
from kerasbert.heads.classification.rule import choose_rule
from kerasbert.heads.classification.words import rule_sentences

RNG = np.random.default_rng(0)


def sharp(gold, noise=0.0):
    """Logits that are right, but for the noise."""
    return (8 * gold - 4 + noise * RNG.normal(size=gold.shape)).astype(np.float32)


def unlabelled(documents, labels, share):
    """Gold of documents with at most one label, `share` of which have none."""
    gold = np.eye(labels)[RNG.integers(0, labels, documents)]
    gold[: round(share * documents)] = 0
    return gold


@pytest.mark.parametrize("thresholds", ["label", "common", "half"])
@pytest.mark.parametrize("labels, share", [(1, 0.7), (3, 0.88)])
def test_documents_without_a_label_get_none(labels, share, thresholds):
    gold = unlabelled(300, labels, share)
    decision = fit_decision(sharp(gold), gold, "multi-label", thresholds=thresholds)
    assert decision.rule == "threshold" and decision.why
    chosen = decision.choose(decision.probabilities(sharp(gold)))
    assert (chosen == gold).all()
    assert f1_scores(chosen, gold)["f1"] == f1_score(gold, chosen, average="micro") == 1.0
    forced = fit_decision(sharp(gold), gold, "multi-label", rule="at-least-one")
    chosen = forced.choose(forced.probabilities(sharp(gold)))
    assert forced.why == "as asked for" and chosen.any(axis=1).all()


def test_where_every_document_has_a_label_each_gets_one():
    gold = unlabelled(300, 4, 0.0)
    for noise in (0.0, 3.0, 30.0):
        logits = sharp(gold, noise)
        for thresholds in ("label", "common", "half"):
            options = {"thresholds": thresholds}
            decision = fit_decision(logits, gold, "multi-label", **options)
            assert decision == fit_decision(
                logits, gold, "multi-label", rule="at-least-one", **options
            )
        assert decision_at_half(logits, gold, "multi-label") == Decision("multi-label")


def test_a_few_documents_without_a_label_do_not_outweigh_the_others():
    """A model that never reaches its thresholds: its most probable labels are worth more."""
    gold = unlabelled(300, 3, 0.02)
    decision = decision_at_half(sharp(gold) - 6, gold, "multi-label")
    assert decision.rule == "at-least-one"
    assert decision.why == "F1 on validation data is 0.990 so, 0.000 where it gets none"


def test_the_rule_is_the_better_of_the_two_by_scikit_learn():
    for share in (0.1, 0.3, 0.5):
        gold = unlabelled(200, 3, share)
        logits = sharp(gold, 5.0)
        scores = {}
        for rule in ("at-least-one", "threshold"):
            chosen = Decision("multi-label", rule).choose(1 / (1 + np.exp(-logits)))
            averages = [
                f1_score(gold, chosen, average=average, zero_division=0)
                for average in ("micro", "macro")
            ]
            scores[rule] = np.mean(averages)
        best = decision_at_half(logits, gold, "multi-label").rule
        assert scores[best] == max(scores.values())


def test_a_tie_is_at_least_one_and_nobody_asks_without_need():
    gold = np.array([[1, 0], [0, 0]])
    assert choose_rule(gold, lambda rule: 0.5)[0] == "at-least-one"
    for known, given in ((gold[:, :1], None), (gold[:1], None), (gold, "top-k")):
        choose_rule(known, lambda rule: pytest.fail("there is no choice"), given)


def test_one_label_a_document_has_no_rule():
    decision = fit_decision(np.zeros((3, 2)), np.eye(2)[[0, 1, 0]], "binary")
    assert (decision.rule, decision.why) == ("at-least-one", "")


def test_the_rule_in_words():
    gold = unlabelled(100, 3, 0.88)

    def said_of(decision, half=None):
        found = {"kind": "multi-label", "decision": decision, "at_half": {"decision": half}}
        return rule_sentences(found)

    fitted = fit_decision(sharp(gold), gold, "multi-label").to_json()
    said = said_of(fitted, fitted)
    assert said.startswith("A document that no label reaches gets none: F1 on validation data is ")
    assert said.endswith("where it gets its most probable one.") and "1.000 so" in said
    old = {"rule": "at-least-one", "threshold": 0.4, "temperature": 1.0, "top_k": None}
    assert said_of(old) == "A document that no label reaches gets its most probable one."
    half = {"rule": "at-least-one", "why": "F1 on validation data is 0.210 so, 0.000 where ..."}
    assert said_of(fitted, half) == (
        f"{said} At 0.5 it gets its most probable one: F1 on validation data is 0.210 so, 0.000"
        " where ...."
    )
    assert rule_sentences({"kind": "binary", "decision": old}) == ""


def test_the_best_epoch_is_the_best_by_one_rule():
    """Each epoch has the better rule of its own: so has the best of all, and none beats it."""
    gold = unlabelled(300, 3, 0.6)
    epochs = [sharp(gold, 6.0) - shift for shift in (20, 10, 0, 5)]

    def f1_of(logits, rule=None):
        half = decision_at_half(logits, gold, "multi-label", rule=rule)
        return half.rule, f1_scores(half.choose(half.probabilities(logits)), gold)["f1"]

    found = [f1_of(logits) for logits in epochs]
    assert {rule for rule, _ in found} == {"at-least-one", "threshold"}
    rule, best = max(found, key=lambda one: one[1])
    others = [
        f1_of(logits, other)[1] for logits in epochs for other in ("at-least-one", "threshold")
    ]
    assert best == max(others) == max(f1_of(logits, rule)[1] for logits in epochs)


def test_the_rival_follows_the_same_rule():
    texts = ["buy cheap pills now"] * 12 + ["the cat sat on a mat"] * 28
    gold = np.array([[1]] * 12 + [[0]] * 28)
    found = linear_svc_baseline(texts, gold, texts, gold, texts, gold, "multi-label")
    assert found["rule"] == "threshold" and found["test"]["f1"] == 1.0
    three = np.concatenate([gold, np.zeros((40, 2), int)], axis=1)
    three[12, 1] = three[13, 2] = 1
    found = linear_svc_baseline(texts, three, texts, three, texts, three, "multi-label")
    assert found["rule"] == "threshold"
    forced = linear_svc_baseline(
        texts, gold, texts, gold, texts, gold, "multi-label", rule="at-least-one"
    )
    assert forced["test"]["micro_f1"] == pytest.approx(2 * 12 / (40 + 12))
