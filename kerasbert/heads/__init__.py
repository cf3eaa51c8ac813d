"""What is fine-tuned for: an object for each, see `kerasbert.heads.head`.

Nothing here imports Keras before a model is built.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kerasbert.errors import InputError
from kerasbert.heads.classification import Classification
from kerasbert.heads.head import Assessed, Head

# From the folder of a run and what its config.json says of the head.
LOADERS: dict[str, Callable[[Path, Mapping[str, Any]], Head]] = {
    Classification.name: Classification.load,
}


def load_head(folder: Path, config: Mapping[str, Any], given: Head | None = None) -> Head:
    """The head of a fine-tuning run.

    Args:
        folder: of the run.
        config: what its config.json holds; runs of versions before 0.2.0 classify.
        given: the user's own, which the run was made with.

    Raises:
        InputError: it is not known here and none is given, or another one is.
    """
    about = config.get("head") or {"name": Classification.name, "kind": config.get("kind")}
    name = about["name"]
    if given is not None:
        if given.name != name:
            raise InputError(f"{folder}: the run has the head {name!r}, given is {given.name!r}.")
        return given
    if name not in LOADERS:
        raise InputError(
            f"{folder}: the run has a head of the user's own, {name!r}: give it, as in "
            f"load_predictor(run, head=...). Known here: {', '.join(LOADERS)}."
        )
    return LOADERS[name](folder, about)


__all__ = ["LOADERS", "Assessed", "Classification", "Head", "load_head"]
