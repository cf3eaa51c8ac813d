"""Cleaning of documents: limits, Unicode forms, and counts of what was left out."""

import json
from collections import Counter
from dataclasses import asdict

import pytest

from kerasbert.corpus.prepare.cleaning import Cleaning, clean
from kerasbert.corpus.prepare.pieces import Document
from kerasbert.errors import InputError


def cleaned(texts, **options):
    dropped = Counter()
    documents = [Document(text, place) for place, text in enumerate(texts)]
    kept = list(clean(documents, Cleaning(**options), dropped))
    return kept, dict(dropped)


def test_nothing_is_done_by_default():
    kept, dropped = cleaned(["", "e\u0301 ﬁ", "x" * 1000])
    assert [document.text for document in kept] == ["", "e\u0301 ﬁ", "x" * 1000]
    assert dropped == {}


def test_limits_of_length():
    kept, dropped = cleaned(["ab", "abc", "今天好吗", "abcde"], min_characters=3, max_characters=4)
    assert kept == [Document("abc", 1), Document("今天好吗", 2)]
    assert dropped == {"too short": 1, "too long": 1}


def test_unicode_forms_come_before_the_limits():
    texts = ["e\u0301", "ﬁ", "Ａ１", "plain"]
    assert [d.text for d in cleaned(texts, unicode="NFC")[0]] == ["é", "ﬁ", "Ａ１", "plain"]
    assert [d.text for d in cleaned(texts, unicode="NFKC")[0]] == ["é", "fi", "A1", "plain"]
    assert cleaned(["ﬁ"], unicode="NFKC", min_characters=2)[1] == {}
    assert cleaned(["e\u0301"], unicode="NFC", min_characters=2)[1] == {"too short": 1}


def test_settings():
    assert Cleaning(**json.loads(json.dumps(asdict(Cleaning(unicode="NFC"))))) == Cleaning("NFC")
    with pytest.raises(InputError, match="--min-characters: expected 1 or more, received 0"):
        Cleaning(min_characters=0)
    with pytest.raises(InputError, match="--min-characters 5 and --max-characters 4 leave no"):
        Cleaning(min_characters=5, max_characters=4)


def test_near_duplicates_need_their_package(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install kerasbert\[clean\]"):
        Cleaning(duplicates="near")
    assert Cleaning(duplicates="exact").duplicates == "exact"
