"""Texts as token ids: one flat array, and rows of it padded to a length."""

import copy
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerasbert.batches.order import bucket_of, multiple_of_eight
from kerasbert.text.inputs import as_rows


class EncodedTexts:
    """Texts or pairs of texts, tokenized, cut to fit, ready to be put into rows.

    A row is `[CLS] a [SEP]`, or `[CLS] a [SEP] b [SEP]` with segment id 1 for b and its [SEP]. Of a
    pair that is too long the longer text is cut first.

    Attributes:
        lengths: (N,) int, the positions each row takes, special tokens among them.
        truncated: how many texts were cut.
        pairs: whether a text is a pair of texts.
        unknown: how many of `tokens` tokens the tokenizer did not know.
        tokenizer: what encoded them; its `special` ids are the edges and the padding of rows.
        vectors: (N, P) float of a frozen encoder, which rows then hold beside their ids; or None.

    Raises:
        TypeError: no texts, see `as_rows`.
        ValueError: single texts and pairs.
    """

    def __init__(self, texts: Sequence[tuple[str, ...]], tokenizer, max_length: int):
        self.tokenizer = tokenizer
        self.max_length = max_length
        self.vectors: np.ndarray | None = None
        self.truncated = 0
        rows = as_rows(texts)
        if len(forms := {len(row) for row in rows}) > 1:
            raise ValueError(f"expected single texts or pairs, not both. Received: {forms} texts")
        sides = [tokenizer.encode([text[0] for text in rows])]
        self.pairs = bool(rows) and len(rows[0]) == 2
        if self.pairs:
            sides.append(tokenizer.encode([text[1] for text in rows]))
        self.tokens = int(sum(len(ids) for side in sides for ids in side))
        unk = tokenizer.special.unk
        self.unknown = 0
        if unk is not None:
            self.unknown = int(sum((ids == unk).sum() for side in sides for ids in side))
        self._rows = [self._join(parts) for parts in zip(*sides, strict=True)]
        self.lengths = np.array([len(ids) for ids, _ in self._rows], dtype=np.int64)

    def __len__(self) -> int:
        return len(self._rows)

    def _join(self, parts: tuple[np.ndarray, ...]) -> tuple[np.ndarray, int]:
        """Token ids of a row, and where segment 1 begins."""
        kept = tokens_read([len(part) for part in parts], self.max_length)
        self.truncated += sum(kept) < sum(len(part) for part in parts)
        special = self.tokenizer.special
        pieces: list = [[special.cls]]
        for part, length in zip(parts, kept, strict=True):
            pieces += [part[:length], [special.sep]]
        return np.concatenate(pieces).astype(np.int32), kept[0] + 2

    def token_shares(self, vocabulary_size: int) -> np.ndarray:
        """(V,) float64, each token's share of the texts, one added to each count."""
        counts = np.ones(vocabulary_size)
        for ids, _ in self._rows:
            np.add.at(counts, ids, 1)
        return counts / counts.sum()

    def padded_length(self, indices: np.ndarray, few: bool = True) -> int:
        """The length that a batch of these rows is padded to.

        Args:
            indices: of the rows.
            few: one of a few lengths, for backends that compile a step for each; else the shortest.
        """
        fitting = bucket_of if few else multiple_of_eight
        return fitting(int(self.lengths[indices].max()), self.max_length)

    def with_vectors(self, vectors: np.ndarray) -> "EncodedTexts":
        """The same texts, and a vector of each."""
        texts = copy.copy(self)
        texts.vectors = vectors
        return texts

    def checksum(self) -> str:
        """Of all that an encoder reads of them, 64 hexadecimal digits."""
        sums = hashlib.sha256(str(self.lengths.tolist()).encode())
        for ids, second in self._rows:
            sums.update(ids.tobytes() + f"|{second}|".encode())
        return sums.hexdigest()

    def rows(self, indices: np.ndarray, length: int) -> dict[str, np.ndarray]:
        """token_ids and segment_ids, each (len(indices), length) int32; `vectors`, if there are."""
        token_ids = np.full((len(indices), length), self.tokenizer.special.pad, np.int32)
        segment_ids = np.zeros((len(indices), length), np.int32)
        for row, index in enumerate(indices):
            ids, second = self._rows[index]
            token_ids[row, : len(ids)] = ids
            segment_ids[row, second : len(ids)] = 1
        return self.beside_vectors(indices, {"token_ids": token_ids, "segment_ids": segment_ids})

    def beside_vectors(
        self, indices: np.ndarray, inputs: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """The inputs of rows, and the rows' vectors where there are some."""
        return inputs if self.vectors is None else {"vectors": self.vectors[indices], **inputs}


@dataclass(frozen=True)
class Windows:
    """How a long text is split.

    Attributes:
        overlap: tokens that a window has in common with the one before it.
        most: windows of the longest text; what is beyond them is cut. 0: as many as there are.
        rows: each window is a row of its own, see `TokenRows`, rather than a part of one.
    """

    overlap: int
    most: int = 0
    rows: bool = False


class WindowedTexts(EncodedTexts):
    """Texts as windows that overlap, one behind the other, each `[CLS] part [SEP]` and padding.

    Args:
        texts: single texts.
        tokenizer: a `Tokenizer`.
        window: positions of a window, special tokens among them.
        windows: how a text is split.
    """

    def __init__(self, texts: Sequence[tuple[str, ...]], tokenizer, window: int, windows: Windows):
        self.window, self.windows = window, windows
        super().__init__(texts, tokenizer, window * windows.most)

    def _join(self, parts: tuple[np.ndarray, ...]) -> tuple[np.ndarray, int]:
        (ids,) = parts
        room = self.window - 2
        step = room - self.windows.overlap
        count = max(1, -(-(len(ids) - self.windows.overlap) // step))
        self.truncated += count > self.windows.most
        count = min(count, self.windows.most)
        special = self.tokenizer.special
        row = np.full((count, self.window), special.pad, np.int32)
        for number in range(count):
            part = ids[number * step : number * step + room]
            row[number, : len(part) + 2] = [special.cls, *part, special.sep]
        return row.reshape(-1), row.size  # no second segment

    def padded_length(self, indices: np.ndarray, few: bool = True) -> int:
        """One of a few: 1, 2, 4, 8 windows and so on; else as many windows as there are."""
        count = int(self.lengths[indices].max()) // self.window
        if not few:
            return self.window * count
        return self.window * min(1 << (count - 1).bit_length(), self.windows.most)


def tokens_read(lengths: list[int], max_length: int, windows: Windows | None = None) -> list[int]:
    """How many tokens are read of the text, or of each of a pair's two.

    Args:
        lengths: the tokens of each.
        max_length: positions of a row, or of a window.
        windows: how a long text is split.
    """
    if windows is None:
        return _cut(lengths, max_length - 1 - len(lengths))
    if windows.rows:
        return lengths
    room = max_length - 2
    return [min(lengths[0], room + (windows.most - 1) * (room - windows.overlap))]


def _cut(lengths: list[int], room: int) -> list[int]:
    """Lengths that fit into `room`, taken from the longer text first."""
    if len(lengths) == 1:
        return [min(lengths[0], room)]
    first, second = lengths
    if first + second <= room:
        return lengths
    half = room // 2
    if first <= half:
        return [first, room - first]
    if second <= half:
        return [room - second, second]
    return [room - half, half]
