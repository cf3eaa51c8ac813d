"""Rows of random tokens, as the tests of masking need them."""

import numpy as np

from kerasbert.tasks import Rows

VOCABULARY = 200


def rows(batch, length, text, seed=0, second=None):
    """[CLS], `text` tokens, [SEP], padding; a second segment from position `second`."""
    rng = np.random.default_rng(seed)
    token_ids = np.zeros((batch, length), np.int32)
    token_ids[:, 0] = 2
    token_ids[:, 1 : text + 1] = rng.integers(5, VOCABULARY, (batch, text))
    token_ids[:, text + 1] = 3
    special = np.ones((batch, length), bool)
    special[:, 1 : text + 1] = False
    segments = np.zeros_like(token_ids)
    if second is not None:
        token_ids[:, second], special[:, second] = 3, True
        segments[:, second + 1 :] = 1
    zeros = np.zeros(batch, np.int32)
    return Rows(token_ids, segments, special, zeros, zeros.astype(bool))
