"""Equal weights for contestants of different libraries, and the check that they do equal work."""

import math
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.speed.side_by_side import Worker

Arrays = dict[str, np.ndarray]
SPREAD = 0.05  # standard deviation of every weight


def made_weight(path: str, shape: Sequence[int]) -> np.ndarray:
    """The value of a weight by its path in our model: the same in every process.

    Every weight counts: biases are not 0, and what scales a normalization is not 1.
    """
    rng = np.random.default_rng(zlib.crc32(path.encode()))
    value = rng.normal(0, SPREAD, tuple(shape))
    return (value + path.endswith("gamma")).astype(np.float32)


def assign_made_weights(model: Any) -> None:
    """Give a Keras model of ours its `made_weight`s."""
    for weight in model.trainable_weights:
        weight.assign(made_weight(weight.path, weight.shape))


def count_parameters(model: Any) -> int:
    """Trainable numbers of a Keras model."""
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def digest(batch: Arrays) -> int:
    """A number that is the same for the same batch."""
    return zlib.crc32(b"".join(value.tobytes() for value in batch.values()))


def check_equal(workers: Sequence[Worker], facts: dict[str, float]) -> None:
    """Stop unless all were given the same batch, and computed the same from equal weights.

    Args:
        workers: of which the first is what the others are held against.
        facts: the relative difference allowed in each list of numbers that a contestant computed
            and says of itself; one that says nothing of it isn't held to it.

    Raises:
        SystemExit: naming what differs.
    """
    first, wrong = workers[0], []
    for worker in workers:
        who = f"{worker.name} on {worker.backend}"
        if worker.built["batch"] != first.built["batch"]:
            wrong.append(f"{who}: another batch than the first contestant")
        for fact, tolerance in facts.items():
            if fact not in worker.built:
                continue
            found, expected = np.array(worker.built[fact]), np.array(first.built[fact])
            scale = max(float(np.abs(expected).max()), 1e-12)
            if not np.allclose(found, expected, rtol=tolerance, atol=tolerance * scale):
                wrong.append(
                    f"{who}: {fact} {np.round(found, 5).tolist()}, expected "
                    f"{np.round(expected, 5).tolist()} from equal weights"
                )
    if wrong:
        raise SystemExit("The contestants don't do the same work:\n" + "\n".join(wrong))
