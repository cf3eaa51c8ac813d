"""Memory that a training step frees is kept for the next one."""

import ctypes
import os

# Numbers of parameters of glibc's mallopt(3).
_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8


def keep_freed_memory() -> bool:
    """Tell the C library not to hand freed memory back to the system.

    A training step allocates and frees the same large tensors again and again. By default each of
    them is mapped afresh, and the system clears every page on its first use: on JAX that was a
    third of a step (`docs/notes.md`). The price is memory: the process never shrinks, and
    takes up to two and a half times as much on JAX, little more on PyTorch and TensorFlow.

    The commands call it; in a script of your own call it before the backend is first used. It
    changes the whole process. `KERASBERT_KEEP_MEMORY=0` in the environment makes it do nothing.

    Returns:
        whether it could: with another C library than glibc, nothing is changed.
    """
    if os.environ.get("KERASBERT_KEEP_MEMORY") == "0":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):  # no such function outside Linux
        return False
    # All from one heap that only grows: blocks of their own, and the heaps of further threads,
    # would be unmapped when they are freed.
    settings = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, -1), (_ARENA_MAX, 1))
    return all(mallopt(name, value) == 1 for name, value in settings)
