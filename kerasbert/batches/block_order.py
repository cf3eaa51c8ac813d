"""The order of an epoch over a store of any size: blocks are shuffled, and what is in them."""

import functools
from dataclasses import dataclass

import numpy as np

from kerasbert.batches.order import WINDOW, group_by_length
from kerasbert.batches.rng import keyed_rng

GROUP_ROWS = 1 << 16  # rows shuffled at a time, of blocks from all over the store
_GROUP_STREAM = 1 << 32  # of random numbers; from 0 on are those of an epoch and of its steps


@dataclass(frozen=True)
class Group:
    """The rows that are shuffled with each other: G of them, from a few blocks.

    Attributes:
        epoch, number: which one.
        blocks: (b,) int64, ascending.
        block: (G,) int64, the place in `blocks` of the block of each row.
        place: (G,) int64, the row's number in its block.
    """

    epoch: int
    number: int
    blocks: np.ndarray
    block: np.ndarray
    place: np.ndarray


class BlockOrder:
    """Which rows make up each batch, in memory that does not grow with their number.

    Rows come in blocks, which are a few numbers each. An epoch shuffles the blocks; then, for as
    many blocks as make a group of `GROUP_ROWS` rows, their rows. Every row comes once an epoch; a
    last batch that is not full is filled with rows from the beginning of the epoch, so that all
    batches have one size. Any step can be asked for at once: no replay is needed.

    Args:
        rows: (K,) int, how many rows each block has.
        batch_size: rows a batch, of all processes together.
        seed: of the shuffling.
        process, processes: of data-parallel training: which part of each batch is made here. A
            process has its own blocks in each epoch, so it reads nothing of the others'; where
            these hold more or fewer rows than its share, some are left out or come again.
    """

    def __init__(
        self, rows: np.ndarray, batch_size: int, seed: int, process: int = 0, processes: int = 1
    ):
        self.rows = np.asarray(rows, np.int64)
        if not self.rows.sum():
            raise ValueError("Expected one row or more. Received: none")
        if batch_size % processes:
            raise ValueError(
                "Expected a batch_size that can be divided by the processes. Received: "
                f"batch_size {batch_size}, processes {processes}"
            )
        self.batch_size = batch_size // processes
        self.seed = seed
        self.process, self.processes = process, processes
        self.steps_per_epoch = int(-(-self.rows.sum() // batch_size))
        self.group_steps = max(1, GROUP_ROWS // (WINDOW * self.batch_size)) * WINDOW
        self._epoch = functools.lru_cache(maxsize=2)(self._shuffle_blocks)

    def locate(self, step: int) -> tuple[int, int, int]:
        """Epoch, group and place in it of a step, counted from 0 through all epochs."""
        epoch, position = divmod(step, self.steps_per_epoch)
        return epoch, *divmod(position, self.group_steps)

    def group(self, epoch: int, number: int) -> Group:
        """The rows of a group, in no order yet."""
        blocks, ends = self._epoch(epoch)
        first = number * self.group_steps
        stop = min(first + self.group_steps, self.steps_per_epoch)
        positions = np.arange(first * self.batch_size, stop * self.batch_size) % ends[-1]
        turn = np.searchsorted(ends, positions, side="right")
        place = positions - (ends - self.rows[blocks])[turn]
        used, block = np.unique(blocks[turn], return_inverse=True)
        return Group(epoch, number, used, block, place)

    def batches(self, group: Group, rows: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """(steps, batch_size) int, the rows of each batch of a group.

        Args:
            group: which.
            rows: (G,) int, what the rows of the group are called.
            lengths: (N,) int, of all that are called so.
        """
        rng = keyed_rng(self.seed, group.epoch, _GROUP_STREAM + group.number)
        return group_by_length(rng.permutation(rows), lengths, self.batch_size, rng)

    def _shuffle_blocks(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """The blocks of this process in their order, and after how many rows each ends."""
        blocks = keyed_rng(self.seed, epoch).permutation(np.flatnonzero(self.rows))
        blocks = blocks[self.process % len(blocks) :: self.processes]
        return blocks, np.cumsum(self.rows[blocks])
