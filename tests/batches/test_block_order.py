"""The order of an epoch over blocks of rows."""

from types import SimpleNamespace

import numpy as np
import pytest

from kerasbert.batches.block_order import BlockOrder
from kerasbert.batches.stream import process_of_distribution


def batch(order, step, lengths=None):
    """(B,) int, the rows of a step, counted through all blocks."""
    epoch, number, place = order.locate(step)
    group = order.group(epoch, number)
    first = np.cumsum(order.rows) - order.rows
    rows = first[group.blocks[group.block]] + group.place
    lengths = np.ones(order.rows.sum(), int) if lengths is None else lengths
    return order.batches(group, rows, lengths)[place]


def an_epoch(order, epoch=0, **arguments):
    steps = order.steps_per_epoch
    return np.concatenate(
        [batch(order, epoch * steps + step, **arguments) for step in range(steps)]
    )


@pytest.mark.parametrize("blocks", [[10], [3, 0, 1, 6], [1] * 10])
def test_every_row_comes_once_an_epoch_and_the_last_batch_is_filled(blocks):
    order = BlockOrder(np.array(blocks), batch_size=4, seed=0)
    assert order.steps_per_epoch == 3
    for epoch in range(3):
        rows = an_epoch(order, epoch)
        counts = np.bincount(rows, minlength=10)
        assert len(rows) == 12 and counts.min() == 1 and counts.max() == 2


def test_an_epoch_of_many_groups_has_every_row_once(monkeypatch):
    monkeypatch.setattr("kerasbert.batches.block_order.GROUP_ROWS", 500)
    order = BlockOrder(np.random.default_rng(0).integers(0, 30, 200), batch_size=4, seed=0)
    assert order.steps_per_epoch > 2 * order.group_steps
    counts = np.bincount(an_epoch(order))
    assert len(counts) == order.rows.sum() and counts.min() == 1 and counts.sum() - len(counts) < 4
    # Blocks of a group are from all over the store, and other ones in the next epoch.
    first = order.group(0, 0).blocks
    assert first[0] < 40 and first[-1] > 160
    assert not np.array_equal(first, order.group(1, 0).blocks)


def test_epochs_and_seeds_differ_and_are_repeatable():
    rows = np.array([100])
    first = BlockOrder(rows, 100, seed=0)
    assert (batch(BlockOrder(rows, 100, seed=0), 0) == batch(first, 0)).all()
    assert (batch(first, 0) != batch(first, 1)).any()
    assert (batch(BlockOrder(rows, 100, seed=1), 0) != batch(first, 0)).any()


def test_any_step_can_come_first():
    lengths = np.random.default_rng(0).integers(1, 50, 333)
    rows = np.array([100, 33, 200])
    in_turn = BlockOrder(rows, 8, seed=3)
    for step in range(97):
        batch(in_turn, step, lengths)
    expected = batch(in_turn, 97, lengths)
    np.testing.assert_array_equal(batch(BlockOrder(rows, 8, seed=3), 97, lengths), expected)


def test_like_lengths_stand_together():
    lengths = np.random.default_rng(0).integers(1, 100, 6400)
    order = BlockOrder(np.array([6400]), 32, seed=0)
    spread = [np.ptp(lengths[batch(order, step, lengths)]) for step in range(0, 200, 7)]
    assert np.mean(spread) < 5  # a batch of 32 at random spans over 90


def test_fewer_rows_than_a_batch():
    assert len(batch(BlockOrder(np.array([2]), batch_size=5, seed=0), 7)) == 5


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_read_blocks_of_their_own(processes):
    blocks = np.random.default_rng(0).integers(90, 110, 120)
    orders = [BlockOrder(blocks, 12, 0, process, processes) for process in range(processes)]
    assert {order.steps_per_epoch for order in orders} == {-(-blocks.sum() // 12)}
    rows = [set(an_epoch(order).tolist()) for order in orders]
    assert not set.intersection(*rows)
    assert len(set.union(*rows)) > 0.99 * blocks.sum()  # a process whose blocks are larger
    assert len(batch(orders[0], 0)) == 12 // processes
    with pytest.raises(ValueError, match="divided by the processes"):
        BlockOrder(blocks, 13, 0, 0, processes)


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [
        (None, (0, 1)),
        (SimpleNamespace(num_processes=1), (0, 1)),
        # Data-parallel: a replica of the model in each process, or several.
        (SimpleNamespace(num_processes=4, num_model_replicas=32, data_shard_id=3), (3, 4)),
        # A model over two processes: both read the same part.
        (SimpleNamespace(num_processes=4, num_model_replicas=2, data_shard_id=1), (1, 2)),
    ],
)
def test_which_part_of_the_data_a_process_reads(distribution, expected, monkeypatch):
    monkeypatch.setattr("keras.distribution.distribution", lambda: distribution)
    assert process_of_distribution() == expected
