"""Batches of labelled texts for fine-tuning, and texts in order for prediction."""

from collections.abc import Iterator, Sequence

import numpy as np

from kerasbert.batches.encoded import EncodedTexts, WindowedTexts, Windows
from kerasbert.batches.order import EpochOrder
from kerasbert.batches.padding import check_padding
from kerasbert.batches.stream import stream
from kerasbert.text.special_ids import SpecialIds


class LabeledBatches:
    """Labelled documents as batches: batch `step` is a pure function of (seed, step).

    With B = `batch_size`, L the batch's length (one of a few), K labels:

        inputs  token_ids, segment_ids  (B, L)  int32
        target  (B, K) float32 multi-hot for "multi-label", else (B,) int32 class indices

    Args:
        documents: `LabeledDocument`s.
        tokenizer: a `Tokenizer`.
        labels: a `LabelSet`; other labels are left out of the targets.
        kind: "multi-label", "multi-class" or "binary".
        max_length: positions of the longest row; longer texts are cut.
        batch_size: B.
        seed: of the order.
        windows: split long texts into windows of `max_length`; L is then all windows together.
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
        self.kind = kind
        self.texts = encode_texts([d.texts for d in documents], tokenizer, max_length, windows)
        self.gold = labels.encode(documents)  # (N, K)
        self.unseen = sum(labels.unseen(documents).values())
        self.max_length = self.texts.max_length
        self.batch_size = batch_size
        self.order = EpochOrder(self.texts.lengths, batch_size, seed)
        self.steps_per_epoch = self.order.steps_per_epoch

    @property
    def special(self) -> SpecialIds:
        """The ids of [CLS], [SEP] and padding in the rows."""
        return self.texts.tokenizer.special

    def batch(self, step: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Inputs and target of a step, counted from 0 through all epochs."""
        indices = self.order.batch(step)
        gold = self.gold[indices]
        target = gold if self.kind == "multi-label" else gold.argmax(axis=1).astype(np.int32)
        return self.texts.rows(indices, self.texts.padded_length(indices)), target

    def stream(self, start: int = 0):
        """What `model.fit(..., steps_per_epoch=batches.steps_per_epoch)` takes."""
        return stream(self, start)


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


def predict_logits(model, texts: EncodedTexts, batch_size: int = 64) -> np.ndarray:
    """(N, K) float32 logits of a classifier, in the order of the texts."""
    check_padding(model, texts.tokenizer.special.pad)
    logits = np.zeros((len(texts), model.output_shape[-1]), np.float32)
    for indices, inputs in in_order(texts, batch_size):
        logits[indices] = np.asarray(model.predict_on_batch(inputs))[: len(indices)]
    return logits
