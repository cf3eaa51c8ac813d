"""A fine-tuning that is planned by time: as many whole epochs as fit."""

from collections.abc import Iterator
from typing import Any

import keras

from kerasbert.figures import counted
from kerasbert.training.plan import FEW, TimePlan


class EpochPlan(TimePlan):
    """A `TimePlan` with a report after each epoch, that ends with an epoch where one fits.

    Which epoch is the last is planned anew all the way, and settled when it begins. Where less than
    one epoch fits, or the machine gets slower in the last one, the run ends with the time.

    Args:
        minutes: see `TimePlan`, as for `peak`.
        peak: the highest learning rate.
        steps_per_epoch: training steps of a pass over the data.
        report_steps: what a report takes, in steps, as long as none was measured.
        most: epochs; time beyond that is left.
        options: those of `TimePlan`.
    """

    def __init__(
        self,
        minutes: float,
        peak: float,
        steps_per_epoch: int,
        report_steps: float = 0.0,
        most: int | None = None,
        **options: Any,
    ):
        super().__init__(minutes, peak, **options)
        self.steps_per_epoch = steps_per_epoch
        self.report_steps = report_steps
        self.most = most

    def reports(self, start: int) -> Iterator[tuple[int, int]]:
        """The number of each epoch, and the steps to its end."""
        self.step = start
        while not self.over and not 0 < self.total_steps <= self.step:
            if self._began is None:
                self._began = self.clock()
            number = self.step // self.steps_per_epoch
            yield number, (number + 1) * self.steps_per_epoch - self.step

    def goes_on(self, model: keras.Model) -> bool:
        """Whether an epoch was planned after this one, there is time, and nobody has stopped it."""
        if self.over or model.stop_training:
            return False
        if self._report_began is not None:
            self._report_seconds = self.clock() - self._report_began
        mean = self._step_seconds()
        left = self.seconds - self.elapsed() - self._report_cost(mean)
        return left > self.steps_per_epoch * mean / 2

    def _report_is_due(self) -> bool:
        return False  # `fit` knows where the epoch ends

    def _report_cost(self, mean: float) -> float:
        if self._report_seconds or len(self._steps) < FEW:  # the first steps are slow
            return self._report_seconds
        return self.report_steps * mean

    def _total(self, left: float, mean: float) -> int:
        epoch = self.steps_per_epoch
        to_end = -self.step % epoch
        if left < to_end * mean:
            total = self.step + max(1, int(left / mean))
        else:
            further = (left - to_end * mean) / (epoch * mean + self._report_cost(mean))
            total = self.step + to_end + int(further) * epoch
        if 0 < self.total_steps - self.step <= epoch:  # the last one: a decay does not turn back
            total = min(total, self.total_steps)
        return total if self.most is None else min(total, self.most * epoch)

    def _planned(self) -> str:
        epochs, minutes = (
            self.total_steps / self.steps_per_epoch,
            counted(self.seconds / 60, "minute"),
        )
        if epochs == self.most:
            return f"{self.most} epochs, the most that are of use, fit into {minutes}"
        return f"about {epochs:.3g} epochs ({self.total_steps:,} steps) fit into {minutes}"


def report_steps(documents: int, batch_size: int) -> float:
    """Roughly the training steps that take as long as to judge so many documents.

    A third of a step each: there is no backward pass.
    """
    return documents / batch_size / 3
