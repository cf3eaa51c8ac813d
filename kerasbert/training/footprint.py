"""What fine-tuning will take of memory and disk, said before it begins."""

import math
from collections.abc import Iterable

import keras

from kerasbert.layers import TokenScores
from kerasbert.models.linear_svm import fitting_numbers
from kerasbert.training.resume import KEPT


def footprint(model: keras.Model, parts: Iterable, texts: int, slots: int) -> str:
    """A line for people, from what grows with documents, labels and vocabulary.

    What a step of training needs beside is left out: it depends on the backend.

    Args:
        model: from `build_classifier`, its linear SVMs not yet fitted.
        parts: the `LabeledBatches` of the run.
        texts: N, that the SVMs learn from.
        slots: of what the optimizer keeps, and its gradients, as many arrays for each weight.
    """
    weights = _bytes(model.weights)
    learned = _bytes(model.trainable_weights)
    # Targets, and as many answers when a part is evaluated.
    targets = 2 * sum(part.gold.nbytes for part in parts)
    memory = {"weights and optimizer": weights + slots * learned, "targets and answers": targets}
    for layer in model.layers:
        if isinstance(layer, TokenScores):
            numbers = fitting_numbers(layer.size, texts, layer.labels)
            memory["linear SVMs while they are fitted"] = 4 * numbers
    state = weights + (slots - 1) * learned
    whole = ", ".join(f"{size(number)} {name}" for name, number in memory.items())
    return (
        f"memory beside that of a step: up to {size(sum(memory.values()))} ({whole}); disk: up to "
        f"{size(2 * weights + (KEPT + 1) * state)} ({size(weights)} in the end as model.keras, "
        "the rest to resume)"
    )


def size(number: float) -> str:
    """Bytes for people."""
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{max(1, round(number / 1e6))} MB"


def _bytes(variables) -> int:
    return sum(4 * math.prod(variable.shape) for variable in variables)
