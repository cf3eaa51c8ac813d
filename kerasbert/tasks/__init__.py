"""Pre-training objectives: inputs, masking, head and loss of each in one file."""

from collections.abc import Callable

from kerasbert.tasks.document_words import DocumentWords
from kerasbert.tasks.masked_lm import MaskedLM
from kerasbert.tasks.next_sentence import NextSentence
from kerasbert.tasks.task import Rows, Task, TaskBatch
from kerasbert.text.store import TokenStore

# The names of the command line: from a token store and a seed to an objective.
TASKS: dict[str, Callable[[TokenStore, int], Task]] = {
    "masked-lm": lambda store, seed: MaskedLM(store.tokenizer.vocabulary_size, seed=seed),
    "document-words": lambda store, seed: DocumentWords(
        store.tokenizer.vocabulary_size, store.token_shares(), seed=seed
    ),
    "next-sentence": lambda store, seed: NextSentence(seed=seed),
}

__all__ = ["TASKS", "DocumentWords", "MaskedLM", "NextSentence", "Rows", "Task", "TaskBatch"]
