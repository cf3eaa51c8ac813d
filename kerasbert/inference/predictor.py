"""A fine-tuned model, ready to answer."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kerasbert.batches.encoded import Windows
from kerasbert.batches.labeled import LabeledBatches, encode_texts, predict_outputs
from kerasbert.choices import KindName
from kerasbert.heads.classification.head import Classification
from kerasbert.heads.head import Head
from kerasbert.runs.fine_tuned import FineTunedRun, open_fine_tuned
from kerasbert.text.inputs import as_rows, check_texts, is_empty
from kerasbert.text.labels import LabelSet

FEW = 8  # so many texts or fewer are answered in a batch of their own size, without waiting for 64


class Predictor:
    """The model of a fine-tuning run with its tokenizer, head and decision.

    `Predictor("runs/tags")` is that of a run, `Predictor.of(model, tokenizer, labels)` that of a
    model which a program of your own has trained. Several threads may call one predictor; the model
    answers them one after the other.

    Attributes:
        head: what is predicted.
        pairs: whether a text is a pair of texts.
        apart: whether each text of a pair is encoded alone.
        decision: how outputs become answers; for labels temperature, thresholds and rule.
        max_length: positions of the longest text, or of a window; longer ones are cut or split.
        windows: how a longer text is split, or None.
        truncated: how many texts were cut so far.

    Args:
        run: the folder that `kerasbert finetune` made, or what `open_fine_tuned` found in it.
        head: the user's own that the run was made with; the run knows any other.

    Raises:
        InputError: the folder is not that of a finished fine-tuning run, or its head is unknown.
    """

    def __init__(self, run: str | Path | FineTunedRun, head: Head | None = None):
        found = run if isinstance(run, FineTunedRun) else open_fine_tuned(run, head)
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

    @classmethod
    def of(
        cls,
        model: Any,
        tokenizer: Any,
        head: Head | LabelSet | Sequence[str],
        kind: KindName = "multi-label",
        *,
        max_length: int = 128,
        windows: Windows | None = None,
        pairs: bool = False,
        valid: LabeledBatches | None = None,
    ) -> Predictor:
        """That of a model in memory: after `model.fit`, or of another's making.

        `Predictor.of(model, tokenizer, labels, "multi-label", valid=valid)(["a text"])`

        Args:
            model: token_ids and segment_ids (B, L) to what the head has as output, as
                `build_classifier` makes it.
            tokenizer: a `Tokenizer`.
            head: what is predicted; or the labels in the order of the model's outputs, for
                `Classification`.
            kind: with labels: "multi-label", "multi-class" or "binary".
            max_length: positions of the longest text, or of a window; as in training.
            windows: how a longer text is split.
            pairs: whether a text is a pair of texts.
            valid: labelled batches on which the decision is fitted: of labels temperature,
                thresholds and rule. Without them it is that of probability one half.

        Raises:
            InputError: the model is not one of this head.
        """
        if not isinstance(head, Head):
            labels = head if isinstance(head, LabelSet) else LabelSet(tuple(head))
            head = Classification(labels, kind)
        head.check_output(model.output_shape)
        if head.by_token and windows is None:
            windows = Windows(max_length // 4, rows=True)
        found = cls(
            FineTunedRun(head, pairs, max_length, windows, {}, head.unfitted(), tokenizer, model)
        )
        if valid is not None:
            outputs = predict_outputs(model, valid.texts)
            found.decision = head.fit(head.read(outputs, model), valid)
        return found

    @property
    def positions(self) -> int:
        """Of the longest text that is not cut: all its windows together."""
        return self.max_length * (self.windows.most or 1 if self.windows is not None else 1)

    def outputs(
        self, texts: Sequence[tuple[str, ...]], batch_size: int = 64, count: bool = True
    ) -> Any:
        """(N, ...) float32 as the head reads them, or `TokenOutputs`; `count` those cut."""
        encoded = encode_texts(texts, self.tokenizer, self.max_length, self.windows, self.apart)
        rows = min(batch_size, 1 if len(texts) == 1 else FEW if len(texts) <= FEW else batch_size)
        with self._lock:
            self.truncated += encoded.truncated if count else 0
            return self.head.read(predict_outputs(self.model, encoded, rows), self.model)

    def __call__(
        self, texts: Sequence[str | tuple[str, ...]], top_k: int | None = None, **options: Any
    ) -> list[dict[str, Any]]:
        """The answer to each text, in order; an empty one gets none, and is not guessed.

        Args:
            texts: strings, or pairs of strings.
            top_k: how many labels to answer with, those that are chosen before the others; all
                unless given.
            **options: further ones of the head; a classifier has `threshold`, which replaces the
                fitted ones of a multi-label run, and `labels_only`.

        Returns:
            a dict for each text; of a classifier "labels" (the chosen ones, the most probable
            first) and "scores" (of these and of the others, by label).

        Raises:
            InputError: as `rows`; the head does not take an option.
        """
        rows = self.rows(texts)
        options = given_options(top_k=top_k, **options)
        self.head.check_options(options)
        full = [row for row in rows if not is_empty(row)]
        found = self.head.answers(self.outputs(full), self.decision, **options) if full else []
        answers = iter(found)
        return [
            self.head.empty_answer(**options) if is_empty(row) else next(answers) for row in rows
        ]

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


def given_options(**options: Any) -> dict[str, Any]:
    """Those that were given: neither None nor False."""
    return {name: value for name, value in options.items() if value not in (None, False)}


def load_predictor(run: str | Path, head: Head | None = None) -> Predictor:
    """The predictor of a fine-tuning run: `kerasbert.load_predictor("runs/tags")(["a text"])`."""
    return Predictor(run, head)


load = load_predictor
