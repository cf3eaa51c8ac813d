"""How long a run is: a number of steps, or a time."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from kerasbert.figures import counted
from kerasbert.training.optimizers.schedule import WarmupDecay

REPORTS = 10  # of a run that is planned by time
FEW = 8  # steps that say too little of the speed
MEASURED = 100  # the last steps, whose speed is that of the steps to come


class StepPlan:
    """So many steps, with a report after each `report_steps` of them.

    Args:
        total_steps: of the whole run.
        report_steps: steps between two reports; the first of a resumed run and the last are
            shorter where it does not come out even.
    """

    def __init__(self, total_steps: int, report_steps: int):
        self.total_steps = total_steps
        self.report_steps = report_steps

    def reports(self, start: int) -> Iterator[tuple[int, int]]:
        """The number of each report, from 0, and the steps before it, from step `start` on."""
        while start < self.total_steps:
            number = start // self.report_steps
            end = min((number + 1) * self.report_steps, self.total_steps)
            yield number, end - start
            start = end

    def goes_on(self, model: keras.Model) -> bool:
        """Whether there is more to do after a report."""
        return not model.stop_training


class TimePlan(keras.callbacks.Callback):
    """As many steps as fit into a time, the learning rate falling to 0 as the time ends.

    The speed is measured all the way: compilation, validation and other work on the machine are
    seen as they come, and the steps that are left are planned anew about 200 times. So `fit` ends
    with the time and the schedule with it, however the speed changes. Must be the first callback:
    it takes the time that the others need between two reports.

    Args:
        minutes: of training and validation, over all sessions of a resumed run.
        peak: the highest learning rate; the optimizer must have a plain number as its rate.
        decay: "linear" or "cosine", see `WarmupDecay`.
        say: called with what was planned, once.
        clock: seconds, as `time.monotonic`.
    """

    def __init__(
        self,
        minutes: float,
        peak: float,
        decay: str = "linear",
        say: Callable[[str], None] = lambda text: None,
        clock: Callable[[], float] = time.monotonic,
    ):
        super().__init__()
        self.seconds = 60 * minutes
        self.peak = peak
        self.decay = decay
        self.say = say
        self.clock = clock
        self.step = 0
        self.total_steps = 0  # as planned now; 0 until it was measured
        self.over = False
        self._spent = 0.0  # in sessions before this one
        self._began: float | None = None
        self._batch_began = 0.0
        self._steps: deque[float] = deque(maxlen=MEASURED)
        self._report_began: float | None = None
        self._report_seconds = 0.0  # a report's own, validation above all
        self._next_report = 0.0
        self._said = False

    def elapsed(self) -> float:
        """Seconds of the budget that are used."""
        return self._spent + (0.0 if self._began is None else self.clock() - self._began)

    def reports(self, start: int) -> Iterator[tuple[int, int]]:
        """The number of each report, and steps without end: this callback stops them."""
        self.step = start
        while not self.over:
            if self._began is None:
                self._began = self.clock()
            every = self.seconds / REPORTS
            number = int(self.elapsed() / every)
            self._next_report = (number + 1) * every
            yield number, 10**9

    def goes_on(self, model: keras.Model) -> bool:
        """Whether there is time left after a report."""
        return not self.over

    def on_epoch_begin(self, epoch, logs=None):
        now = self.clock()
        if self._report_began is not None:
            self._report_seconds = now - self._report_began
        self._batch_began = now
        self._set_rate()

    def on_train_batch_end(self, batch, logs=None):
        now = self.clock()
        self._steps.append(now - self._batch_began)
        self._batch_began = now
        self.step += 1
        mean = self._step_seconds()
        left = self.seconds - self.elapsed() - self._report_cost(mean)
        if left < mean / 2:
            self.over = True
            self.model.stop_training = True
        elif self._report_is_due():
            self.model.stop_training = True
        elif len(self._steps) >= FEW and self.step % max(1, self.total_steps // 200) == 0:
            self._plan(left, mean)

    def on_epoch_end(self, epoch, logs=None):
        self._report_began = self.clock()

    def _step_seconds(self) -> float:
        """Of a step to come: the mean of the last ones, without the time of compilations."""
        steps = np.array(self._steps)
        return float(np.minimum(steps, 3 * np.median(steps)).mean())

    def _plan(self, left: float, mean: float) -> None:
        self.total_steps = self._total(left, mean)
        self._set_rate()
        if not self._said and (self.step >= 50 or self.elapsed() > self.seconds / 20):
            self._said = True
            self.say(f"{mean:.3f} s a step: {self._planned()}")

    def _total(self, left: float, mean: float) -> int:
        """Steps of the whole run, where steps of `mean` seconds fill the time that is left."""
        reports = int(left * REPORTS / self.seconds)  # the last one is taken off already
        return self.step + max(1, int((left - reports * self._report_seconds) / mean))

    def _planned(self) -> str:
        return f"about {self.total_steps:,} steps fit into {counted(self.seconds / 60, 'minute')}"

    def _report_is_due(self) -> bool:
        return self.elapsed() >= self._next_report

    def _report_cost(self, mean: float) -> float:
        """Seconds of a report, where a step takes `mean`."""
        return self._report_seconds

    def _set_rate(self) -> None:
        # Before anything was measured: small steps, as at the beginning of any warm-up.
        rate = self.peak / 100
        if self.total_steps:
            rate = float(WarmupDecay(self.peak, self.total_steps, decay=self.decay)(self.step))
        self.model.optimizer.learning_rate = rate

    def state(self) -> dict[str, Any]:
        return {"spent": self.elapsed(), "total_steps": self.total_steps}

    def restore(self, state: dict[str, Any]) -> None:
        self._spent = state["spent"]
        self.total_steps = state["total_steps"]
        self.over = self._spent >= self.seconds
