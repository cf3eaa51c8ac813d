"""Batches of labelled texts for fine-tuning, and texts in order for prediction."""

from collections.abc import Iterator, Sequence

import numpy as np

from kerasbert.batches.encoded import EncodedTexts
from kerasbert.batches.order import EpochOrder, bucket_of
from kerasbert.batches.stream import stream


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
    ):
        self.kind = kind
        self.texts = EncodedTexts([document.texts for document in documents], tokenizer, max_length)
        self.gold = labels.encode(documents)  # (N, K)
        self.unseen = sum(labels.unseen(documents).values())
        self.max_length = max_length
        self.batch_size = batch_size
        self.order = EpochOrder(self.texts.lengths, batch_size, seed)
        self.steps_per_epoch = self.order.steps_per_epoch

    def batch(self, step: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Inputs and target of a step, counted from 0 through all epochs."""
        indices = self.order.batch(step)
        length = bucket_of(int(self.texts.lengths[indices].max()), self.max_length)
        gold = self.gold[indices]
        target = gold if self.kind == "multi-label" else gold.argmax(axis=1).astype(np.int32)
        return self.texts.rows(indices, length), target

    def stream(self, start: int = 0):
        """What `model.fit(..., steps_per_epoch=batches.steps_per_epoch)` takes."""
        return stream(self, start)


def in_order(texts: EncodedTexts, batch_size: int) -> Iterator[tuple[np.ndarray, dict]]:
    """Every text once, like lengths together: (indices of its first rows, inputs of full size).

    The last batch is filled up with padding, so that every batch has the same number of rows.
    """
    order = np.argsort(texts.lengths, kind="stable")
    for start in range(0, len(order), batch_size):
        indices = order[start : start + batch_size]
        length = bucket_of(int(texts.lengths[indices].max()), texts.max_length)
        inputs = texts.rows(indices, length)
        if missing := batch_size - len(indices):
            inputs = {key: np.pad(ids, ((0, missing), (0, 0))) for key, ids in inputs.items()}
        yield indices, inputs


def predict_logits(model, texts: EncodedTexts, batch_size: int = 64) -> np.ndarray:
    """(N, K) float32 logits of a classifier, in the order of the texts."""
    logits = np.zeros((len(texts), model.output_shape[-1]), np.float32)
    for indices, inputs in in_order(texts, batch_size):
        logits[indices] = np.asarray(model.predict_on_batch(inputs))[: len(indices)]
    return logits
