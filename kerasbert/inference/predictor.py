"""A fine-tuned run, ready to answer."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasbert.batches.labeled import encode_texts, predict_logits
from kerasbert.runs.fine_tuned import open_fine_tuned
from kerasbert.text.inputs import as_rows, check_texts

FEW = 8  # so many texts or fewer are answered in a batch of their own size, without waiting for 64


class Predictor:
    """The model of a fine-tuning run with its tokenizer, labels and decision.

    Several threads may call one predictor; the model answers them one after the other.

    Attributes:
        kind: "multi-label", "multi-class" or "binary".
        pairs: whether a text is a pair of texts.
        decision: how logits become labels: temperature, thresholds and rule of the run.
        at_half: the same for figures at threshold 0.5.
        max_length: positions of the longest text, or of a window; longer ones are cut or split.
        windows: how a longer text is split, or None.
        truncated: how many texts were cut so far.

    Args:
        run: the folder that `kerasbert finetune` made.

    Raises:
        InputError: the folder is not that of a finished fine-tuning run.
    """

    def __init__(self, run: str | Path):
        found = open_fine_tuned(run)
        self.kind = found.kind
        self.pairs = found.pairs
        self.max_length = found.max_length
        self.windows = found.windows
        self.decision = found.decision
        self.at_half = found.at_half
        self.labels = found.labels
        self.tokenizer = found.tokenizer
        self.model = found.model
        self.truncated = 0
        self._lock = threading.Lock()

    @property
    def positions(self) -> int:
        """Of the longest text that is not cut: all its windows together."""
        return self.max_length * (self.windows.most if self.windows is not None else 1)

    def logits(
        self, texts: Sequence[tuple[str, ...]], batch_size: int = 64, count: bool = True
    ) -> np.ndarray:
        """(N, K) float32 logit of each label; `count` those that are cut."""
        encoded = encode_texts(texts, self.tokenizer, self.max_length, self.windows)
        rows = min(batch_size, 1 if len(texts) == 1 else FEW if len(texts) <= FEW else batch_size)
        with self._lock:
            self.truncated += encoded.truncated if count else 0
            return predict_logits(self.model, encoded, rows, self.kind)

    def probabilities(self, texts: Sequence[tuple[str, ...]], batch_size: int = 64) -> np.ndarray:
        """(N, K) float32 probability of each label."""
        return self.decision.probabilities(self.logits(texts, batch_size))

    def __call__(
        self, texts: Sequence[str | tuple[str, ...]], top_k: int | None = None
    ) -> list[dict[str, Any]]:
        """Labels and scores of each text, in order.

        Args:
            texts: strings, or pairs of strings.
            top_k: how many labels to answer with, those that are chosen before the others; all
                unless given.

        Returns:
            a dict for each text: "labels" (the chosen ones, the most probable first) and "scores"
            (of these and of the others, by label).
        """
        rows = self.rows(texts)
        return self.answers(self.probabilities(rows), top_k) if rows else []

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

    def answers(self, scores: np.ndarray, top_k: int | None = None) -> list[dict[str, Any]]:
        """As `__call__`, of probabilities (N, K) that have been computed."""
        chosen = self.decision.choose(scores)
        names = self.labels.names
        answers = []
        for row_scores, row_chosen in zip(scores, chosen, strict=True):
            order = np.argsort(-row_scores, kind="stable")
            if top_k is not None:  # by a threshold of its own, a less probable label may be chosen
                first = np.argsort(~row_chosen[order], kind="stable")[:top_k]
                order = order[np.sort(first)]
            values: dict[str, float | None] = {
                names[i]: round(float(row_scores[i]), 6) for i in order
            }
            answer: dict[str, Any] = {"labels": [names[i] for i in order if row_chosen[i]]}
            if not np.isfinite(row_scores).all():  # of a damaged model
                values |= {names[i]: None for i in order if not np.isfinite(row_scores[i])}
                answer["scores_reason"] = "the model's outputs are no finite numbers"
            answers.append({**answer, "scores": values})
        return answers


def load_predictor(run: str | Path) -> Predictor:
    """The predictor of a fine-tuning run: `kerasbert.load_predictor("runs/tags")(["a text"])`."""
    return Predictor(run)


load = load_predictor
