"""Several short rows in one: which of them share a row, so that hardly a position is padding."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Packs:
    """Rows that share a row.

    Pack i is the rows `members[offsets[i]:offsets[i + 1]]`.

        members  (R,)      int64, each row once
        offsets  (P + 1,)  int64
        lengths  (P,)      int64, positions that are taken, gaps included
    """

    members: np.ndarray
    offsets: np.ndarray
    lengths: np.ndarray

    def __getitem__(self, pack: int) -> np.ndarray:
        return self.members[self.offsets[pack] : self.offsets[pack + 1]]


def pack_rows(lengths: np.ndarray, max_length: int, gap: int = 0) -> Packs:
    """Fill each pack with the longest row that is left, then with the longest that still fit.

    Args:
        lengths: (R,) int, positions of each row, from 1 to `max_length`.
        max_length: positions of a pack.
        gap: positions of padding between two rows of a pack.

    Returns:
        The packs, those with the longest rows first. Their rows are a function of the arguments.

    Source: the problem is that of Krell et al. 2021, https://arxiv.org/abs/2107.02027, section 3;
    like theirs, this looks at a histogram of lengths instead of all rows.
    """
    lengths = np.asarray(lengths, np.int64)
    by_length = np.argsort(-lengths, kind="stable")  # the rows of each length follow each other
    histogram = np.bincount(lengths, minlength=max_length + 1)
    begins = len(lengths) - np.cumsum(histogram)
    left, following = histogram.tolist(), begins.tolist()
    # Bit l is set while a row of length l is left: the highest bit up to the room is what fits.
    available = sum(1 << length for length, count in enumerate(left) if count)

    members: list[int] = []
    offsets, filled = [0], []
    while available:
        room, taken = max_length, 0
        while room > 0 and (length := (available & ((2 << room) - 1)).bit_length() - 1) > 0:
            members.append(following[length])
            following[length] += 1
            left[length] -= 1
            if not left[length]:
                available ^= 1 << length
            taken = max_length - room + length
            room -= length + gap
        offsets.append(len(members))
        filled.append(taken)
    return Packs(by_length[members], np.array(offsets), np.array(filled, np.int64))


def join_packs(parts: Sequence[Packs], firsts: np.ndarray) -> Packs:
    """Packs of parts of the rows as packs of all; `firsts` (n,) is where each part's rows begin."""
    members = [part.members + first for part, first in zip(parts, firsts, strict=True)]
    sizes = [np.diff(part.offsets) for part in parts]
    return Packs(
        np.concatenate(members),
        np.concatenate([[0], np.cumsum(np.concatenate(sizes))]),
        np.concatenate([part.lengths for part in parts]),
    )


def one_document_a_row(token_ids: np.ndarray, pad_id: int = 0) -> dict[str, np.ndarray]:
    """What a model for packed rows needs beside (B, L) token ids that are not packed."""
    return {
        "document_ids": (token_ids != pad_id).astype(np.int32),
        "position_ids": np.tile(np.arange(token_ids.shape[1], dtype=np.int32), (len(token_ids), 1)),
    }
