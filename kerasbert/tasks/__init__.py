"""Pre-training objectives: inputs, masking, head and loss of each in one file."""

from kerasbert.tasks.masked_lm import MaskedLM
from kerasbert.tasks.next_sentence import NextSentence
from kerasbert.tasks.task import Rows, Task, TaskBatch

# The names of the command line.
TASKS = {
    "masked-lm": lambda vocabulary_size, seed: MaskedLM(vocabulary_size, seed=seed),
    "next-sentence": lambda vocabulary_size, seed: NextSentence(seed=seed),
}

__all__ = ["TASKS", "MaskedLM", "NextSentence", "Rows", "Task", "TaskBatch"]
