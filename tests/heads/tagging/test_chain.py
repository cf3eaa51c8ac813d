"""A linear-chain CRF held to all paths of short sequences, counted one by one."""

import itertools

import numpy as np
import pytest

from kerasbert.heads.tagging.chain import (
    Chain,
    best_paths,
    chain_losses,
    span_probabilities,
)
from kerasbert.text.tag_schemes import spans_of

TAGS = ("O", "B-a", "I-a", "B-b", "I-b")
LENGTHS = (4, 1, 3, 2, 5)
K = len(TAGS)


def made(seed=0):
    rng = np.random.default_rng(seed)
    chain = Chain.of(rng.normal(size=(K + 2, K)))
    return chain, [rng.normal(size=(length, K)) * 2 for length in LENGTHS]


def weight(path, scores, chain):
    total = chain.begin[path[0]] + chain.end[path[-1]]
    total += sum(scores[at, tag] for at, tag in enumerate(path))
    return total + sum(chain.transitions[a, b] for a, b in itertools.pairwise(path))


def all_paths(length):
    return list(itertools.product(range(K), repeat=length))


@pytest.mark.parametrize("legal", [False, True])
def test_the_best_path_is_the_heaviest_of_all(legal):
    chain, scores = made()
    chain = chain.legal(TAGS) if legal else chain
    for one, path in zip(scores, best_paths(scores, chain), strict=True):
        best = max(all_paths(len(one)), key=lambda p: weight(p, one, chain))
        assert path.tolist() == list(best)


def test_the_loss_is_that_of_all_paths():
    chain, scores = made(1)
    rng = np.random.default_rng(2)
    tags = [rng.integers(K, size=len(one)) for one in scores]
    for one, path, loss in zip(scores, tags, chain_losses(scores, tags, chain), strict=True):
        weights = np.array([weight(p, one, chain) for p in all_paths(len(one))])
        assert loss == pytest.approx(np.log(np.exp(weights).sum()) - weight(path, one, chain))


def test_a_span_is_as_probable_as_the_paths_that_hold_it():
    chain, scores = made(3)
    chain = chain.legal(TAGS)
    spans = [[(1, 3, "a")], [(0, 1, "b")], [(0, 1, "a"), (1, 3, "b")], [(1, 2, "a")], [(2, 5, "b")]]
    found = span_probabilities(scores, spans, TAGS, chain)
    for one, wanted, chances in zip(scores, spans, found, strict=True):
        paths = [p for p in all_paths(len(one)) if np.isfinite(weight(p, one, chain))]
        weights = np.exp([weight(p, one, chain) for p in paths])
        for span, chance in zip(wanted, chances, strict=True):
            held = [span in spans_of([TAGS[tag] for tag in path]) for path in paths]
            assert chance == pytest.approx(weights[held].sum() / weights.sum())


def test_what_bio_does_not_allow_is_never_answered():
    scores = [np.array([[0.0, 0, 9, 0, 0], [0, 0, 9, 0, 0], [0, 0, 0, 0, 9]])]  # I-a I-a I-b
    for chain in (Chain.free(K), made()[0]):
        (path,) = best_paths(scores, chain.legal(TAGS))
        spans_of([TAGS[tag] for tag in path])  # it would raise


def test_documents_together_are_as_each_alone_and_none_may_be_empty():
    chain, scores = made(5)
    scores.insert(2, np.zeros((0, K)))
    together = best_paths(scores, chain)
    for one, path in zip(scores, together, strict=True):
        assert path.tolist() == best_paths([one], chain)[0].tolist()
    assert chain_losses(scores, list(together), chain)[2] == 0


@pytest.mark.backend
def test_the_loss_of_training_is_the_same_with_words_here_and_there():
    from keras import ops

    from kerasbert.heads.tagging.losses import ChainLoss, TagCrossEntropy

    chain, scores = made(4)
    rng = np.random.default_rng(5)
    tags = [rng.integers(K, size=len(one)) for one in scores]
    length = 9
    outputs = rng.normal(size=(len(scores), K + 2 + length, K)).astype("float32")
    outputs[:, : K + 2] = np.concatenate([chain.transitions, chain.begin[None], chain.end[None]])
    targets = np.full((len(scores), length), -1)
    for row, (one, path) in enumerate(zip(scores, tags, strict=True)):
        at = np.sort(rng.choice(length, len(one), replace=False))  # pieces and padding between
        outputs[row, K + 2 + at] = one
        targets[row, at] = path
    words = sum(LENGTHS)
    expected = chain_losses(scores, tags, chain).sum() / words
    found = ChainLoss()(ops.convert_to_tensor(targets), ops.convert_to_tensor(outputs))
    assert float(ops.convert_to_numpy(found)) == pytest.approx(expected, rel=1e-5)
    free = chain_losses(scores, tags, Chain.free(K)).sum() / words
    found = TagCrossEntropy()(targets, ops.convert_to_tensor(outputs[:, K + 2 :]))
    assert float(ops.convert_to_numpy(found)) == pytest.approx(free, rel=1e-5)


@pytest.mark.backend
def test_the_gradient_reaches_the_chain():
    import keras

    from kerasbert.heads.tagging.losses import ChainLoss
    from kerasbert.layers import TagChain

    inputs = keras.Input((None, K))
    model = keras.Model(inputs, TagChain(name="tag_chain")(inputs))
    model.compile("sgd", loss=ChainLoss())
    rng = np.random.default_rng(0)
    scores, targets = rng.normal(size=(4, 6, K)), rng.integers(K, size=(4, 6))
    before = model.get_weights()[0].copy()
    first = model.train_on_batch(scores, targets)
    assert (np.abs(model.get_weights()[0] - before) > 0).all()
    for _ in range(20):
        last = model.train_on_batch(scores, targets)
    assert float(last) < float(first)
    for length in (3, 4, 5, 7, 9):  # on TensorFlow the length is then left open
        model.train_on_batch(scores[:, :1].repeat(length, 1), targets[:, :1].repeat(length, 1))
