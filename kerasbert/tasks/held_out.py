"""The held-out figures of an objective: its own way to score them, or what holds for any."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from kerasbert.evaluation.objectives import Figures, own_figures
from kerasbert.tasks.task import Task


class Batch(NamedTuple):
    """Inputs, and target and weight of each objective by its name."""

    inputs: dict[str, np.ndarray]
    targets: dict[str, np.ndarray]
    weights: dict[str, np.ndarray]


def figures_of(task: Task) -> Figures:
    """What an objective has of figures, or its loss alone."""
    return getattr(task, "figures", None) or own_figures(task.name)


def scoring_model(task: Task, model: keras.Model, names: Sequence[str]) -> keras.Model:
    """The layers of a pre-training model up to this objective, with what it is scored by.

    Args:
        task: the objective; its own `scoring_model(model, names)` is asked if it has one.
        model: with an output for it.
        names: of the inputs that its batches have.
    """
    own = getattr(task, "scoring_model", None)
    if own is not None:
        return own(model, names)
    return keras.Model({name: model.input[name] for name in names}, model.output[task.name])


def score(
    task: Task, scorer: keras.Model, batches: Iterable[Batch], valid: Any
) -> dict[str, float]:
    """The figures by name; an objective's own `score` of the same arguments is asked if it has one.

    Args:
        task: the objective.
        scorer: from `scoring_model`.
        batches: held-out ones.
        valid: what made them, with `special` and `store`.
    """
    own = getattr(task, "score", None)
    if own is not None:
        return own(scorer, batches, valid)
    loss, nats, total = task.loss(), 0.0, 0.0
    for inputs, targets, weights in batches:
        said = scorer.predict_on_batch(inputs)
        found = keras.ops.convert_to_numpy(loss.call(targets[task.name], said))
        weight = np.asarray(weights[task.name], np.float64)
        weight = weight.reshape(weight.shape + (1,) * (found.ndim - weight.ndim))
        weight = np.broadcast_to(weight, found.shape)
        nats += float((found * weight).sum())
        total += float(weight.sum())
    return {figures_of(task).losses[0].loss: nats / total if total else float("nan")}
