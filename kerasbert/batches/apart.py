"""Pairs of texts that are encoded apart, each text as if it stood alone."""

from collections.abc import Sequence

import numpy as np

from kerasbert.batches.encoded import EncodedTexts


class ApartTexts(EncodedTexts):
    """Pairs as two texts one behind the other, each `[CLS] text [SEP]` and padding.

    Attributes:
        lengths: (N,) int, the positions that the longer text of each pair takes.

    Args:
        texts: pairs of texts.
        tokenizer: a `Tokenizer`.
        max_length: positions of a text, special tokens among them.
    """

    def __init__(self, texts: Sequence[tuple[str, ...]], tokenizer, max_length: int):
        super().__init__(texts, tokenizer, max_length)
        self.lengths = np.array([max(at, len(ids) - at) for ids, at in self._rows], np.int64)

    def _join(self, parts: tuple[np.ndarray, ...]) -> tuple[np.ndarray, int]:
        """Token ids of both texts, and where the second begins."""
        room, special = self.max_length - 2, self.tokenizer.special
        one, other = parts
        self.truncated += max(len(one), len(other)) > room
        both = [[special.cls, *part[:room], special.sep] for part in (one, other)]
        return np.concatenate(both).astype(np.int32), len(both[0])

    def padded_length(self, indices: np.ndarray, few: bool = True) -> int:
        """Twice that of a text."""
        return 2 * super().padded_length(indices, few)

    def rows(self, indices: np.ndarray, length: int) -> dict[str, np.ndarray]:
        """token_ids and segment_ids, each (len(indices), length) int32; all of segment 0."""
        half, pad = length // 2, self.tokenizer.special.pad
        token_ids = np.full((len(indices), length), pad, np.int32)
        for row, index in enumerate(indices):
            ids, at = self._rows[index]
            token_ids[row, :at] = ids[:at]
            token_ids[row, half : half + len(ids) - at] = ids[at:]
        inputs = {"token_ids": token_ids, "segment_ids": np.zeros_like(token_ids)}
        return self.beside_vectors(indices, inputs)
