"""What a pre-training objective is: a small protocol, so that a user's own object is one too."""

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from kerasbert.choices import Pairs
from kerasbert.tokenizer.special_ids import OURS, SpecialIds


@dataclass
class Rows:
    """Rows of text as they come from the store, before any objective has changed them.

    With B rows, L positions:

        token_ids    (B, L)  int32, padded with `special_ids.pad`
        segment_ids  (B, L)  int32: 0 for [CLS] a [SEP], 1 for b [SEP]
        special      (B, L)  bool: [CLS], [SEP] and padding, which no objective may hide
        is_next      (B,)    int32: 1 where b follows a in its document, 0 where it does not
        is_pair      (B,)    bool: False for a row of one segment, where `is_next` means nothing

    Where several documents share a row, there are also

        document_ids  (B, L)  int32: 1 for the first document of the row, and so on; 0 for padding
        position_ids  (B, L)  int32: positions counted from 0 in each document

    and for an objective that asks for `words`

        word_starts  (B, L)  bool: True for the tokens of the text that begin a word

    and for an objective that asks for `vectors`

        vectors      (B, E)  float: what was given to the batches for each row

    `special_ids` are those of the tokenizer: what to hide a token with (`mask`), what to take away
    with (`pad`), and which ids are words: `special_ids.words(vocabulary_size)`.
    """

    token_ids: np.ndarray
    segment_ids: np.ndarray
    special: np.ndarray
    is_next: np.ndarray
    is_pair: np.ndarray
    document_ids: np.ndarray | None = None
    position_ids: np.ndarray | None = None
    special_ids: SpecialIds = OURS
    word_starts: np.ndarray | None = None
    vectors: np.ndarray | None = None


@dataclass
class TaskBatch:
    """What one objective makes of the rows.

    `token_ids` replaces the rows' own for the model and for the objectives after it, to which what
    has become padding is special; `inputs` are further model inputs by key; `target` and
    `weight` go to the objective's loss.
    """

    target: np.ndarray
    weight: np.ndarray
    token_ids: np.ndarray | None = None
    inputs: dict[str, np.ndarray] = field(default_factory=dict)


def check_made(task: "Task", made: TaskBatch, length: int, vocabulary_size: int | None) -> None:
    """That an objective has made token ids of the vocabulary, and positions of the rows.

    Args:
        task: the objective.
        made: what it made of rows (B, L).
        length: L.
        vocabulary_size: V; None where it is not known.

    Raises:
        ValueError: it has not.
    """
    read = getattr(task, "positions", None)
    for name, ids, size in (
        ("token ids", made.token_ids, vocabulary_size),
        (f"{read}", made.inputs.get(f"{read}"), length),
    ):
        if ids is None or not ids.size:
            continue
        lowest, highest = int(ids.min()), int(ids.max())
        if lowest < 0 or (size is not None and highest >= size):
            expected = "0 or more" if size is None else f"0 to {size - 1}"
            raise ValueError(
                f"The objective {task.name!r} made {name} that are out of range: expected "
                f"{expected}. Received: {lowest} to {highest}"
            )


class Task(Protocol):
    """A pre-training objective.

    Attributes:
        name: of the model output, the target and the loss.
        pairs: which rows it needs. "none": any. "next": two segments, the second from another
            document in half of the rows. "order": two that follow each other, swapped in half.

    It may also say which held-out figures it has, `figures`, and how they are found,
    `scoring_model` and `score`, see `kerasbert.tasks.held_out`; without them its loss is scored.

    An objective over positions alone, which works where several documents share a row, also has
    `packs = True`. One that reads the states of some positions only has `positions`, the name of
    the one of its inputs (B, M) that holds them: no others are computed where that saves work. One
    with `words = True` gets `Rows.word_starts`, one with `vectors = True` gets `Rows.vectors`.
    """

    name: str
    pairs: Pairs

    def make(self, rows: Rows, rng: np.random.Generator) -> TaskBatch:
        """One batch from rows; a pure function of its arguments. Must not change `rows`."""
        ...

    def inputs(self) -> dict[str, Any]:
        """A `keras.Input` for each key of `TaskBatch.inputs`."""
        ...

    def head(self, embedding, sequence, pooled, inputs: dict[str, Any]):
        """The output tensor, from the embedding layer, (B, L, D) states and (B, D) pooled.

        With `positions` the states are those at these: (B, M, D).
        """
        ...

    def loss(self):
        """A `keras.losses.Loss` between target and output."""
        ...
