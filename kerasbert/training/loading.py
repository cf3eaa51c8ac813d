"""Load a saved Keras model without first filling it with random numbers."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np

RANDOM = ("RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling")


def load_saved(path: Path) -> keras.Model:
    """`keras.models.load_model` of a model whose every weight is in the file, not compiled."""
    with _no_random_weights():
        return keras.models.load_model(path, compile=False)


@contextlib.contextmanager
def _no_random_weights() -> Iterator[None]:
    """In this block and thread, random initializers give zeros: a file is about to fill them.

    JAX compiles a program for each shape of random numbers, which takes longer than all the rest
    of loading a small model.
    """
    thread = threading.get_ident()
    classes = [getattr(keras.initializers, name) for name in RANDOM]
    originals = [cls.__call__ for cls in classes]

    def zeros_for(original):
        def call(self, shape, dtype=None, **kwargs):
            if threading.get_ident() != thread:
                return original(self, shape, dtype=dtype, **kwargs)
            dtype = keras.backend.standardize_dtype(dtype or keras.config.floatx())
            return keras.ops.convert_to_tensor(np.zeros(shape, "float32"), dtype)

        return call

    for cls, original in zip(classes, originals, strict=True):
        cls.__call__ = zeros_for(original)
    try:
        yield
    finally:
        for cls, original in zip(classes, originals, strict=True):
            cls.__call__ = original
