"""The pre-training model: embedding, encoder, and a head for each objective."""

from collections.abc import Sequence

import keras

from kerasbert.layers import GatherPositions, Pooling
from kerasbert.models.compiling import compile_and_build
from kerasbert.models.encoder import chooses_positions, encode
from kerasbert.tasks import Task


def build_pretrain_model(
    embedding,
    encoder,
    tasks: Sequence[Task],
    pooling: Pooling | None = None,
    packed: bool = False,
) -> keras.Model:
    """A functional model with one output for each task.

    With B batch, L length:

        token_ids, segment_ids, and the tasks' own inputs   (B, L) int32, and theirs
        returns   {task.name: its output}

    Args:
        embedding: a layer named "embedding": token and segment ids -> (B, L, D); called with
            `reverse=True` it gives vocabulary scores.
        encoder: any layer named "encoder": (B, L, D), (B, L) mask -> (B, L, D). If its `call` has
            an argument `positions` (B, M), and the only objective reads the states at some
            positions, it is asked for these: (B, M, D).
        tasks: the objectives, trained jointly.
        pooling: for objectives over the pooled vector; BERT's [CLS] with tanh unless given.
        packed: for batches with several documents in a row; with further inputs document_ids and
            position_ids (B, L) int32.
    """
    if not tasks or len({task.name for task in tasks}) != len(tasks):
        raise ValueError(
            f"Expected one or more tasks of different names. Received: {[t.name for t in tasks]}"
        )
    of_tasks = {name: tensor for task in tasks for name, tensor in task.inputs().items()}
    read = read_positions(tasks[0])
    if len(tasks) == 1 and read is not None and chooses_positions(encoder):
        inputs, _, sequence = encode(embedding, encoder, packed, positions=of_tasks[read])
        inputs |= of_tasks
        outputs = {tasks[0].name: tasks[0].head(embedding, sequence, None, inputs)}
        return keras.Model(inputs, outputs, name="pretrain_model")
    inputs, padding_mask, sequence = encode(embedding, encoder, packed)
    inputs |= of_tasks
    pooling = pooling or Pooling("cls", projection=True, name="pooling")
    pooled = pooling(sequence, padding_mask)
    outputs = {
        task.name: task.head(embedding, read_states(task, sequence, inputs), pooled, inputs)
        for task in tasks
    }
    # What no output depends on (the pooling, where all objectives are over positions) is left out.
    return keras.Model(inputs, outputs, name="pretrain_model")


def read_positions(task: Task) -> str | None:
    """The name of the input with the positions whose states an objective reads; None for all."""
    return getattr(task, "positions", None)


def read_states(task: Task, sequence, inputs):
    """Of the states (B, L, D) those that an objective reads: (B, M, D), or all of them."""
    name = read_positions(task)
    if name is None:
        return sequence
    return GatherPositions(name=f"{task.name}_gather")(sequence, inputs[name])


def compile_pretrain(model: keras.Model, tasks: Sequence[Task], optimizer) -> keras.Model:
    """Compile with the tasks' losses; the total is their sum."""
    return compile_and_build(model, optimizer, loss={task.name: task.loss() for task in tasks})
