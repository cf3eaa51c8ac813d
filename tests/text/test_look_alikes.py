"""Labels that are one label to people: found, and shown so that they can be told apart."""

import pytest

from kerasbert.text.look_alikes import joined, same_look, same_word
from kerasbert.visible import visible

COMPOSED, APART = "caf\u00e9", "cafe\u0301"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a::b", "a::b"),
        (COMPOSED, COMPOSED),
        (APART, "cafe\\u0301"),
        ("\ufeffa", "\\ufeffa"),
        ("a\u200bb", "a\\u200bb"),
        ("a\u00a0b", "a\\xa0b"),
        ("a\x1b[1m", "a\\x1b[1m"),
        ("\u2764\ufe0f", "\u2764\\ufe0f"),
        ("日本", "日本"),
        ("ก\u0e33", "ก\u0e33"),
        ("\u1112\u1161\u11ab", "\\u1112\\u1161\\u11ab"),
    ],
)
def test_what_cannot_be_seen_is_shown(name, shown):
    assert visible(name) == shown


@pytest.mark.parametrize(
    "other", [APART, "caf\u200b\u00e9", "\ufeff" + COMPOSED, "ca\u00adf\u00e9", "caf\u00e9\u00a0"]
)
def test_names_that_look_the_same(other):
    assert same_look([COMPOSED, other, "b"]) == [sorted([COMPOSED, other])]
    assert same_word([COMPOSED, other, "b"]) == []
    assert visible(other) != visible(COMPOSED)


@pytest.mark.parametrize("other", ["Sport", "sport,", "\uff53port", "SPORT;"])
def test_names_that_are_the_same_word(other):
    assert same_look(["sport", other]) == []
    assert same_word(["sport", other, "sports"]) == [sorted(["sport", other])]


def test_names_that_are_different():
    names = ["a", "b", "a::b", "C", "C++", "C#", "a/b", ",", "\u200b", "x1", "x2"]
    assert same_look(names) == same_word(names) == []


def test_names_that_are_several():
    assert joined(["a", "b", "a,b", "a|c", "b;a", "a/b"]) == {"a,b": ["a", "b"], "b;a": ["b", "a"]}
