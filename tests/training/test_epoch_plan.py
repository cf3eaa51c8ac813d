"""A fine-tuning that is planned by time: whole epochs, and the decay ends with them."""

import keras
import numpy as np
import pytest

from kerasbert.training.epoch_plan import EpochPlan, report_steps

EPOCH = 100


class Machine:
    """A clock, and a training on it; an epoch ends by itself, as `fit` has it."""

    def __init__(self, minutes, step_seconds, report_seconds=0.0, start=0, before=None, **options):
        self.now = 1000.0
        self.said: list[str] = []
        self.plan = EpochPlan(
            minutes, 1.0, EPOCH, say=self.said.append, clock=lambda: self.now, **options
        )
        if before:
            self.plan.restore(before)
        self.model = keras.Sequential([keras.layers.Dense(1)])
        self.model.compile(keras.optimizers.SGD(0.0), "mse")
        self.plan.set_model(self.model)
        self.rates: list[float] = []
        self.epochs: list[int] = []
        began = self.now
        for number, steps in self.plan.reports(start):
            self.model.stop_training = False
            self.plan.on_epoch_begin(number)
            for _ in range(steps):
                self.now += step_seconds(len(self.rates))
                self.plan.on_train_batch_end(0)
                self.rates.append(float(self.model.optimizer.learning_rate))
                if self.model.stop_training:
                    break
            self.plan.on_epoch_end(number)
            self.now += report_seconds
            self.epochs.append(number)
            if not self.plan.goes_on(self.model):
                break
        self.seconds = self.now - began


@pytest.mark.parametrize("report_seconds", [0.0, 10.0])
def test_whole_epochs_and_the_decay_ends_with_the_last(report_seconds):
    machine = Machine(10, lambda step: 8.0 if step < 2 else 0.8, report_seconds)
    fit = int(585 / (80 + report_seconds))  # the two first steps are compiled
    assert machine.epochs == list(range(fit)) and len(machine.rates) == fit * EPOCH
    assert machine.seconds <= 600
    rates = np.array(machine.rates)
    assert rates.max() > 0.95 and rates[-1] < 0.02
    assert "epochs (" in machine.said[0] and "fit into 10 minutes" in machine.said[0]


def test_a_machine_that_gets_slower_does_fewer_epochs_or_ends_with_the_time():
    machine = Machine(10, lambda step: 0.8 if step < 300 else 2.0, report_steps=5.0)
    assert machine.epochs == [0, 1, 2, 3] and machine.rates[-1] < 0.1
    machine = Machine(10, lambda step: 0.8 if step < 620 else 2.0)
    assert 620 < len(machine.rates) < 700 and machine.rates[-1] < 0.1
    assert machine.seconds == pytest.approx(600, rel=0.02)


def test_less_than_an_epoch_is_what_fits():
    machine = Machine(1, lambda step: 1.0, report_steps=10.0)
    assert machine.epochs == [0] and len(machine.rates) == pytest.approx(50, abs=2)
    assert machine.rates[-1] < 0.1
    assert len(Machine(0.01, lambda step: 5.0, report_steps=99.0).rates) == 1


def test_more_epochs_than_are_of_use_are_not_trained():
    machine = Machine(100, lambda step: 0.1, most=3)
    assert machine.epochs == [0, 1, 2] and machine.rates[-1] < 0.02
    assert "3 epochs, the most that are of use, fit into 100 minutes" in machine.said[0]


def test_a_resumed_run_takes_what_is_left_and_a_finished_one_nothing():
    first = {"spent": 330.0, "total_steps": 700}
    machine = Machine(10, lambda step: 0.8, start=350, before=first)
    assert machine.epochs == [3, 4, 5] and machine.seconds <= 270
    assert not Machine(10, lambda s: 1, start=700, before=first | {"spent": 590.0}).epochs


def test_a_report_is_forward_passes():
    assert report_steps(960, 32) == 10
