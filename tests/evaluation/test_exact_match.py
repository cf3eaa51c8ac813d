"""Exact match and F1 of answers, held to what one counts by hand and to independent counting."""

import random

import pytest

from kerasbert.evaluation.exact_match import (
    answer_f1,
    answer_figures,
    answer_unit,
    chinese_units,
    exact_match,
    normalized,
)


@pytest.mark.parametrize(
    "text, left",
    [
        ("The  Cat, sat.", "cat sat"),
        ("an apple a day", "apple day"),
        ("theatre", "theatre"),
        ("U.S.", "us"),
        ("co-op", "coop"),
        ("the", ""),
        ("«Ü» 3.5", "«ü» 35"),  # only ASCII marks go, as in the official script
    ],
)
def test_what_is_left_of_an_answer(text, left):
    assert normalized(text) == left


# answer, right answers, exact match, F1: counted by hand.
WORDS = [
    ("the Eiffel Tower", ["Eiffel Tower"], 1, 1),
    ("Tower", ["Eiffel Tower"], 0, 2 / 3),  # precision 1, recall 1/2
    ("in the Tower of London", ["Tower of Pisa"], 0, 2 * (2 / 4) * (2 / 3) / (2 / 4 + 2 / 3)),
    ("Paris", ["London", "in Paris", "Paris, France"], 0, 2 / 3),
    ("Paris", ["London", "paris."], 1, 1),
    ("cat cat", ["cat"], 0, 2 / 3),  # one of the two is matched
    ("Rome", ["Paris"], 0, 0),
    ("", [], 1, 1),  # no answer, and none was right
    ("Rome", [], 0, 0),
    ("", ["Rome"], 0, 0),
    ("the", [], 1, 1),  # nothing is left of it
    ("x", ["the", "x"], 1, 1),  # a right answer of which nothing is left does not count
    ("the", ["a", "x"], 0, 0),
]


@pytest.mark.parametrize("answer, gold, match, f1", WORDS)
def test_by_words(answer, gold, match, f1):
    assert exact_match(answer, gold) == match
    assert answer_f1(answer, gold) == pytest.approx(f1)


CHARACTERS = [
    ("光荣和ω-force", ["光荣和ω-force"], 1, 1),
    ("《光荣》", ["光荣"], 1, 1),  # marks do not count
    ("光荣和", ["光荣"], 0, 2 * (2 / 3) * 1 / (2 / 3 + 1)),
    ("荣光", ["光荣"], 0, 1 / 2),  # the longest stretch in common is one character
    ("在1998年", ["1998年"], 0, 4 / 5),  # 在|1998|年 and 1998|年: precision 2/3, recall 1
    ("北京", ["上海", "北京"], 1, 1),
    ("北京", ["上海"], 0, 0),
    ("", [], 1, 1),
    ("北京", [], 0, 0),
]


@pytest.mark.parametrize("answer, gold, match, f1", CHARACTERS)
def test_by_characters(answer, gold, match, f1):
    assert exact_match(answer, gold, "characters") == match
    assert answer_f1(answer, gold, "characters") == pytest.approx(f1)


def test_chinese_characters_stand_alone_and_words_between_them_stay_whole():
    assert chinese_units("《战国无双3》是 Koei Tecmo， 39764.0") == [
        *("战", "国", "无", "双", "3", "是", "koei", "tecmo", "39764.0")
    ]


def longest(units, gold):
    """By a table, as textbooks have it."""
    best, table = 0, [[0] * (len(gold) + 1) for _ in range(len(units) + 1)]
    for i, one in enumerate(units):
        for j, other in enumerate(gold):
            if one == other:
                table[i + 1][j + 1] = table[i][j] + 1
                best = max(best, table[i + 1][j + 1])
    return best


def test_f1_by_characters_of_random_texts_is_that_of_the_longest_common_stretch():
    draw = random.Random(0)
    for _ in range(200):
        one, other = ("".join(draw.choices("天地人", k=draw.randint(1, 300))) for _ in range(2))
        common = longest(one, other)
        expected = 2 * common / (len(one) + len(other))
        assert answer_f1(one, [other], "characters") == pytest.approx(expected)


def test_the_script_of_the_contexts_says_what_is_counted():
    assert answer_unit(["A text in English.", "with 北京 in it"]) == "words"
    assert answer_unit(["《战国无双3》由光荣和ω-force开发。"]) == "characters"
    assert answer_unit([]) == "words"


def test_figures_of_each_answer():
    matches, f1 = answer_figures(["Rome", "b c"], [["rome"], ["b"]])
    assert matches == [1, 0]
    assert f1 == [1, pytest.approx(2 / 3)]
