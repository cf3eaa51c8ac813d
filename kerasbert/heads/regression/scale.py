"""Numbers in their own unit, and as a network learns them: around 0, about 1 wide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerasbert.errors import InputError


@dataclass(frozen=True)
class Scale:
    """Mean and deviation of K numbers in the training data.

    Attributes:
        mean: K floats.
        deviation: K floats above 0.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @classmethod
    def of(cls, gold: np.ndarray, names: Sequence[str], name: str = "train") -> Scale:
        """That of the training data.

        Args:
            gold: (N, K) float.
            names: of the K numbers.
            name: of the data, for messages.

        Raises:
            InputError: a number is the same in all documents.
        """
        for k, number in enumerate(names):
            if np.ptp(gold[:, k]) == 0:
                raise InputError(
                    f"{name}: all {len(gold):,} documents have the same {number!r},"
                    f" {gold[0, k]:g}, so there is nothing to learn. Expected numbers that differ."
                )
        return cls(tuple(gold.mean(axis=0).tolist()), tuple(gold.std(axis=0).tolist()))

    def inside(self, numbers: np.ndarray) -> np.ndarray:
        """(N, K) as the network learns them."""
        return (numbers - np.array(self.mean)) / np.array(self.deviation)

    def outside(self, numbers: np.ndarray) -> np.ndarray:
        """(N, K) float64 in their own unit."""
        return np.asarray(numbers, np.float64) * np.array(self.deviation) + np.array(self.mean)
