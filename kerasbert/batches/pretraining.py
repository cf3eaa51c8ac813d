"""Batches for pre-training: rows of whole sentences, and what the tasks make of them."""

from collections.abc import Sequence

import numpy as np

from kerasbert.batches.encoded import CLS_ID, SEP_ID
from kerasbert.batches.order import EpochOrder, bucket_of
from kerasbert.batches.packing import pack_rows
from kerasbert.batches.rng import keyed_rng
from kerasbert.batches.stream import stream
from kerasbert.errors import InputError
from kerasbert.tasks.task import Rows, Task
from kerasbert.text.held_out import validation_documents
from kerasbert.text.store import TokenStore


class PretrainingBatches:
    """Rows of a token store as batches: batch `step` is a pure function of (seed, step).

    Documents are cut into rows of at most `max_length` positions, by whole sentences; a sentence
    that is longer is cut. A row is `[CLS] text [SEP]`; for tasks that use pairs it is
    `[CLS] a [SEP] b [SEP]`, where b follows a in half of the rows; in the other half it is from
    another document ("next"), or stands before a ("order"). A batch is

        inputs   token_ids, segment_ids (B, L) int32, and the tasks' own
        targets  {task.name: target}
        weights  {task.name: weight}

    With `pack`, several short rows share one, `[CLS] text [SEP] [CLS] text [SEP]`; the inputs are
    then joined by `document_ids` and `position_ids` (B, L), see `Rows`.

    Args:
        store: a `TokenStore`.
        tasks: the objectives; each sees the token ids that the one before it left.
        max_length: positions of the longest row.
        batch_size: B.
        seed: of order, pairs and masks.
        part: "train", "valid" (1% of the documents, chosen by a hash of their text, so that
            duplicates stay together) or "all".
        limit: take only the first documents of the part.
        pack: fill rows with several short ones; for objectives that say `packs`.
        gap: positions of padding between them, as the encoder's `document_gap` says.
    """

    def __init__(
        self,
        store: TokenStore,
        tasks: Sequence[Task],
        max_length: int = 128,
        batch_size: int = 32,
        seed: int = 0,
        part: str = "train",
        limit: int | None = None,
        pack: bool = False,
        gap: int = 0,
    ):
        self.store = store
        self.tasks = list(tasks)
        self.max_length = max_length
        self.batch_size = batch_size
        self.seed = seed
        whole = [task.name for task in tasks if not getattr(task, "packs", False)]
        if pack and whole:
            raise InputError(
                f"{', '.join(whole)}: sees a row as one text, and packed rows hold several. Leave "
                "it out, or do not pack."
            )
        kinds = {task.pairs for task in tasks} - {"none"}
        if len(kinds) > 1:
            raise InputError(
                "next-sentence and sentence-order need pairs of different kinds in the same rows: "
                "choose one of them."
            )
        self.pairs = kinds.pop() if kinds else "none"
        specials = 2 if self.pairs == "none" else 3
        if max_length <= specials:
            raise InputError(
                f"max_length {max_length} leaves no room for text: expected {specials + 1} or more."
            )
        documents = np.arange(store.documents)
        if part != "all":
            held_out = validation_documents(store.document_hashes)
            documents = np.flatnonzero(held_out if part == "valid" else ~held_out)
        self.starts, self.ends = cut_rows(store, documents[:limit], max_length - specials)
        if len(self.starts) == 0:
            raise InputError(
                f"the {part} part of the store holds no text: it has {store.documents} documents; "
                "prepare a larger corpus."
            )
        document_starts = np.asarray(store.sentence_offsets)[np.asarray(store.document_offsets)]
        self.documents = np.searchsorted(document_starts, self.starts, side="right")  # of each row
        lengths = self.ends - self.starts + specials
        self.packs = pack_rows(lengths, max_length, gap) if pack else None
        self.gap = gap
        if self.packs is not None:
            lengths = self.packs.lengths
        self.order = EpochOrder(lengths, batch_size, seed)
        self.steps_per_epoch = self.order.steps_per_epoch

    def batch(self, step: int) -> tuple[dict, dict, dict]:
        """Inputs, targets and weights of a step, counted from 0 through all epochs."""
        rows = self.rows(step)
        inputs, targets, weights = {"segment_ids": rows.segment_ids}, {}, {}
        for stream_number, task in enumerate(self.tasks, start=2):
            made = task.make(rows, keyed_rng(self.seed, step, stream_number))
            if made.token_ids is not None:
                rows.token_ids = made.token_ids
                rows.special = rows.special | (made.token_ids == 0)
            inputs |= made.inputs
            targets[task.name] = made.target
            weights[task.name] = made.weight
        inputs["token_ids"] = rows.token_ids
        if rows.document_ids is not None and rows.position_ids is not None:
            inputs |= {"document_ids": rows.document_ids, "position_ids": rows.position_ids}
        return inputs, targets, weights

    def rows(self, step: int) -> Rows:
        """The rows of a step, before any task."""
        indices = self.order.batch(step)
        length = bucket_of(int(self.order.lengths[indices].max()), self.max_length)
        batch = len(indices)
        rows = Rows(
            token_ids=np.zeros((batch, length), np.int32),
            segment_ids=np.zeros((batch, length), np.int32),
            special=np.ones((batch, length), bool),
            is_next=np.zeros(batch, np.int32),
            is_pair=np.zeros(batch, bool),
        )
        if self.packs is not None:
            self._write_packs(rows, indices)
            return rows
        rng = keyed_rng(self.seed, step, 1)
        for row, index in enumerate(indices):
            first, second = self._segments(index, rng)
            self._write(rows, row, first, second)
            if second is not None:
                rows.is_pair[row] = True
                rows.is_next[row] = second[0] == first[1]
        return rows

    def _write_packs(self, rows: Rows, indices: np.ndarray) -> None:
        """Write the rows of each pack one behind the other, `gap` positions between them."""
        assert self.packs is not None
        rows.document_ids = np.zeros_like(rows.token_ids)
        rows.position_ids = np.zeros_like(rows.token_ids)
        for row, pack in enumerate(indices):
            at = 0
            for number, member in enumerate(self.packs[pack], start=1):
                end = self._write(rows, row, (self.starts[member], self.ends[member]), None, at)
                rows.document_ids[row, at:end] = number
                rows.position_ids[row, at:end] = np.arange(end - at)
                at = end + self.gap

    def _segments(self, index: int, rng: np.random.Generator):
        """Token ranges of the row's one or two segments."""
        start, end = int(self.starts[index]), int(self.ends[index])
        if self.pairs == "none":
            return (start, end), None
        # Three numbers for every row, used or not, so that rows do not depend on each other.
        boundary_draw, next_draw, other_draw = rng.random(3)
        offsets = self.store.sentence_offsets
        low = np.searchsorted(offsets, start, side="right")
        high = np.searchsorted(offsets, end, side="left")
        if low >= high:
            return (start, end), None  # one sentence: there is nothing that follows
        middle = int(offsets[low + int(boundary_draw * (high - low))])
        if next_draw < 0.5:
            return (start, middle), (middle, end)
        if self.pairs == "order":
            return (middle, end), (start, middle)
        return (start, middle), self._other_document(index, end - middle, other_draw)

    def _other_document(self, index: int, length: int, draw: float) -> tuple[int, int]:
        """The beginning of a row of another document, no longer than `length`."""
        rows = len(self.starts)
        other = int(draw * rows)
        if self.documents[other] == self.documents[index]:
            # The rows of a document follow each other: step over all of them.
            other = int(np.searchsorted(self.documents, self.documents[index], side="right")) % rows
        start = int(self.starts[other])
        return start, min(start + length, int(self.ends[other]))

    def _write(self, rows: Rows, row: int, first, second, at: int = 0) -> int:
        """Write [CLS] first [SEP] or [CLS] first [SEP] second [SEP], and return where it ends."""
        token_ids, special = rows.token_ids[row], rows.special[row]
        token_ids[at] = CLS_ID
        at += 1
        for number, segment in enumerate(s for s in (first, second) if s is not None):
            length = segment[1] - segment[0]
            token_ids[at : at + length] = self.store.token_ids[segment[0] : segment[1]]
            special[at : at + length] = False
            token_ids[at + length] = SEP_ID
            rows.segment_ids[row, at : at + length + 1] = number
            at += length + 1
        return at

    def stream(self, start: int = 0):
        """What `model.fit(..., steps_per_epoch=batches.steps_per_epoch)` takes."""
        return stream(self, start)

    def padding_share(self, steps: int = 50) -> float:
        """Share of positions that hold padding, over the first steps of the first epoch."""
        counted = [self.rows(step).token_ids for step in range(min(steps, self.steps_per_epoch))]
        return float(sum((ids == 0).sum() for ids in counted) / sum(ids.size for ids in counted))


def cut_rows(store: TokenStore, documents: np.ndarray, room: int) -> tuple[np.ndarray, np.ndarray]:
    """Token ranges of rows of at most `room` tokens: as many whole sentences as fit.

    All documents advance by a row at a time together, so it takes as many passes as the longest
    document has rows, whatever the number of documents.

    Returns:
        starts and ends, (R,) int64, in the order of the text.
    """
    offsets = np.asarray(store.sentence_offsets, dtype=np.int64)
    boundaries = np.asarray(store.document_offsets, dtype=np.int64)
    at, stop = offsets[boundaries[documents]], offsets[boundaries[documents + 1]]
    starts, ends = [], []
    while len(at):
        reach = np.minimum(at + room, stop)
        fits = offsets[np.searchsorted(offsets, reach, side="right") - 1]
        end = np.where(fits > at, np.minimum(fits, stop), reach)  # no whole sentence: cut it
        starts.append(at)
        ends.append(end)
        going_on = end < stop
        at, stop = end[going_on], stop[going_on]
    if not starts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    all_starts, all_ends = np.concatenate(starts), np.concatenate(ends)
    order = np.argsort(all_starts, kind="stable")
    order = order[all_ends[order] > all_starts[order]]
    return all_starts[order], all_ends[order]
