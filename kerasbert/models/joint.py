"""A classifier that learns its labels and an objective of pre-training at the same time."""

import keras

from kerasbert.batches.joint import LABELS
from kerasbert.batches.taught import LESSONS
from kerasbert.models.compiling import compile_and_build
from kerasbert.models.pretrain import read_states
from kerasbert.tasks import Task


def build_joint_model(classifier: keras.Model, task: Task) -> keras.Model:
    """The model to train: both outputs over one pass through the classifier's own layers.

    With B batch, L length, K labels:

        token_ids, segment_ids, and the task's own inputs   (B, L) int32, and theirs
        returns   {"labels": (B, K) float32 logits, task.name: its output}

    What it learns the classifier has learned too; of the task's head the classifier knows nothing.

    Args:
        classifier: from `build_classifier`, without windows.
        task: an objective over the states of positions, such as `MaskedLM`.

    Source: Radford et al. 2018, "Improving Language Understanding by Generative Pre-Training",
    section 3.2, the auxiliary objective; there it is a left-to-right language model.
    """
    inputs = dict(classifier.input) | task.inputs()
    embedding, sequence = classifier.get_layer("embedding"), classifier.get_layer("encoder").output
    outputs = {
        LABELS: classifier.output,
        task.name: task.head(embedding, read_states(task, sequence, inputs), None, inputs),
    }
    return keras.Model(inputs, outputs, name="joint_model")


def build_taught_model(model: keras.Model) -> keras.Model:
    """The model to train of a fine-tuning model that learns from labels and from a teacher.

    Its inputs are those of the model, its outputs {"labels": the model's, "lessons": the same}; so
    each has a loss and weights of its own.

    Args:
        model: from `build_fine_tuning_model`.
    """
    same = keras.layers.Identity(name=LESSONS)(model.output)
    return keras.Model(model.input, {LABELS: model.output, LESSONS: same}, name="taught_model")


def compile_joint(
    model: keras.Model, task: Task, weight: float, loss: keras.losses.Loss, optimizer
) -> keras.Model:
    """Compile with the labels' `loss`, from `build_loss`, plus `weight` times the task's own."""
    return compile_and_build(
        model,
        optimizer,
        loss={LABELS: loss, task.name: task.loss()},
        loss_weights={LABELS: 1.0, task.name: weight},
    )
