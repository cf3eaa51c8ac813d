"""A fine-tuned run, ready to answer."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasbert.batches.labeled import encode_texts, predict_outputs
from kerasbert.heads.head import Head
from kerasbert.runs.fine_tuned import open_fine_tuned
from kerasbert.text.inputs import as_rows, check_texts

FEW = 8  # so many texts or fewer are answered in a batch of their own size, without waiting for 64


class Predictor:
    """The model of a fine-tuning run with its tokenizer, head and decision.

    Several threads may call one predictor; the model answers them one after the other.

    Attributes:
        head: what is predicted.
        pairs: whether a text is a pair of texts.
        apart: whether each text of a pair is encoded alone.
        decision: how outputs become answers; for labels temperature, thresholds and rule.
        max_length: positions of the longest text, or of a window; longer ones are cut or split.
        windows: how a longer text is split, or None.
        truncated: how many texts were cut so far.

    Args:
        run: the folder that `kerasbert finetune` made.
        head: the user's own that the run was made with; the run knows any other.

    Raises:
        InputError: the folder is not that of a finished fine-tuning run, or its head is unknown.
    """

    def __init__(self, run: str | Path, head: Head | None = None):
        found = open_fine_tuned(run, head)
        self.head = found.head
        self.pairs = found.pairs
        self.apart = found.apart
        self.max_length = found.max_length
        self.windows = found.windows
        self.metrics = found.metrics
        self.decision = found.decision
        self.tokenizer = found.tokenizer
        self.model = found.model
        self.truncated = 0
        self._lock = threading.Lock()

    @property
    def positions(self) -> int:
        """Of the longest text that is not cut: all its windows together."""
        return self.max_length * (self.windows.most if self.windows is not None else 1)

    def outputs(
        self, texts: Sequence[tuple[str, ...]], batch_size: int = 64, count: bool = True
    ) -> np.ndarray:
        """(N, ...) float32 as the head reads them; `count` those that are cut."""
        encoded = encode_texts(texts, self.tokenizer, self.max_length, self.windows, self.apart)
        rows = min(batch_size, 1 if len(texts) == 1 else FEW if len(texts) <= FEW else batch_size)
        with self._lock:
            self.truncated += encoded.truncated if count else 0
            return self.head.read(predict_outputs(self.model, encoded, rows), self.model)

    def __call__(
        self, texts: Sequence[str | tuple[str, ...]], top_k: int | None = None
    ) -> list[dict[str, Any]]:
        """The answer to each text, in order.

        Args:
            texts: strings, or pairs of strings.
            top_k: how many labels to answer with, those that are chosen before the others; all
                unless given.

        Returns:
            a dict for each text; of a classifier "labels" (the chosen ones, the most probable
            first) and "scores" (of these and of the others, by label).
        """
        rows = self.rows(texts)
        return self.head.answers(self.outputs(rows), self.decision, top_k=top_k) if rows else []

    def rows(self, texts: Sequence[str | tuple[str, ...]]) -> list[tuple[str, ...]]:
        """The texts as tuples of one or two strings.

        Raises:
            InputError: a pair where the run takes single texts, or the other way round.
            TypeError: no texts, see `as_rows`.
        """
        rows = as_rows(texts)
        for number, row in enumerate(rows):
            check_texts(len(row), self.pairs, f"text {number}")
        return rows


def load_predictor(run: str | Path, head: Head | None = None) -> Predictor:
    """The predictor of a fine-tuning run: `kerasbert.load_predictor("runs/tags")(["a text"])`."""
    return Predictor(run, head)


load = load_predictor
