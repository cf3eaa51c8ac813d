"""Load a saved Keras model without first filling it with random numbers."""

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

RANDOM = ("RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling")

_loading = threading.local()  # `now` is set while this thread loads
_once = threading.Lock()


def load_saved(path: Path) -> keras.Model:
    """`keras.models.load_model` of a model whose every weight is in the file, not compiled."""
    with no_random_weights():
        return keras.models.load_model(path, compile=False)


@contextlib.contextmanager
def no_random_weights() -> Iterator[None]:
    """In this block and thread, random initializers give zeros: a file is about to fill them.

    JAX compiles a program for each shape of random numbers, which takes longer than all the rest
    of loading a small model.
    """
    with _once:
        for name in RANDOM:
            cls = getattr(keras.initializers, name)
            if not hasattr(cls.__call__, "zeros_while_loading"):
                cls.__call__ = _zeros_while_loading(cls.__call__)
    before = getattr(_loading, "now", False)
    _loading.now = True
    try:
        yield
    finally:
        _loading.now = before


def _zeros_while_loading(original: Callable[..., Any]) -> Callable[..., Any]:
    """`original`, but for a thread that loads.

    It stays for good: taken off again by one thread, it would be missing, or come back, in another.
    """

    @functools.wraps(original)
    def call(self, shape, dtype=None, **kwargs):
        if not getattr(_loading, "now", False):
            return original(self, shape, dtype=dtype, **kwargs)
        dtype = keras.backend.standardize_dtype(dtype or keras.config.floatx())
        return keras.ops.convert_to_tensor(np.zeros(shape, "float32"), dtype)

    call.zeros_while_loading = True  # type: ignore[attr-defined]
    return call
