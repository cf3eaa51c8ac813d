"""The heads by name, and the one of a run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from kerasbert.choices import HeadName
from kerasbert.errors import InputError
from kerasbert.heads.answering.head import Answering
from kerasbert.heads.classification.head import Classification
from kerasbert.heads.head import Head
from kerasbert.heads.regression.head import Regression
from kerasbert.heads.tagging.head import Tagging

# The names of config.json and metrics.json.
HEADS: dict[str, type[Head]] = {
    Classification.name: Classification,
    Regression.name: Regression,
    Tagging.name: Tagging,
    Answering.name: Answering,
}


def claimed_head(path: str | Path) -> HeadName | None:
    """The head that a file can only be for, by its name or its form; None where that is open."""
    return next((name for name in get_args(HeadName) if HEADS[name].claims(path)), None)


def load_head(folder: Path, config: Mapping[str, Any], given: Head | None = None) -> Head:
    """The head of a fine-tuning run.

    Args:
        folder: of the run.
        config: what its config.json holds; runs of versions before 0.2.0 classify.
        given: the user's own, which the run was made with.

    Raises:
        InputError: it is not known here and none is given, or another one is.
    """
    name = config.get("head", Classification.name)
    if given is not None:
        if given.name != name:
            raise InputError(f"{folder}: the run has the head {name!r}, given is {given.name!r}.")
        return given
    if name not in HEADS:
        raise InputError(
            f"{folder}: the run has a head of the user's own, {name!r}: give it, as in "
            f"load_predictor(run, head=...). Known here: {', '.join(HEADS)}."
        )
    return HEADS[name].load(folder, config)


def head_of_figures(metrics: Mapping[str, Any]) -> type[Head]:
    """Whose table a metrics.json is; that of versions before 0.2.0 is of a classifier."""
    return HEADS.get(metrics.get("head", Classification.name), Head)
