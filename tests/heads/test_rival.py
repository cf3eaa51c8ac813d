"""TF-IDF + LinearSVC beside a run: its figures, or why there are none."""

import re
import sys

import pytest

from kerasbert.heads.classification import rival
from kerasbert.heads.classification.linear_svc import TOKEN_PATTERN
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.labels import LabelSet

LABELS = LabelSet(("fruit", "tool"))
DOCUMENTS = [
    LabeledDocument(("a red apple",), ("fruit",), 1),
    LabeledDocument(("a steel saw",), ("tool",), 2),
] * 5


def of(parts, **options):
    return rival.rival_of_labels(LABELS, "multi-class", dict.fromkeys(parts, DOCUMENTS), **options)


def test_with_and_without_a_test_part():
    found = of(["train", "valid"])
    assert found["valid"]["f1"] == 1 and "test" not in found
    assert of(["train", "valid", "test"])["test"]["f1"] == 1


def test_much_work_is_left_out_unless_asked_for(monkeypatch):
    monkeypatch.setattr(rival, "MOST_WORK", 59)  # 10 documents of 3 words, 2 labels
    assert "--rival trains it all the same" in of(["train", "valid"], quick=True)["reason"]
    assert of(["train", "valid"])["valid"]["f1"] == 1
    monkeypatch.setattr(rival, "MOST_WORK", 60)
    assert of(["train", "valid"], quick=True)["valid"]["f1"] == 1


def test_what_is_missing_is_the_reason(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert of(["train", "valid"])["reason"].endswith("pip install 'kerasbert[rival]'")


@pytest.mark.parametrize(
    "text, words",
    [
        ("我爱C语言 2024", ["我", "爱", "C", "语", "言", "2024"]),
        ("𠮷野家", ["𠮷", "野", "家"]),
        ("ภาษา", ["ภ", "า", "ษ", "า"]),
        ("big data-set", ["big", "data", "set"]),
    ],
)
def test_where_nothing_separates_words_a_character_is_one(text, words):
    assert re.findall(TOKEN_PATTERN, text) == words
