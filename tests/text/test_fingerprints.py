"""Fingerprints: what is the same, what is nearly the same."""

import random

import numpy as np
import pytest

from kerasbert.text.fingerprints import (
    SAMPLED,
    bare_words,
    gram_words,
    nearly_key,
    same_key,
    sampled_grams,
    sampled_grams_of,
    text_hash,
)

WORDS = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in "lmnrst"]


def text(rng, length):
    return " ".join(rng.choice(WORDS) for _ in range(length))


def test_case_digits_and_punctuation_make_no_difference():
    first = text_hash(bare_words("Reads PNG images (version 2)."))
    assert first == text_hash(bare_words("reads png: images, VERSION 3!"))
    assert first != text_hash(bare_words("reads jpeg images version"))
    assert bare_words("größe 猫") == ["größe".encode(), "猫".encode()]


@pytest.mark.parametrize(
    "other", ["ÄPFEL  sind\u00a0rot!", "äpfel sind rot!", "Äpfel\u3000sind rot!"]
)
def test_a_text_is_the_same_whatever_its_case_and_white_space(other):
    assert same_key(["Äpfel sind rot!"]) == same_key([other])


@pytest.mark.parametrize(
    ("one", "other", "nearly"),
    [
        ("Read error 17 on disk", "read error 18 on disk.", True),
        ("great!!!", "great", True),
        ("w17 w4 w99", "w3 w5 w1", False),
        ("E1234", "E9999", False),
        ("1234 5523 99", "7 8 9", False),
        ("!!!", "???", False),
        ("今天好!", "今天好。", False),
        ("今天好!", "今天好", True),
    ],
)
def test_texts_that_differ_in_digits_or_punctuation_only(one, other, nearly):
    assert same_key([one]) != same_key([other])
    assert (nearly_key([one]) == nearly_key([other]) != 0) == nearly
    assert gram_words([one]) != gram_words([other])  # too short for 8-grams: only the same is


def test_a_pair_is_no_single_text():
    assert len({same_key(["a b"]), same_key(["a", "b"]), same_key(["a b", ""])}) == 3
    assert len({nearly_key(["a b"]), nearly_key(["a", "b"]), nearly_key(["a b", ""])}) == 3


def test_punctuation_makes_no_difference_to_the_8_grams_of_a_long_text_but_digits_do():
    assert gram_words(["A, b: c; d e", "f g h 1!"]) == [*b"a b c d e f g h 1".split()]


def test_one_gram_in_so_many_is_kept_whatever_the_text():
    rng = random.Random(0)
    words = bare_words(text(rng, 20_000))
    kept = sampled_grams(words)
    share = len(kept) / (len(words) - 7)
    assert 0.9 / SAMPLED < share < 1.1 / SAMPLED
    inside = sampled_grams(words[5000:9000])
    assert np.isin(inside, kept).mean() > 0.99  # but for its own smallest, which need not be


def test_the_share_of_common_grams_is_estimated():
    rng = random.Random(1)
    first, other = bare_words(text(rng, 4000)), bare_words(text(rng, 4000))
    mixed = first[:1000] + other[:3000]
    share = np.isin(sampled_grams(mixed), sampled_grams(first)).mean()
    assert 0.2 < share < 0.3


def test_a_short_or_empty_text_is_one_gram():
    assert len(sampled_grams(bare_words("a short text"))) == 1
    assert len(sampled_grams([])) == 1
    assert sampled_grams(bare_words("a b")) != sampled_grams(bare_words("a c"))


def test_texts_together_have_the_grams_of_each_alone():
    rng = random.Random(2)
    texts = [bare_words(text(rng, length)) for length in (0, 1, 7, 8, 9, 200, 3, 0, 50)]
    grams, counts = sampled_grams_of(texts)
    for own, words in zip(np.split(grams, np.cumsum(counts)[:-1]), texts, strict=True):
        np.testing.assert_array_equal(np.unique(own), sampled_grams(words))
