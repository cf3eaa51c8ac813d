"""What a run knows and no public class holds is written beside the model that leaves."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasbert.checkpoints.places import Arrays
from kerasbert.checkpoints.tensors import save_tensors
from kerasbert.files import write_json
from kerasbert.runs.folder import versions

BESIDE = "kerasbert.json"
BESIDE_WEIGHTS = "kerasbert.safetensors"  # linear SVMs
FITTED = ("kind", "decision", "threshold", "calibration", "no_answer", "counted_by", "intervals")
SETTINGS = ("answer_length", "windows")


def write_beside(
    folder: Path,
    metrics: Mapping[str, Any],
    config: Mapping[str, Any],
    arrays: Arrays,
    **further: Any,
) -> None:
    """Write what is beside the model of a fine-tuned run; of another there is nothing.

    Args:
        folder: that leaves.
        metrics: of the run.
        config: of the run.
        arrays: all weights of the run.
        **further: what this form has no place for, either.
    """
    if config["stage"] != "finetune":
        return
    svms = svms_of(arrays)
    beside = {
        "versions": versions(),
        "max_length": config.get("max_length"),
        **{name: config[name] for name in SETTINGS if config.get(name)},
        "linear_svm": bool(svms),
        **{name: metrics[name] for name in FITTED if name in metrics},
        **further,
    }
    write_json(folder / BESIDE, beside)
    if svms:
        save_tensors(folder / BESIDE_WEIGHTS, svms)


def svms_of(arrays: Arrays) -> Arrays:
    """The linear SVMs beside the network, for which no public class has a place."""
    return {path: array for path, array in arrays.items() if "token_scores/" in path}
