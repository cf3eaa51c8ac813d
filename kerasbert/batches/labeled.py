"""Batches of labelled texts for fine-tuning, and texts in order for prediction."""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from kerasbert.batches.apart import ApartTexts
from kerasbert.batches.encoded import EncodedTexts, WindowedTexts, Windows
from kerasbert.batches.order import EpochOrder
from kerasbert.batches.padding import check_padding
from kerasbert.batches.stream import OnePass, for_keras, stream
from kerasbert.batches.token_rows import TokenRows, predict_token_outputs
from kerasbert.choices import KindName
from kerasbert.heads.classification.head import Classification
from kerasbert.heads.classification.outputs import gives_logits, to_logits
from kerasbert.heads.head import Head
from kerasbert.text.labels import LabelSet
from kerasbert.tokenizer.special_ids import SpecialIds


class LabeledBatches:
    """Labelled documents as batches: batch `step` is a pure function of (seed, step).

    With B = `batch_size`, L the batch's length (one of a few), K labels:

        inputs  token_ids, segment_ids  (B, L)  int32
        target                          what the head's loss takes

    Args:
        documents: `LabeledDocument`s.
        tokenizer: a `Tokenizer`.
        head: what is predicted, a `kerasbert.heads.Head`; or a `LabelSet`, for `Classification`. A
            document that it has no target for, such as one whose only class training does not
            know, is in no batch. In `texts`, `gold` and `unseen`, which figures are counted on,
            it is.
        kind: with a `LabelSet`: "multi-label", "multi-class" or "binary".
        max_length: positions of the longest row; longer texts are cut.
        batch_size: B.
        seed: of the order.
        windows: split long texts into windows of `max_length`; L is then all windows together, or
            of a head that is `by_token` each window is a row.
        apart: encode the texts of a pair each alone; L is then both together.

    Raises:
        ValueError: no document, or such as the head cannot learn from.
    """

    def __init__(
        self,
        documents: Sequence,
        tokenizer,
        head: Head | LabelSet,
        kind: KindName = "multi-label",
        max_length: int = 128,
        batch_size: int = 32,
        seed: int = 0,
        windows: Windows | None = None,
        apart: bool = False,
    ):
        if not documents:
            raise ValueError("documents: expected one or more. Received: none")
        self.head = Classification(head, kind) if isinstance(head, LabelSet) else head
        if self.head.by_token and windows is None:
            windows = Windows(max_length // 4, rows=True)
        self.texts = encode_texts(
            [d.texts for d in documents], tokenizer, max_length, windows, apart
        )
        self.gold = self.head.encode(documents)  # (N, ...)
        self.unseen = sum(self.head.unseen(documents).values())
        self.max_length = self.texts.max_length
        self.windows = windows
        self.apart = apart
        self.batch_size = batch_size
        self._row_targets: list | None = None
        if isinstance(self.texts, TokenRows):
            self._row_targets = self.head.row_targets(self.gold, self.texts.places)
            self.rows = np.flatnonzero([target is not None for target in self._row_targets])
        else:
            self.rows = np.flatnonzero(self.head.has_target(self.gold))
        self.order = EpochOrder(self.texts.lengths[self.rows], batch_size, seed)
        self.steps_per_epoch = self.order.steps_per_epoch

    @property
    def special(self) -> SpecialIds:
        """The ids of [CLS], [SEP] and padding in the rows."""
        return self.texts.tokenizer.special

    def notes(self, documents: Sequence) -> list[str]:
        """What its head has to say of the documents, and of their rows."""
        notes = self.head.notes(documents, self.gold)
        if isinstance(self.texts, TokenRows):
            notes += self.head.row_notes(self.gold, self.texts.places)
        return notes

    def with_vectors(self, vectors: np.ndarray) -> "LabeledBatches":
        """The same batches, their inputs with the `vectors` (B, P) of a frozen encoder.

        Args:
            vectors: (N, P), of all texts in order.
        """
        batches = copy.copy(self)
        batches.texts = self.texts.with_vectors(vectors)
        return batches

    def batch(self, step: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Inputs and target of a step, counted from 0 through all epochs."""
        return self._batch(self.rows[self.order.batch(step)])

    def _batch(self, indices: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        length = self.texts.padded_length(indices)
        if self._row_targets is not None:
            found = [self._row_targets[index] for index in indices]
            return self.texts.rows(indices, length), self.head.token_targets(found, length)
        return self.texts.rows(indices, length), self.head.targets(self.gold[indices])

    def stream(self, start: int | keras.Model | None = None):
        """What `model.fit(..., steps_per_epoch=batches.steps_per_epoch)` takes, see `BatchStream`.

        `stream(model)` begins where the model's optimizer is: for `BackupAndRestore`, or a second
        `fit`.
        """
        return stream(self, start)

    def once(self):
        """Every document that has a target once, for `evaluate` and `validation_data`."""
        return for_keras(self.one_pass())

    def one_pass(self) -> OnePass:
        """As `once`, the same on every backend."""
        order, size = np.argsort(self.texts.lengths[self.rows], kind="stable"), self.batch_size
        order = self.rows[order]
        return OnePass(
            lambda step: self._batch(order[step * size : (step + 1) * size]), self.steps_per_epoch
        )


def encode_texts(
    texts: Sequence[tuple[str, ...]],
    tokenizer,
    max_length: int,
    windows: Windows | None = None,
    apart: bool = False,
) -> EncodedTexts:
    """Texts cut to `max_length` positions, or split into windows of so many; or pairs apart.

    Windows that are rows make `TokenRows`, whose tokens' places are known.
    """
    if apart:
        return ApartTexts(texts, tokenizer, max_length)
    if windows is not None and windows.rows:
        return TokenRows(texts, tokenizer, max_length, windows)
    if windows is None:
        return EncodedTexts(texts, tokenizer, max_length)
    return WindowedTexts(texts, tokenizer, max_length, windows)


def in_order(
    texts: EncodedTexts, batch_size: int, some: slice = slice(None)
) -> Iterator[tuple[np.ndarray, dict]]:
    """Every text once, like lengths together: (indices of its first rows, inputs).

    Where each shape is compiled, the lengths are few, and the last batch is filled up with padding,
    so that every batch has the same number of rows. PyTorch computes any shape as it comes: there a
    batch is as long as its longest text, to a multiple of 8.

    Args:
        texts: N of them.
        batch_size: rows of a batch.
        some: which texts; all unless given.
    """
    few = keras.config.backend() != "torch"
    order = np.arange(len(texts))[some]
    order = order[np.argsort(texts.lengths[order], kind="stable")]
    for start in range(0, len(order), batch_size):
        indices = order[start : start + batch_size]
        inputs = texts.rows(indices, texts.padded_length(indices, few))
        if few and (missing := batch_size - len(indices)):
            fill = {"token_ids": texts.tokenizer.special.pad}
            inputs = {
                key: np.pad(rows, ((0, missing), (0, 0)), constant_values=fill.get(key, 0))
                for key, rows in inputs.items()
            }
        yield indices, inputs


def predict_outputs(model, texts: EncodedTexts, batch_size: int = 64) -> Any:
    """(N, ...) float32 outputs of a model, in the order of the texts; `TokenOutputs` of rows.

    Args:
        model: with one output (B, ...) whose shape does not follow the length of the texts.
        texts: N of them.
        batch_size: texts at a time.

    Raises:
        ValueError: the model has another output, or there are no texts.
    """
    if isinstance(texts, TokenRows):
        return predict_token_outputs(model, texts, in_order(texts, batch_size))
    check_padding(model, texts.tokenizer.special.pad)
    outputs = None
    for indices, inputs in in_order(texts, batch_size):
        made = model.predict_on_batch(inputs)
        if isinstance(made, dict | list | tuple) or made.ndim < 2:
            found = list(made) if isinstance(made, dict) else getattr(made, "shape", type(made))
            raise ValueError(f"Expected a model with one output (B, K). Received: {found}")
        if outputs is None:
            outputs = np.zeros((len(texts), *made.shape[1:]), np.float32)
        outputs[indices] = np.asarray(made)[: len(indices)]
    if outputs is None:
        raise ValueError(f"Expected texts to predict. Received: {len(texts)}")
    return outputs


def predict_logits(
    model,
    texts: EncodedTexts,
    batch_size: int = 64,
    kind: str = "multi-label",
    from_logits: bool | None = None,
) -> np.ndarray:
    """(N, K) float32 logits of a classifier, in the order of the texts.

    Args:
        model: with one output (B, K): logits, or probabilities, of which logits are made.
        texts: N of them.
        batch_size: texts at a time.
        kind: what the probabilities are of, see `to_logits`.
        from_logits: which of the two it gives; what the model says unless given, see
            `gives_logits`.

    Raises:
        ValueError: the model has another output, or it is not known which of the two it gives.
    """
    outputs = predict_outputs(model, texts, batch_size)
    if outputs.ndim != 2:
        raise ValueError(f"Expected a model with one output (B, K). Received: {outputs.shape}")
    return to_logits(outputs, kind, gives_logits(model) if from_logits is None else from_logits)
