"""The order of an epoch: shuffled, with rows of like length together, in a few fixed shapes."""

import functools

import numpy as np

from kerasbert.batches.rng import keyed_rng

WINDOW = 64  # batches sorted by length at a time: long enough to save padding, short enough to mix


def length_buckets(max_length: int) -> np.ndarray:
    """The lengths that batches are padded to: five at most, the last one `max_length`.

    JAX and XLA compile a step for each shape, so there are few.
    """
    shares = np.array([0.125, 0.25, 0.5, 0.75]) * max_length
    return np.unique(np.append(np.ceil(shares / 8).astype(int) * 8, max_length).clip(1, max_length))


def bucket_of(length: int, max_length: int) -> int:
    """The shortest bucket that holds `length` positions."""
    buckets = length_buckets(max_length)
    return int(buckets[np.searchsorted(buckets, min(length, max_length))])


def multiple_of_eight(length: int, max_length: int) -> int:
    """The shortest length that holds `length` positions and keeps arrays aligned."""
    return min(-(-length // 8) * 8, max_length)


class EpochOrder:
    """Which rows make up each batch.

    Every row comes once an epoch; a last batch that is not full is filled with rows from the
    beginning of the epoch, so that all batches have one size. `batch(step)` depends on nothing
    but the arguments: no replay is needed to begin anywhere.

    Args:
        lengths: (N,) int, the length of each row.
        batch_size: rows a batch.
        seed: of the shuffling.
    """

    def __init__(self, lengths: np.ndarray, batch_size: int, seed: int):
        if len(lengths) == 0:
            raise ValueError("Expected one row or more. Received: none")
        self.lengths = np.asarray(lengths)
        self.batch_size = batch_size
        self.seed = seed
        self.steps_per_epoch = -(-len(lengths) // batch_size)
        self._epoch = functools.lru_cache(maxsize=2)(self._shuffle)

    def batch(self, step: int) -> np.ndarray:
        """(batch_size,) int, the rows of a step, counted from 0 through all epochs."""
        epoch, position = divmod(step, self.steps_per_epoch)
        return self._epoch(epoch)[position]

    def _shuffle(self, epoch: int) -> np.ndarray:
        rng = keyed_rng(self.seed, epoch)
        rows = rng.permutation(len(self.lengths))
        rows = np.resize(rows, self.steps_per_epoch * self.batch_size)
        return group_by_length(rows, self.lengths, self.batch_size, rng)


def group_by_length(
    rows: np.ndarray, lengths: np.ndarray, batch_size: int, rng: np.random.Generator
) -> np.ndarray:
    """Shuffled rows as batches of like length, (steps, batch_size), themselves shuffled.

    Args:
        rows: (steps x batch_size,) int; sorted in place, `WINDOW` batches at a time.
        lengths: (N,) int, of each row.
        batch_size: rows a batch.
        rng: shuffles the batches.
    """
    window = WINDOW * batch_size
    for start in range(0, len(rows), window):
        part = rows[start : start + window]
        rows[start : start + window] = part[np.argsort(lengths[part], kind="stable")]
    return rng.permutation(rows.reshape(-1, batch_size))
