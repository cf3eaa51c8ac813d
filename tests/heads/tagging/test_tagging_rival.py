"""The rival: a CRF on hand-made features of words."""

import pytest

from kerasbert.heads.tagging.rival import _shape, crf_rival
from kerasbert.text.tagged import tagged_document


def documents(count):
    names = [("Anna", "person"), ("Oslo", "place"), ("Bob", "person"), ("Rome", "place")]
    made = []
    for number in range(count):
        (one, kind), (other, second) = names[number % 4], names[(number // 4) % 4]
        words = [one, "saw", "the", "oak", "near", other]
        tags = [f"B-{kind}", "O", "O", "O", "O", f"B-{second}"]
        made.append(tagged_document(words, tags, number + 1))
    return made


def test_it_learns_and_is_judged_as_the_network_is():
    pytest.importorskip("sklearn_crfsuite")
    found = crf_rival({"train": documents(32), "valid": documents(16), "test": documents(9)}, True)
    assert found["valid"]["entity_f1"] == found["test"]["entity_f1"] == 1
    assert found["test"]["token_accuracy"] == 1 and found["seconds"] > 0
    again = crf_rival({"train": documents(32), "valid": documents(16), "test": documents(9)}, True)
    assert again["test"] == found["test"]


def test_the_shape_of_a_word():
    assert [_shape(word) for word in ("McDonald7", "USA", "a-1", "")] == ["AaAa0", "A", "a-0", ""]
