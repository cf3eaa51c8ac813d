"""Save a Keras model, or import KerasHub, without importing TensorFlow."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

from kerasbert.errors import InputError

_TENSORFLOW = ("tensorflow", "tensorflow_text")


def keep_tensorflow_out() -> None:
    """Let Keras write what it saves without importing TensorFlow first; call it before that.

    Keras asks of all that it writes whether it is one of TensorFlow's types, and imports TensorFlow
    to ask, where it is installed, on every backend: seconds, and lines of warnings. Where nobody
    has imported it nothing can be of its types, so this says no until somebody has, and nothing
    changes for those who use it. Where Keras has no such name any more, nothing is done.
    """
    try:
        from keras.src.saving import serialization_lib as library

        asked = library.tf
    except (ImportError, AttributeError):
        return
    if not isinstance(asked, _WhereImported):
        library.tf = _WhereImported(asked)


class _WhereImported:
    """Keras' way to a module that it imports on first use, but here only if somebody else has."""

    def __init__(self, module: Any):
        self._module = module

    @property
    def available(self) -> bool:
        return "tensorflow" in sys.modules and self._module.available

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


@contextlib.contextmanager
def tensorflow_hidden() -> Iterator[None]:
    """In this block TensorFlow is as if it were not installed.

    Not where it is the backend, nor where the process has imported it before.
    """
    import keras

    hidden: list[str] = []
    if keras.backend.backend() != "tensorflow":
        hidden = [name for name in _TENSORFLOW if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


def import_keras_hub() -> Any:
    """The module `keras_hub`, the package keras-nlp; TensorFlow stays out where it is not used.

    KerasHub imports TensorFlow wherever it is installed, and does without where it is not. On JAX
    and PyTorch it is told that it is not.

    Raises:
        InputError: KerasHub is not installed.
    """
    keep_tensorflow_out()
    try:
        with tensorflow_hidden():
            import keras_hub
    except ImportError as error:
        raise InputError(
            f"a model of KerasHub needs the package keras-nlp, which cannot be imported ({error})."
            " Install it with: pip install kerasbert[keras-hub]"
        ) from None
    return keras_hub
