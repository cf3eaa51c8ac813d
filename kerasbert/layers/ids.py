"""Ids and positions that a table has not: the one place that looks, and what becomes of them.

Where the numbers are there to be read, in a call outside of a compiled step, they are an error. A
compiled step can't stop: what such a number selects is then not a number, in its own row, so that
the loss says it.
"""

import functools

import keras
import numpy as np
from keras import ops


def known_values(tensor) -> np.ndarray | None:
    """The numbers of a tensor; None where it has none yet, or they are on PyTorch's GPU."""
    if keras.utils.is_keras_tensor(tensor):
        return None
    backend = keras.backend.backend()
    if backend == "jax":
        from kerasbert.layers.jax import is_known
    elif backend == "torch":
        from kerasbert.layers.torch import is_known
    elif backend == "tensorflow":
        from kerasbert.layers.tensorflow import is_known
    else:
        return None
    return ops.convert_to_numpy(tensor) if is_known(tensor) else None


def checked_ids(name: str, ids, size):
    """Ids that a table of `size` rows has, and which of them it had not.

        ids      (...)  int
        returns  (...)  int in [0, size), and (...) bool, True where `ids` were others; None for
                        the latter where all are known to be right

    Args:
        name: what they are called in an error.
        ids: see above.
        size: of the table.

    Raises:
        ValueError: ids that can be read, and are below 0 or not below `size`.
    """
    values = known_values(ids)
    if values is None:
        wrong = ops.logical_or(ops.less(ids, 0), ops.greater_equal(ids, size))
        return ops.clip(ids, 0, size - 1), wrong
    if values.size and not 0 <= values.min() <= values.max() < size:
        raise ValueError(
            f"{name}: expected integers from 0 to {int(size) - 1}. "
            f"Received: {values.min()} to {values.max()}"
        )
    return ids, None


def spoiled(numbers, *wrong):
    """Numbers that are none where `wrong` says True.

    0 is added elsewhere, so their gradient stays what it is.

        numbers  (...)        float
        wrong    (...) bool   of as many axes, or without the last ones; None for nowhere
        returns  (...)        dtype of `numbers`
    """
    found = [where for where in wrong if where is not None]
    if not found:
        return numbers
    anywhere = functools.reduce(ops.logical_or, found)
    added = ops.cast(ops.where(anywhere, float("nan"), 0.0), numbers.dtype)
    axes = range(len(added.shape), len(numbers.shape))
    return numbers + ops.expand_dims(added, tuple(axes))
