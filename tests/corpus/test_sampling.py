"""A sample of a corpus: uniform, repeatable, the same for any cut."""

import random

import pytest

from kerasbert.corpus.prepare.cutting import cut
from kerasbert.corpus.prepare.pieces import Document, ReadOptions, read_piece
from kerasbert.corpus.prepare.sampling import merge_samples, sample_piece, sample_share
from kerasbert.corpus.prepare.sources import Source, find_inputs


def sample(paths, piece_bytes, size, seed=0):
    sources = find_inputs(paths)
    share = sample_share(sources, size)
    samples = [
        sample_piece(read_piece(piece, ReadOptions()), sources.index(piece.source), share, seed)
        for piece in cut(sources, piece_bytes)
    ]
    random.Random(piece_bytes).shuffle(samples)  # workers are done in any order
    return merge_samples(samples, size)


@pytest.fixture
def corpus(write):
    return [write("".join(f"{name} {n:05}\n" for n in range(5000)), name) for name in "abc"]


def test_the_sample_is_the_same_for_any_cut_and_again(corpus):
    texts = sample(corpus, 1 << 20, 24_000)
    assert texts == sample(corpus, 1000, 24_000) == sample(corpus, 77_777, 24_000)
    assert len(texts) == len(set(texts)) == 24_000 // 7 + 1
    other = sample(corpus, 1000, 24_000, seed=1)
    assert 0.1 < len(set(texts) & set(other)) / len(texts) < 0.4  # by chance 23%


def test_the_sample_is_uniform(corpus):
    """Of three equal files, and of each tenth of a file, as many as chance allows."""
    texts = sample(corpus, 10_000, 42_000)
    for name in "abc":
        of_file = [int(text[2:]) for text in texts if text.startswith(name)]
        assert abs(len(of_file) - 2000) < 200
        for tenth in range(10):
            assert abs(sum(n // 500 == tenth for n in of_file) - 200) < 60


def test_a_small_corpus_is_its_own_sample(corpus):
    assert sorted(sample(corpus, 1000, 1 << 20)) == [
        f"{name} {n:05}" for name in "abc" for n in range(5000)
    ]


def test_a_larger_sample_holds_the_smaller(corpus):
    small, large = sample(corpus, 1000, 7_000), sample(corpus, 1000, 21_000)
    assert large[: len(small)] == small


def test_merging_is_bounded():
    """Each sample brings ten times what is wanted."""
    documents = [Document("x" * 100, n) for n in range(1000)]
    samples = (sample_piece(documents, source, 1.0) for source in range(20))
    texts = merge_samples(samples, 10_000)
    assert len(texts) == 100


def test_size_counts_bytes():
    documents = [Document("ü" * 50, n) for n in range(100)]
    assert len(merge_samples([sample_piece(documents, 0, 1.0)], 1000)) == 10
    assert sample_share([Source("a", "a", 4000)], 1000) == 0.3125
    assert sample_share([], 1000) == 1.0
