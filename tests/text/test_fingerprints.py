"""Fingerprints: what is the same, what is nearly the same."""

import random

import numpy as np

from kerasbert.text.fingerprints import (
    SAMPLED,
    bare_words,
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
