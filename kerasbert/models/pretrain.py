"""The pre-training model: embedding, encoder, and a head for each objective."""

from collections.abc import Sequence

import keras

from kerasbert.layers import Pooling
from kerasbert.models.encoder import encode
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
        encoder: any layer named "encoder": (B, L, D), (B, L) mask -> (B, L, D).
        tasks: the objectives, trained jointly.
        pooling: for objectives over the pooled vector; BERT's [CLS] with tanh unless given.
        packed: for batches with several documents in a row; with further inputs document_ids and
            position_ids (B, L) int32.
    """
    if not tasks or len({task.name for task in tasks}) != len(tasks):
        raise ValueError(
            f"Expected one or more tasks of different names. Received: {[t.name for t in tasks]}"
        )
    inputs, padding_mask, sequence = encode(embedding, encoder, packed)
    pooling = pooling or Pooling("cls", projection=True, name="pooling")
    pooled = pooling(sequence, padding_mask)
    outputs = {}
    for task in tasks:
        inputs |= task.inputs()
        outputs[task.name] = task.head(embedding, sequence, pooled, inputs)
    # What no output depends on (the pooling, where all objectives are over positions) is left out.
    return keras.Model(inputs, outputs, name="pretrain_model")


def compile_pretrain(model: keras.Model, tasks: Sequence[Task], optimizer) -> keras.Model:
    """Compile with the tasks' losses; the total is their sum."""
    model.compile(optimizer=optimizer, loss={task.name: task.loss() for task in tasks})
    return model
