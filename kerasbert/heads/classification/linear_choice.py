"""What the linear SVMs beside a network read, and their cost, chosen for the data at hand."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from kerasbert.choices import RuleName
from kerasbert.evaluation.f1 import f1_scores
from kerasbert.heads.classification import linear_svm
from kerasbert.heads.classification.bigrams import MOST_BIGRAMS, Bigrams
from kerasbert.heads.classification.decision import predict_labels
from kerasbert.heads.classification.linear_svc import SCORE_GRID
from kerasbert.heads.classification.linear_svm import COST, TokenFeatures, fit_linear_svms
from kerasbert.heads.classification.rule import fit_common

HIGHER_COST = 2.0
# Candidates are judged on so many texts and labels, after so few passes over them: which of them
# is ahead shows early. All of them together take about as long as the one fit that follows.
TEXTS, LABELS, PASSES = 4_000, 256, 3


@dataclass(frozen=True)
class LinearChoice:
    """How linear SVMs are fitted.

    Attributes:
        bigrams: how many pairs of neighbouring tokens they read beside single ones.
        cost: of a violated margin.
        f1: of SVMs like these on validation data, quickly fitted; None where nothing was chosen.
    """

    bigrams: int = 0
    cost: float = COST
    f1: float | None = None

    def __str__(self) -> str:
        read = f"tokens and {self.bigrams:,} pairs of neighbours" if self.bigrams else "tokens"
        return f"{read}, cost {self.cost:g}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def choose_linear(
    train, valid, vocabulary_size: int, lead: int = 0, seed: int = 0, rule: RuleName | None = None
) -> LinearChoice:
    """The features and the cost with which SVMs answer `valid` best.

    Bigrams at the usual cost are what others have to beat, by more than chance: a share of N
    documents is uncertain by up to 0.5 / sqrt(N).

    Args:
        train: `LabeledBatches` to learn from.
        valid: `LabeledBatches` to judge by.
        vocabulary_size: of the tokenizer.
        lead: see `TokenScores`.
        seed: see `fit_linear_svms`.
        rule: see `fit_decision`.
    """
    special, texts = train.texts.tokenizer.special, linear_svm.token_rows(train.texts)
    tokens = TokenFeatures(vocabulary_size, lead, special)
    # Bigrams take what room the tokens leave.
    room = linear_svm.MOST_WEIGHTS // train.gold.shape[1] - len(tokens)
    most = max(0, min(MOST_BIGRAMS, room))
    both = replace(tokens, bigrams=Bigrams.count(texts, vocabulary_size, special, most))
    labels = np.sort(np.argsort(-train.gold.sum(axis=0), kind="stable")[:LABELS])
    seen, unseen = _some(len(texts)), _some(len(valid.texts))
    gold, truth = train.gold[seen][:, labels] > 0, valid.gold[unseen][:, labels] > 0
    learned = [texts[n] for n in seen]
    asked = linear_svm.token_rows(valid.texts)
    asked = [asked[n] for n in unseen]

    def judged(features: TokenFeatures) -> list[LinearChoice]:
        rows = features.rows(learned)
        others = features.rows(asked, rows.idf)
        found = []
        for cost in (COST, HIGHER_COST):
            weights = fit_linear_svms(rows, gold, cost, PASSES, seed)
            f1 = _f1(others.margins(*weights), truth, valid.head.kind, rule)
            found.append(LinearChoice(len(features) - len(tokens), cost, f1))
        return found

    candidates = [*(judged(both) if both.bigrams else []), *judged(tokens)]
    usual, best = candidates[0], max(candidates, key=lambda one: one.f1 or 0.0)
    assert usual.f1 is not None and best.f1 is not None
    return best if best.f1 - usual.f1 > 0.5 / len(unseen) ** 0.5 else usual


def _some(texts: int) -> np.ndarray:
    """The numbers of up to `TEXTS` texts, from all places of their file alike."""
    return np.unique(np.linspace(0, texts - 1, min(texts, TEXTS)).astype(int))


def _f1(margins: np.ndarray, gold: np.ndarray, kind: str, rule: RuleName | None) -> float:
    if kind != "multi-label":
        return float(f1_scores(predict_labels(margins, kind), gold)["f1"])
    rule, limit = fit_common(margins, gold, grid=SCORE_GRID, prefer=0.0, rule=rule)
    chosen = predict_labels(margins, kind, limit, fallback=rule != "threshold")
    return float(f1_scores(chosen, gold)["f1"])
