"""Callbacks, and what a run leaves on disk.

To import it registers every class of ours that a saved model may hold, compiled or not, with Keras.
"""

import kerasbert.heads.answering.losses
import kerasbert.heads.classification.losses
import kerasbert.heads.regression.losses
import kerasbert.heads.tagging.losses
import kerasbert.layers
import kerasbert.tasks  # noqa: F401
from kerasbert.runs import load_model
from kerasbert.training.epoch_figures import (
    EpochF1,
    EpochFigures,
    evaluate_classifier,
    evaluate_model,
)
from kerasbert.training.fit import fit
from kerasbert.training.history import History
from kerasbert.training.keep_best import KeepBest
from kerasbert.training.optimizers import (
    AdamW,
    OnAverage,
    WarmupDecay,
    average_momentum,
    averaged,
    build_optimizer,
)
from kerasbert.training.plan import StepPlan, TimePlan
from kerasbert.training.resume import Interrupted, SaveState
from kerasbert.training.validation import ObjectiveValidation

__all__ = [
    "AdamW",
    "EpochF1",
    "EpochFigures",
    "History",
    "Interrupted",
    "KeepBest",
    "ObjectiveValidation",
    "OnAverage",
    "SaveState",
    "StepPlan",
    "TimePlan",
    "WarmupDecay",
    "average_momentum",
    "averaged",
    "build_optimizer",
    "evaluate_classifier",
    "evaluate_model",
    "fit",
    "load_model",
]
