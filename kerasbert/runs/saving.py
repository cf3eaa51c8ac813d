"""Save a Keras model without importing TensorFlow."""

import sys
from typing import Any


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
