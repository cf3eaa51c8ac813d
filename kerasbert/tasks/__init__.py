"""Pre-training objectives: inputs, masking, head and loss of each in one file."""

from collections.abc import Callable
from dataclasses import dataclass

from kerasbert.choices import MaskingUnit
from kerasbert.corpus.store.token_store import TokenStore
from kerasbert.tasks.document_words import DocumentWords
from kerasbert.tasks.masked_lm import MaskedLM
from kerasbert.tasks.next_sentence import NextSentence, SentenceOrder
from kerasbert.tasks.task import Rows, Task, TaskBatch
from kerasbert.tasks.teacher import TeacherVectors


@dataclass(frozen=True)
class TaskSettings:
    """What the objectives of the command line can be told.

    Attributes:
        seed: of their heads' initial weights.
        masking, masking_rate, max_predictions: `unit`, `rate`, `max_predictions` of `MaskedLM`.
        activation, epsilon, width, bias: of its head, which is that of a public model.
    """

    seed: int = 0
    masking: MaskingUnit = "token"
    masking_rate: float = 0.15
    max_predictions: int | None = None
    activation: str = "gelu"
    epsilon: float = 1e-12
    width: int | None = None
    bias: bool = True


# The names of the command line: from a token store and settings to an objective. They make their
# batches in this order, whatever the order on the command line.
TASKS: dict[str, Callable[[TokenStore, TaskSettings], Task]] = {
    "document-words": lambda store, settings: DocumentWords(
        store.tokenizer.vocabulary_size, store.token_shares(), seed=settings.seed
    ),
    "masked-lm": lambda store, settings: MaskedLM(
        store.tokenizer.vocabulary_size,
        rate=settings.masking_rate,
        max_predictions=settings.max_predictions,
        unit=settings.masking,
        shares=store.token_shares(),
        seed=settings.seed,
        activation=settings.activation,
        epsilon=settings.epsilon,
        width=settings.width,
        bias=settings.bias,
    ),
    "next-sentence": lambda store, settings: NextSentence(seed=settings.seed),
    "sentence-order": lambda store, settings: SentenceOrder(seed=settings.seed),
}

__all__ = [
    "TASKS",
    "DocumentWords",
    "MaskedLM",
    "NextSentence",
    "Rows",
    "SentenceOrder",
    "Task",
    "TaskBatch",
    "TaskSettings",
    "TeacherVectors",
]
