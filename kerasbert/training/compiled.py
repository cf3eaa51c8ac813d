"""Many trainings of equal models: what the first compiles, the others load."""

from pathlib import Path

import keras


def keep_compiled(folder: Path) -> None:
    """Keep compiled programs in a folder, where a backend can; before the first one is compiled."""
    if keras.backend.backend() == "jax":
        from kerasbert.training import jax

        jax.keep_compiled(str(folder.absolute()))
