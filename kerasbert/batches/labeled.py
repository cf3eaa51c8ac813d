"""Batches of labelled texts for fine-tuning, and texts in order for prediction."""

from collections.abc import Iterator, Sequence

import keras
import numpy as np

from kerasbert.batches.encoded import EncodedTexts, WindowedTexts, Windows
from kerasbert.batches.order import EpochOrder
from kerasbert.batches.outputs import gives_logits, to_logits
from kerasbert.batches.padding import check_padding
from kerasbert.batches.stream import OnePass, for_keras, stream
from kerasbert.text.kinds import KINDS, misfit
from kerasbert.tokenizer.special_ids import SpecialIds


class LabeledBatches:
    """Labelled documents as batches: batch `step` is a pure function of (seed, step).

    With B = `batch_size`, L the batch's length (one of a few), K labels:

        inputs  token_ids, segment_ids  (B, L)  int32
        target  (B, K) float32 multi-hot for "multi-label", else (B,) int32 class indices

    Args:
        documents: `LabeledDocument`s.
        tokenizer: a `Tokenizer`.
        labels: a `LabelSet`; other labels are left out of the targets.
        kind: "multi-label", "multi-class" or "binary". The last two want one label a document; a
            document whose label is not in `labels` is then in no batch, since it has no target. In
            `texts`, `gold` and `unseen`, which F1 is counted on, it is.
        max_length: positions of the longest row; longer texts are cut.
        batch_size: B.
        seed: of the order.
        windows: split long texts into windows of `max_length`; L is then all windows together.

    Raises:
        ValueError: an unknown kind, labels that do not fit it, no document, or none with a label
            that is in `labels` although they have some.
    """

    def __init__(
        self,
        documents: Sequence,
        tokenizer,
        labels,
        kind: str = "multi-label",
        max_length: int = 128,
        batch_size: int = 32,
        seed: int = 0,
        windows: Windows | None = None,
    ):
        _check(documents, labels, kind)
        self.kind = kind
        self.texts = encode_texts([d.texts for d in documents], tokenizer, max_length, windows)
        self.gold = labels.encode(documents)  # (N, K)
        self.unseen = sum(labels.unseen(documents).values())
        self.max_length = self.texts.max_length
        self.batch_size = batch_size
        has_target = (
            np.ones(len(documents), bool) if kind == "multi-label" else self.gold.any(axis=1)
        )
        self.rows = np.flatnonzero(has_target)
        self.order = EpochOrder(self.texts.lengths[self.rows], batch_size, seed)
        self.steps_per_epoch = self.order.steps_per_epoch

    @property
    def special(self) -> SpecialIds:
        """The ids of [CLS], [SEP] and padding in the rows."""
        return self.texts.tokenizer.special

    def batch(self, step: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Inputs and target of a step, counted from 0 through all epochs."""
        return self._batch(self.rows[self.order.batch(step)])

    def _batch(self, indices: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        gold = self.gold[indices]
        target = gold if self.kind == "multi-label" else gold.argmax(axis=1).astype(np.int32)
        return self.texts.rows(indices, self.texts.padded_length(indices)), target

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


def _check(documents: Sequence, labels, kind: str) -> None:
    """Refuse what no batch can be made of."""
    if kind not in KINDS:
        raise ValueError(f"kind: expected one of {', '.join(KINDS)}. Received: {kind!r}")
    if not documents:
        raise ValueError("documents: expected one or more. Received: none")
    if (kind == "binary" and len(labels) != 2) or (kind == "multi-class" and len(labels) < 2):
        raise ValueError(
            f"labels: kind {kind} expects {'2' if kind == 'binary' else '2 or more'}. "
            f"Received: {len(labels)}"
        )
    for number, document in enumerate(documents):
        if found := misfit(len(document.labels), kind):
            raise ValueError(
                f"documents: kind {kind} expects exactly one label each. "
                f"Received: documents[{number}] (line {document.line}) with {found}"
            )
    known = set(labels.names)
    found_labels = {name for document in documents for name in document.labels}
    if found_labels and known.isdisjoint(found_labels):
        raise ValueError(
            f"documents: expected some labels of {list(labels.names[:3])} and so on. "
            f"Received: {sorted(found_labels)[:3]} and so on, none of them known"
        )


def encode_texts(
    texts: Sequence[tuple[str, ...]], tokenizer, max_length: int, windows: Windows | None = None
) -> EncodedTexts:
    """Texts cut to `max_length` positions, or split into windows of so many."""
    if windows is None:
        return EncodedTexts(texts, tokenizer, max_length)
    return WindowedTexts(texts, tokenizer, max_length, windows)


def in_order(texts: EncodedTexts, batch_size: int) -> Iterator[tuple[np.ndarray, dict]]:
    """Every text once, like lengths together: (indices of its first rows, inputs of full size).

    The last batch is filled up with padding, so that every batch has the same number of rows.
    """
    order = np.argsort(texts.lengths, kind="stable")
    for start in range(0, len(order), batch_size):
        indices = order[start : start + batch_size]
        inputs = texts.rows(indices, texts.padded_length(indices))
        if missing := batch_size - len(indices):
            fill = {"token_ids": texts.tokenizer.special.pad}
            inputs = {
                key: np.pad(ids, ((0, missing), (0, 0)), constant_values=fill.get(key, 0))
                for key, ids in inputs.items()
            }
        yield indices, inputs


def predict_logits(
    model,
    texts: EncodedTexts,
    batch_size: int = 64,
    kind: str = "multi-label",
    from_logits: bool | None = None,
) -> np.ndarray:
    """(N, K) float32 logits of a classifier, in the order of the texts.

    Args:
        model: a classifier with one output (B, K): logits, or probabilities, of which logits are
            made.
        texts: N of them.
        batch_size: texts at a time.
        kind: what the probabilities are of, see `to_logits`.
        from_logits: which of the two it gives; what the model says unless given, see
            `gives_logits`.

    Raises:
        ValueError: the model has another output, or it is not known which of the two it gives.
    """
    check_padding(model, texts.tokenizer.special.pad)
    outputs = None
    for indices, inputs in in_order(texts, batch_size):
        made = model.predict_on_batch(inputs)
        if isinstance(made, dict | list | tuple) or made.ndim != 2:
            found = list(made) if isinstance(made, dict) else getattr(made, "shape", type(made))
            raise ValueError(f"Expected a model with one output (B, K). Received: {found}")
        if outputs is None:
            outputs = np.zeros((len(texts), made.shape[1]), np.float32)
        outputs[indices] = np.asarray(made)[: len(indices)]
    if outputs is None:
        raise ValueError(f"Expected texts to predict. Received: {len(texts)}")
    return to_logits(outputs, kind, gives_logits(model) if from_logits is None else from_logits)
