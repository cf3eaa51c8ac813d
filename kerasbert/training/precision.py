"""In which number format the layers of a model compute."""

import contextlib
from collections.abc import Iterator

import keras

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


@contextlib.contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Layers built in this block compute in `precision`, and keep their weights in float32.

    Source: Micikevicius et al. 2018, https://arxiv.org/abs/1710.03740, section 3.1 (master copy of
    the weights); bfloat16 has float32's range, so the loss needs no scaling.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(POLICIES[precision])
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
