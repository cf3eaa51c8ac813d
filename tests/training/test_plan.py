"""A run that is planned by steps, and one that is planned by time."""

import keras
import numpy as np
import pytest

from kerasbert.training import StepPlan, TimePlan


def test_reports_come_after_whole_numbers_of_steps_and_at_the_end():
    plan = StepPlan(total_steps=25, report_steps=10)
    assert list(plan.reports(0)) == [(0, 10), (1, 10), (2, 5)]
    assert list(plan.reports(13)) == [(1, 7), (2, 5)]  # resumed in the middle of a report
    assert list(plan.reports(25)) == []


class Machine:
    """A clock, and a training on it whose steps and reports take the time they are told to."""

    def __init__(self, minutes, step_seconds, report_seconds=0.0, spent=0.0, steps_before=0):
        self.now = 1000.0
        self.said: list[str] = []
        self.plan = TimePlan(minutes, 1.0, say=self.said.append, clock=lambda: self.now)
        if spent:
            self.plan.restore({"spent": spent, "total_steps": 0})
        self.model = keras.Sequential([keras.layers.Dense(1)])
        self.model.compile(keras.optimizers.SGD(0.0), "mse")
        self.plan.set_model(self.model)
        self.rates: list[float] = []
        self.reports = 0
        began = self.now
        for number, _ in self.plan.reports(steps_before):
            self.model.stop_training = False
            self.plan.on_epoch_begin(number)
            while not self.model.stop_training:
                self.now += step_seconds(len(self.rates))
                self.plan.on_train_batch_end(0)
                self.rates.append(float(self.model.optimizer.learning_rate))
            self.plan.on_epoch_end(number)
            self.now += report_seconds
            self.reports += 1
        self.seconds = self.now - began


def compiling_first(step):
    """Five shapes, each compiled when it comes first."""
    return 8.0 if step in (0, 1, 3, 6, 20) else 0.25


def slower_later(step):
    return 0.2 if step < 800 else 0.5


@pytest.mark.parametrize("step_seconds", [lambda step: 0.3, compiling_first, slower_later])
@pytest.mark.parametrize("report_seconds", [0.0, 6.0])
def test_the_decay_ends_when_the_time_does(step_seconds, report_seconds):
    machine = Machine(10, step_seconds, report_seconds)
    assert machine.seconds == pytest.approx(600, rel=0.01)
    assert machine.reports == 10
    rates = np.array(machine.rates)
    assert rates.max() > 0.95 and rates[-1] < 0.01
    assert rates[-len(rates) // 20 :].max() < 0.1  # the last twentieth of a linear decay
    assert abs(machine.plan.total_steps - len(rates)) <= 0.02 * len(rates)
    assert len(machine.said) == 1 and "steps fit into 10 minutes" in machine.said[0]


def test_a_resumed_run_takes_what_is_left():
    machine = Machine(10, lambda step: 0.3, spent=450.0, steps_before=1500)
    assert machine.seconds == pytest.approx(150, rel=0.02)
    assert machine.rates[10] < 0.3 and machine.rates[-1] < 0.01
    assert machine.plan.state()["spent"] == pytest.approx(600, rel=0.01)
    over = TimePlan(10, 1.0)
    over.restore({"spent": 600.0, "total_steps": 2000})
    assert list(over.reports(2000)) == []


def test_a_time_shorter_than_a_step_is_one_step():
    machine = Machine(0.01, lambda step: 5.0)
    assert len(machine.rates) == 1
