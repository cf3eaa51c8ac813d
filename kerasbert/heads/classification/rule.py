"""What a document gets that no label reaches: its most probable label, or none."""

from collections.abc import Callable

import numpy as np

from kerasbert.choices import RuleName
from kerasbert.evaluation.f1 import f1_scores, reached_labels
from kerasbert.evaluation.thresholds import GRID, fit_threshold


def open_rules(kind: str, gold: np.ndarray, given: RuleName | None = None) -> tuple[RuleName, ...]:
    """The rules that validation data can choose between: two, or the one that is left.

    Args:
        kind: "multi-label", "multi-class" or "binary"; the last two have no choice.
        gold: (N, K) bool or 0/1, of validation data.
        given: what the user asked for.
    """
    if given is not None:
        return (given,)
    if kind != "multi-label":
        return ("at-least-one",)
    gold = np.asarray(gold) > 0
    if gold.shape[1] == 1:
        return ("threshold",)
    return ("at-least-one",) if gold.any(axis=1).all() else ("at-least-one", "threshold")


def choose_rule(
    gold: np.ndarray, score: Callable[[RuleName], float], given: RuleName | None = None
) -> tuple[RuleName, str]:
    """The rule that validation data prefers, and why in a few words.

    With one label in all it is "threshold": otherwise every document would get that label. Where
    every document has a label it is "at-least-one". Where some have none, the one with the higher
    score; "at-least-one" on a tie.

    Args:
        gold: (N, K) bool or 0/1, of validation data.
        score: the F1 on these documents under "at-least-one" and "threshold".
        given: what the user asked for: then this is it.
    """
    if given is not None:
        return given, "as asked for"
    found = open_rules("multi-label", gold)
    if found == ("threshold",):
        return "threshold", "there is one label in all"
    if found == ("at-least-one",):
        return "at-least-one", "every document of the validation data has a label"
    one, none = score("at-least-one"), score("threshold")
    if none > one:
        instead = "where it gets its most probable one"
        return "threshold", f"F1 on validation data is {none:.3f} so, {one:.3f} {instead}"
    return "at-least-one", f"F1 on validation data is {one:.3f} so, {none:.3f} where it gets none"


def fit_common(
    scores: np.ndarray,
    gold: np.ndarray,
    unseen: int = 0,
    *,
    grid: np.ndarray = GRID,
    prefer: float = 0.5,
    rule: RuleName | None = None,
) -> tuple[RuleName, float]:
    """Rule and threshold for all labels, each the best with the other.

    Args:
        scores: (N, K) float, probabilities or others.
        gold: (N, K) bool or 0/1.
        unseen: gold occurrences outside the label set.
        grid: (T,) float, the thresholds to try.
        prefer: among equally good thresholds.
        rule: the one to fit the threshold for; what these documents prefer unless given.
    """

    def threshold(rule: RuleName) -> float:
        fallback = rule != "threshold"
        return fit_threshold(scores, gold, unseen, grid=grid, prefer=prefer, fallback=fallback)

    def score(rule: RuleName) -> float:
        limit, fallback = threshold(rule), rule != "threshold"
        predicted = reached_labels(scores, limit, fallback=fallback)
        return f1_scores(predicted, gold, unseen)["f1"]

    chosen, _ = choose_rule(gold, score, rule)
    return chosen, threshold(chosen)
