"""Duplicates, exact and near: against plain sets, whatever the files and the memory."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasbert.corpus.prepare.duplicates import GRAM, _grams, _minima, find_duplicates, signatures
from kerasbert.tokenizer.training import train_tokenizer
from kerasbert.tokenizer.word_cache import WordCache

WORDS = [f"word{number}" for number in range(300)]
CACHE = WordCache(train_tokenizer([" ".join(WORDS)] * 2, "word", 1000))


def text(rng, length):
    return " ".join(rng.choice(WORDS) for _ in range(length))


def find(tmp_path, groups, duplicates, **options):
    """Mark the texts of some files; return the marks, in one list."""
    files = []
    for number, texts in enumerate(groups):
        files.append(tmp_path / f"{number:03}.npy")
        np.save(files[-1], signatures([CACHE.encode(texts)], duplicates))
    counts = find_duplicates(files, duplicates, tmp_path / "scratch", **options)
    assert not (tmp_path / "scratch").exists()
    masks = [np.load(file.with_suffix(".dropped.npy")) for file in files]
    assert counts == [int(mask.sum()) for mask in masks]
    assert [len(mask) for mask in masks] == [len(texts) for texts in groups]
    return [bool(mark) for mask in masks for mark in mask]


@given(
    st.lists(st.lists(st.integers(0, 8), max_size=6), min_size=1, max_size=5),
    st.sampled_from([50, 400, 1 << 20]),
)
def test_exact_duplicates_are_those_of_a_set(tmp_path_factory, groups, memory):
    texts = [[f"word1 {'  ' * (place % 2)}word{n}." for place, n in enumerate(g)] for g in groups]
    met: set[int] = set()
    expected = []
    for number in (number for group in groups for number in group):
        expected.append(number in met)
        met.add(number)
    folder = tmp_path_factory.mktemp("exact")
    assert find(folder, texts, "exact", memory=memory) == expected


def test_near_duplicates_by_hand(tmp_path):
    rng = random.Random(0)
    first, other = text(rng, 200), text(rng, 200)
    changed = first.split()
    changed[50] = "word999"
    groups = [
        [first, other, " ".join(changed)],  # one word of 200: 5 of 196 runs are lost
        [first + ".", " ".join(first.split()[:60]), "word1 word2", "word1  word2", "word2 word1"],
    ]
    marks = find(tmp_path, groups, "near")
    assert marks == [False, False, True, True, False, False, True, False]


@pytest.mark.parametrize("memory", [1000, 1 << 28])
def test_near_duplicates_against_their_sets(tmp_path, memory):
    """Similarity from 0.2 to 1 beside an earlier text: far from 0.7 none is marked wrongly."""
    rng = random.Random(1)
    groups: list[list[str]] = [[], [], []]
    alike = []
    for _ in range(150):
        words = text(rng, 100).split()
        changed = list(words)
        for place in rng.sample(range(100), rng.choice([0, 0, 1, 2, 6, 10, 20])):
            changed[place] = rng.choice(WORDS)
        runs, others = (
            {tuple(part[n : n + GRAM]) for n in range(len(part) - GRAM + 1)}
            for part in (words, changed)
        )
        rng.choice(groups[:2]).append(" ".join(words))
        groups[2].append(" ".join(changed))
        alike.append(len(runs & others) / len(runs | others))
    marks = find(tmp_path, groups, "near", memory=memory)
    assert not any(marks[:150])
    for similarity, mark in zip(alike, marks[150:], strict=True):
        if abs(similarity - 0.7) > 0.17:  # three times the error of 64 minima
            assert mark == (similarity > 0.7), similarity
    assert sum(marks) > 40


def test_the_share_of_equal_minima_estimates_the_similarity():
    rng = random.Random(2)
    words = text(rng, 3000).split()
    texts = [" ".join(words), " ".join(words[1000:]), text(rng, 3000)]
    first, second, third = _minima(CACHE.encode(texts))
    assert abs((first == second).mean() - 2 / 3) < 0.2
    assert (first == third).mean() < 0.05


def test_long_documents_are_hashed_in_parts(monkeypatch):
    encoded = CACHE.encode([text(random.Random(3), 2000)])
    whole = signatures([encoded], "near")
    monkeypatch.setattr("kerasbert.corpus.prepare.duplicates._GRAMS_AT_ONCE", 7)
    assert np.array_equal(signatures([encoded], "near"), whole)


def test_runs_of_tokens_by_hand():
    assert len(_grams(np.array([1, 2, 3, 4, 5]))) == 1
    assert len(_grams(np.array([1, 2, 3, 4, 5, 6]))) == 2
    assert len(_grams(np.array([1] * 10))) == 1
    assert _grams(np.array([1])) != _grams(np.array([1, 1]))


def test_documents_without_a_token_have_no_signature():
    encoded = CACHE.encode(["word1", "", "word2 word3"])
    assert signatures([encoded, encoded], "exact").shape == (4,)
    assert signatures([encoded], "near").shape == (2, 64)
    assert signatures([CACHE.encode([""])], "near").shape == (0, 64)
    assert signatures([], "exact").shape == (0,)
