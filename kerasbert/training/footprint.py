"""What fine-tuning will take of memory and disk, said before it begins."""

import math
from collections.abc import Iterable

import keras

from kerasbert.heads.classification.linear_svm import fitting_numbers
from kerasbert.layers import TokenScores
from kerasbert.training.resume import KEPT

MUCH = 10**9  # bytes; less fits anywhere, and is not worth a line


def footprint(model: keras.Model, parts: Iterable, texts: int, slots: int) -> str | None:
    """A line for people, from what grows with documents, labels and vocabulary; None for little.

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
            memory["fitting the linear SVMs"] = 4 * numbers
    state = weights + (slots - 1) * learned
    disk = 2 * weights + (KEPT + 1) * state
    if max(sum(memory.values()), disk) < MUCH:
        return None
    whole = ", ".join(f"{size(number)} for {name}" for name, number in memory.items())
    return (
        f"memory: up to {size(sum(memory.values()))} ({whole}), and what a training step needs; "
        f"disk: up to {size(disk)} ({size(weights)} for model.keras, the rest to resume)"
    )


def size(number: float) -> str:
    """Bytes for people."""
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{max(1, round(number / 1e6))} MB"


def _bytes(variables) -> int:
    return sum(4 * math.prod(variable.shape) for variable in variables)
