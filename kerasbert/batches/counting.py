"""The counting task: are there more ones than 51 among 100 random bits?"""

import numpy as np

from kerasbert.batches.rng import keyed_rng
from kerasbert.batches.stream import stream

BITS = 100
MORE_THAN = 51
CLS_ID, SEP_ID, ZERO_ID, ONE_ID = 2, 3, 5, 6


class CountingBatches:
    """Fresh sequences of random bits: a batch is a pure function of (seed, step)."""

    def __init__(self, batch_size: int, seed: int):
        self.batch_size = batch_size
        self.seed = seed

    def batch(self, step: int):
        """token_ids and segment_ids (B, 102) int32: [CLS] bits [SEP]; target (B,) int32."""
        bits = keyed_rng(self.seed, step).integers(0, 2, (self.batch_size, BITS))
        edge = np.ones((self.batch_size, 1), int)
        token_ids = np.hstack([edge * CLS_ID, np.where(bits, ONE_ID, ZERO_ID), edge * SEP_ID])
        inputs = {"token_ids": token_ids.astype(np.int32)}
        inputs["segment_ids"] = np.zeros_like(inputs["token_ids"])
        return inputs, (bits.sum(axis=1) > MORE_THAN).astype(np.int32)

    def stream(self, start: int = 0):
        """What `model.fit` takes."""
        return stream(self, start)
