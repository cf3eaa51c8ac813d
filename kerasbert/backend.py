"""Which Keras backend is used: chosen before Keras is imported, and never imported from here."""

import importlib.util
import json
import os
import sys
from pathlib import Path

from kerasbert.errors import InputError

BACKENDS = ("jax", "torch", "tensorflow")  # in the order of preference

# What Keras writes into keras.json when it is first imported, whatever its backend.
_WRITTEN_BY_KERAS = {
    "floatx": "float32",
    "epsilon": 1e-07,
    "backend": "tensorflow",
    "image_data_format": "channels_last",
    "nnx_enabled": False,
}

_said_by = "KERAS_BACKEND"  # who has chosen, for messages


def installed_backends() -> list[str]:
    """The backends that can be imported here, found without importing them."""
    return [name for name in BACKENDS if importlib.util.find_spec(name) is not None]


def keras_json() -> Path:
    """Where Keras looks for its settings: `$KERAS_HOME/keras.json`, or `~/.keras/keras.json`."""
    if "KERAS_HOME" in os.environ:
        return Path(os.environ["KERAS_HOME"], "keras.json").expanduser()
    home = os.path.expanduser("~")  # noqa: PTH111  (`Path.home` fails where there is none)
    return Path(home if os.access(home, os.W_OK) else "/tmp", ".keras", "keras.json")


def backend_of_keras_json() -> str | None:
    """The backend that the user has set in keras.json.

    A file with nothing but what Keras has put there by itself is no choice: it names TensorFlow on
    every machine.
    """
    try:
        settings = json.loads(keras_json().read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none there, or no JSON, which Keras passes over, too
        return None
    if not isinstance(settings, dict) or settings.items() <= _WRITTEN_BY_KERAS.items():
        return None
    return str(settings.get("backend", "")) or None


def default_backend() -> str | None:
    """The backend that is taken where KERAS_BACKEND is not set."""
    return backend_of_keras_json() or next(iter(installed_backends()), None)


def choose_backend() -> None:
    """Set KERAS_BACKEND, unless it is set or Keras has been imported.

    To that of keras.json if the user has set one there, else to the first that is installed.
    """
    global _said_by
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if os.environ.get("KERAS_BACKEND") or "keras" in sys.modules:
        return
    if chosen := backend_of_keras_json():
        _said_by = f"the backend of {keras_json()}"
    elif not (chosen := next(iter(installed_backends()), None)):
        return
    os.environ["KERAS_BACKEND"] = chosen


def require_backend() -> None:
    """Refuse to go on without the chosen backend.

    Raises:
        InputError: the backend is unknown or not installed; the message says how to install it.
    """
    if "keras" in sys.modules:
        return
    chosen = os.environ.get("KERAS_BACKEND")
    installed = installed_backends()
    if not chosen:
        raise InputError(
            "no backend is installed: kerasbert needs one of jax, torch and tensorflow.\n"
            "Install one: pip install 'kerasbert[jax]'"
        )
    if chosen in installed:
        return
    here = f"Installed here: {', '.join(installed) or 'none'}."
    if chosen not in BACKENDS:
        raise InputError(
            f"{_said_by} is {chosen!r}, expected one of {', '.join(BACKENDS)}: set KERAS_BACKEND.\n"
            f"{here}"
        )
    raise InputError(
        f"{_said_by} is {chosen!r}, which is not installed.\n"
        f"Install it (pip install 'kerasbert[{chosen}]') or set KERAS_BACKEND to another. {here}"
    )
