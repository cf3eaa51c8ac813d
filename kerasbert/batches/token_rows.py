"""Documents as rows of tokens, windows of the longer ones in rows of their own."""

from collections.abc import Sequence

import numpy as np

from kerasbert.batches.encoded import EncodedTexts, Windows
from kerasbert.batches.padding import check_padding
from kerasbert.errors import InputError
from kerasbert.heads.tokens import TokenOutputs, TokenPlaces, TokenRow
from kerasbert.text.inputs import as_rows
from kerasbert.tokenizer.places import encode_with_places


class TokenRows(EncodedTexts):
    """Texts or pairs as rows of which every token's place in its text is known.

    A row is `[CLS] window [SEP]`; of a pair `[CLS] a [SEP] window of b [SEP]`, segment id 1 for the
    window and its [SEP]. A document has as many rows as it needs. Only of the first text of a pair
    something is cut, where it takes more than half of a row.

    Args:
        texts: N texts or pairs.
        tokenizer: a `Tokenizer`.
        max_length: positions of a row.
        windows: how many tokens two windows share.

    Attributes:
        places: of the tokens, and which row holds which.
        lengths: (R,) int, the positions each row takes.
        truncated: of how many pairs the first text was cut.

    Raises:
        InputError: the rows are too short for the first text of a pair and a window.
    """

    def __init__(
        self, texts: Sequence[tuple[str, ...]], tokenizer, max_length: int, windows: Windows
    ):
        self.tokenizer = tokenizer
        self.max_length = max_length
        self.vectors = None
        self.truncated = 0
        rows = as_rows(texts)
        if len(forms := {len(row) for row in rows}) > 1:
            raise ValueError(f"expected single texts or pairs, not both. Received: {forms} texts")
        self.pairs = bool(rows) and len(rows[0]) == 2
        firsts = tokenizer.encode([row[0] for row in rows]) if self.pairs else None
        found = encode_with_places(tokenizer, [row[-1] for row in rows])
        sides = [ids for ids, _, _ in found] + (firsts or [])
        self.tokens = int(sum(map(len, sides)))
        unk = tokenizer.special.unk
        self.unknown = 0 if unk is None else int(sum((ids == unk).sum() for ids in sides))
        self._rows: list[tuple[np.ndarray, int]] = []
        kept: list[TokenRow] = []
        for number, (ids, _, _) in enumerate(found):
            first = firsts[number] if firsts is not None else None
            kept += self._cut(number, ids, first, windows.overlap)
        self.lengths = np.array([len(ids) for ids, _ in self._rows], dtype=np.int64)
        self.places = TokenPlaces(
            rows, [starts for _, starts, _ in found], [ends for _, _, ends in found], kept
        )

    def _cut(
        self, number: int, ids: np.ndarray, first: np.ndarray | None, overlap: int
    ) -> list[TokenRow]:
        """The rows of a document; their ids are kept."""
        special = self.tokenizer.special
        lead = np.array([special.cls], np.int32)
        if first is not None:
            most = (self.max_length - 3) // 2
            self.truncated += len(first) > most
            lead = np.concatenate([lead, first[:most], [special.sep]])
        room = self.max_length - len(lead) - 1
        step = room - min(overlap, room // 2) if first is not None else room - overlap
        if step < 1:
            raise InputError(
                f"--max-length {self.max_length}: expected room for a window that shares {overlap}"
                f" tokens with the next one, there are {max(room, 0)} positions for both. Take"
                " longer rows, or a smaller --overlap."
            )
        rows = []
        for start in range(0, max(1, len(ids) - (room - step)), step):
            part = ids[start : start + room]
            self._rows.append(
                (
                    np.concatenate([lead, part, [special.sep]]).astype(np.int32),
                    len(lead) if first is not None else len(lead) + len(part) + 1,
                )
            )
            rows.append(TokenRow(number, start, len(part), len(lead)))
        return rows


def predict_token_outputs(model, rows: TokenRows, batches) -> TokenOutputs:
    """What a model says of every row, without that of padding.

    Args:
        model: with one output (B, ...), or (B, M + L, ...) of M values and L positions.
        rows: R of them.
        batches: of the rows, `in_order`.

    Raises:
        ValueError: the model has another output.
    """
    check_padding(model, rows.tokenizer.special.pad)
    outputs: list = [None] * len(rows)
    for indices, inputs in batches:
        made = model.predict_on_batch(inputs)
        if isinstance(made, dict | list | tuple) or made.ndim < 2:
            found = list(made) if isinstance(made, dict) else getattr(made, "shape", type(made))
            raise ValueError(f"Expected a model with one output (B, ...). Received: {found}")
        made, length = np.asarray(made), inputs["token_ids"].shape[1]
        for row, index in enumerate(indices):
            kept = made.shape[1] - (length - int(rows.lengths[index]))
            held = made[row, :kept] if made.ndim > 2 else made[row]
            outputs[index] = held.astype(np.float32)  # a copy: the batch is let go
    return TokenOutputs(rows.places, outputs)
