"""Random numbers as a function of where they are used, so that any batch can be made at once."""

import numpy as np


def keyed_rng(seed: int, position: int, stream: int = 0) -> np.random.Generator:
    """A generator of its own for each (seed, position, stream), in O(1), the same everywhere.

    Args:
        seed: of the run.
        position: the step or epoch.
        stream: 0 for the order of an epoch, 1 for the rows of a step, 2 and up for its tasks.

    Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3" (Philox).
    """
    mask = 2**64 - 1
    return np.random.Generator(
        np.random.Philox(key=[seed & mask, position & mask], counter=[0, 0, 0, stream])
    )
