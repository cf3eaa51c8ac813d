"""Figures of spans: by hand, and as `seqeval` counts them."""

import random

import pytest

from kerasbert.evaluation.entities import entity_figures, span_mistakes
from kerasbert.text.tag_schemes import to_tags


def test_by_hand():
    gold = [[(0, 2, "a"), (3, 4, "b")], [(0, 1, "a")]]
    found = [[(0, 2, "a"), (3, 5, "b")], []]
    figures = entity_figures(gold, found)
    assert figures["precision"] == 1 / 2 and figures["recall"] == 1 / 3
    assert figures["entity_f1"] == pytest.approx(0.4)
    assert figures["by_type"]["a"]["f1"] == pytest.approx(2 / 3)
    assert figures["by_type"]["b"] == {"precision": 0, "recall": 0, "f1": 0, "gold": 1, "found": 1}
    assert figures["macro_f1"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(("gold", "found"), [([[]], [[]]), ([[(0, 1, "a")]], [[]])])
def test_nothing_to_divide_by_is_zero(gold, found):
    figures = entity_figures(gold, found)
    assert figures["entity_f1"] == figures["macro_f1"] == 0


def spans(draw, words):
    made, at = [], 0
    while at < words:
        end = min(words, at + draw.randrange(1, 4))
        if draw.random() < 0.6:
            made.append((at, end, draw.choice("abc")))
        at = end
    return made


def test_as_seqeval_counts():
    metrics = pytest.importorskip("seqeval.metrics")
    draw = random.Random(0)
    for _ in range(20):
        lengths = [draw.randrange(1, 9) for _ in range(12)]
        gold = [spans(draw, n) for n in lengths]
        found = [one if draw.random() < 0.4 else spans(draw, n)
                 for one, n in zip(gold, lengths, strict=True)]  # fmt: skip
        true, answer = (
            [list(to_tags(one, n)) for one, n in zip(part, lengths, strict=True)]
            for part in (gold, found)
        )
        ours = entity_figures(gold, found)
        for average, names in (
            ("micro", ("precision", "recall", "entity_f1")),
            ("macro", ("macro_precision", "macro_recall", "macro_f1")),
        ):
            theirs = [
                getattr(metrics, f"{name}_score")(true, answer, average=average, zero_division=0)
                for name in ("precision", "recall", "f1")
            ]
            assert [ours[name] for name in names] == pytest.approx(theirs)


def test_mistakes_are_told_apart():
    gold = [(0, 2, "a"), (3, 4, "a"), (5, 6, "b"), (7, 9, "a"), (10, 11, "a")]
    found = [(0, 1, "a"), (3, 4, "b"), (7, 10, "b"), (10, 11, "a"), (12, 13, "a")]
    assert span_mistakes(gold, found) == [
        ("boundary", "a", "a"), ("type", "a", "b"), ("missed", "b", ""),
        ("boundary and type", "a", "b"), ("invented", "", "a"),
    ]  # fmt: skip
    assert span_mistakes(gold, gold) == []
