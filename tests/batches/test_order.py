"""The order of an epoch."""

import numpy as np

from kerasbert.batches.order import EpochOrder, bucket_of, length_buckets
from kerasbert.batches.rng import keyed_rng


def test_every_row_comes_once_an_epoch_and_the_last_batch_is_filled():
    order = EpochOrder(np.arange(10) + 1, batch_size=4, seed=0)
    assert order.steps_per_epoch == 3
    for epoch in range(3):
        rows = np.concatenate([order.batch(3 * epoch + step) for step in range(3)])
        counts = np.bincount(rows, minlength=10)
        assert len(rows) == 12 and counts.min() == 1 and counts.max() == 2


def test_epochs_and_seeds_differ_and_are_repeatable():
    lengths = np.ones(100, int)
    first = EpochOrder(lengths, 100, seed=0)
    assert (EpochOrder(lengths, 100, seed=0).batch(0) == first.batch(0)).all()
    assert (first.batch(0) != first.batch(1)).any()
    assert (EpochOrder(lengths, 100, seed=1).batch(0) != first.batch(0)).any()


def test_any_step_can_come_first():
    lengths = np.random.default_rng(0).integers(1, 50, 333)
    in_turn = EpochOrder(lengths, 8, seed=3)
    for step in range(100):
        in_turn.batch(step)
    np.testing.assert_array_equal(EpochOrder(lengths, 8, seed=3).batch(97), in_turn.batch(97))


def test_like_lengths_stand_together():
    lengths = np.random.default_rng(0).integers(1, 100, 6400)
    order = EpochOrder(lengths, 32, seed=0)
    spread = [np.ptp(lengths[order.batch(step)]) for step in range(order.steps_per_epoch)]
    assert np.mean(spread) < 5  # a batch of 32 at random spans over 90


def test_fewer_rows_than_a_batch():
    assert len(EpochOrder(np.array([3, 4]), batch_size=5, seed=0).batch(7)) == 5


def test_buckets_are_few_and_hold_every_length():
    for maximum in (1, 5, 8, 33, 128, 200, 512):
        buckets = length_buckets(maximum)
        assert len(buckets) <= 5 and buckets[-1] == maximum
        for length in range(1, maximum + 1):
            assert length <= bucket_of(length, maximum) <= maximum


def test_random_numbers_depend_on_seed_position_and_stream_alone():
    draws = {
        (seed, position, stream): keyed_rng(seed, position, stream).random()
        for seed in (0, 1, 2**63)
        for position in (0, 1)
        for stream in (0, 1)
    }
    assert len(set(draws.values())) == len(draws)
    # The same on every machine and in every version: what a run is resumed with.
    assert keyed_rng(0, 0).integers(0, 1000, 3).tolist() == [34, 11, 611]
