"""What the programs that compare fine-tuned models share: a run, and how figures are written."""

import csv
import statistics
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kerasbert.settings import FineTuneSettings
from kerasbert.training import fine_tuning

# For questions about the network: what else answers beside it would only blur them.
NETWORK_ALONE: dict[str, Any] = {"linear_svm": False, "lead": 0}


def fine_tune(options: Namespace, out: Path, **settings: Any) -> dict[str, Any]:
    """A run of `kerasbert finetune`, or what is missing of it: metrics.json.

    Args:
        options: the program's, with `epochs` and `learning_rate`.
        out: the folder of the run.
        **settings: the others.
    """
    import keras

    keras.utils.clear_session()  # of the runs before
    return fine_tuning.fine_tune(
        FineTuneSettings(
            out=out,
            epochs=options.epochs,
            learning_rate=options.learning_rate,
            resume=True,
            **settings,
        )
    )


def valid_f1(out: Path) -> list[float]:
    """F1 on valid after each epoch of a run, at threshold 0.5."""
    with (out / "history.csv").open(encoding="utf-8", newline="") as file:
        return [float(row["val_f1"]) for row in csv.DictReader(file)]


def mean_and_deviation(values: Sequence[float]) -> str:
    """As people write it: 0.478 ± 0.004; without the second where there is one value."""
    if len(values) == 1:
        return f"{values[0]:.3f}"
    return f"{statistics.mean(values):.3f} ± {statistics.stdev(values):.3f}"
