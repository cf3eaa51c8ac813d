"""Which Keras backend is used: chosen before Keras is imported, and never imported from here."""

import importlib.util
import os
import sys

from kerasbert.errors import InputError

BACKENDS = ("jax", "torch", "tensorflow")  # in the order of preference


def installed_backends() -> list[str]:
    """The backends that can be imported here, found without importing them."""
    return [name for name in BACKENDS if importlib.util.find_spec(name) is not None]


def choose_backend() -> None:
    """Set KERAS_BACKEND to the first installed backend, unless the user or Keras has chosen."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "KERAS_BACKEND" in os.environ or "keras" in sys.modules:
        return
    for name in BACKENDS:
        if importlib.util.find_spec(name) is not None:
            os.environ["KERAS_BACKEND"] = name
            return


def require_backend() -> None:
    """Refuse to go on without the chosen backend.

    Raises:
        InputError: the backend is unknown or not installed; the message says how to install it.
    """
    if "keras" in sys.modules:
        return
    chosen = os.environ.get("KERAS_BACKEND")
    installed = installed_backends()
    if chosen is None:
        raise InputError(
            "no backend is installed: kerasbert needs one of jax, torch and tensorflow.\n"
            "Install one: pip install 'kerasbert[jax]'"
        )
    if chosen not in BACKENDS:
        raise InputError(
            f"KERAS_BACKEND is {chosen!r}, expected one of {', '.join(BACKENDS)}.\n"
            f"Installed here: {', '.join(installed) or 'none'}."
        )
    if chosen not in installed:
        raise InputError(
            f"KERAS_BACKEND is {chosen!r}, which is not installed.\n"
            f"Install it (pip install 'kerasbert[{chosen}]') or choose another; "
            f"installed here: {', '.join(installed) or 'none'}."
        )
