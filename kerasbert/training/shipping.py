"""What `finetune` would ship, judged beside the trainings of a comparison."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from kerasbert.heads.classification.linear_svm import too_many_weights
from kerasbert.settings.compare import CompareSettings
from kerasbert.settings.fine_tune import FineTuneSettings
from kerasbert.terminal import say
from kerasbert.training.shipped import Shipped, answers_of_svms, read_shipped


class Shipping:
    """Judges what `finetune` ships beside the training of the pre-trained network alone.

    Args:
        settings: of the comparison.
        said: lines about the data, which are those of every training, see `say`.
    """

    def __init__(self, settings: CompareSettings, said: set[str]):
        self.settings = settings
        self.said = said
        # Of each seed, whatever the learning rate; None where finetune ships none.
        self.svms: dict[int, Any] = {}
        self.seconds: dict[int, float] = {}

    def beside(self, seed: int) -> Callable[..., Any]:
        """What `fine_tune` takes as `beside`."""

        def judge(folder, figures, data, vocabulary_size: int, pairs: bool) -> Shipped:
            settings = self.settings
            lead, labels = settings.leading_positions(pairs), data["train"].gold.shape[1]
            if seed not in self.svms and not (settings.linear_svm or pairs):
                if why := too_many_weights(vocabulary_size, lead, labels):
                    if not self.svms:
                        say(why)
                    self.svms[seed] = None
                else:
                    began = time.perf_counter()
                    self.svms[seed] = answers_of_svms(
                        data, vocabulary_size, lead, seed, settings.rule
                    )
                    self.seconds[seed] = time.perf_counter() - began
            return Shipped(
                folder.file("shipped.json"),
                figures,
                data,
                replace(data["valid"].head, thresholds=FineTuneSettings.thresholds),
                self.svms.get(seed),
                settings.epochs,
                self.seconds.get(seed, 0.0),
            )

        return judge

    def run(self, folder: Path, alone: dict[str, Any]) -> dict[str, Any] | None:
        """What was judged, as a run; None where epochs are missing."""
        found = read_shipped(folder / "shipped.json")
        if found is None or len(found["history"]) < len(alone["history"]):
            return None
        history = [
            row | {"seconds": of_network["seconds"]}
            for row, of_network in zip(found["history"], alone["history"], strict=True)
        ]
        history[0]["seconds"] += found["seconds"]
        return {**alone, **found, "history": history}
