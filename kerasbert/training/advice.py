"""What to try next with a fine-tuning that is no better than its rival."""

from collections.abc import Mapping
from typing import Any

from kerasbert.batches.labeled import LabeledBatches
from kerasbert.settings.fine_tune import FineTuneSettings

MANY = 0.1  # of the texts, from which on it matters that they were cut


def what_to_try(
    settings: FineTuneSettings, metrics: Mapping[str, Any], train: LabeledBatches
) -> str:
    """The first two things that this run has not tried, as part of a sentence."""
    ideas = []
    if settings.pretrained is None or settings.from_scratch:
        ideas.append("start from a pre-trained run or a public model (--pretrained)")
    if metrics["best_epoch"] == metrics["epochs"]:
        longer = "--epochs" if settings.minutes is None else "--minutes"
        ideas.append(f"train longer ({longer}), as the last epoch was the best")
    if train.texts.truncated > MANY * len(train.texts):
        ideas.append("read more of the texts (--max-length)")
    ideas.append("try twice and half the --learning-rate")
    return ", or ".join(ideas[:2])
