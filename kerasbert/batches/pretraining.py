"""Batches for pre-training: rows of whole sentences, and what the tasks make of them."""

import functools
from collections.abc import Sequence

import keras
import numpy as np

from kerasbert.batches.block_order import BlockOrder
from kerasbert.batches.blocks import Packing, RowBlocks, Table
from kerasbert.batches.order import bucket_of
from kerasbert.batches.rng import keyed_rng
from kerasbert.batches.stream import (
    OnePass,
    for_keras,
    process_of_distribution,
    stream,
)
from kerasbert.batches.writing import Segments, write_packs, write_rows
from kerasbert.corpus.store.token_store import TokenStore
from kerasbert.errors import InputError
from kerasbert.tasks.task import Rows, Task, check_made


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
        vectors: (R, E) float, one for each row of the part, for objectives that ask for
            `Rows.vectors`; see `kerasbert.training.teacher`.
        gap: positions of padding between them, as the encoder's `document_gap` says.
        process: (i, n) in data-parallel training by several processes: this one is i of n, and
            makes its B / n rows of each batch, from its own part of the store. As
            `keras.distribution` says unless given. All rows are then padded to `max_length`.
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
        process: tuple[int, int] | None = None,
        vectors: np.ndarray | None = None,
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
        self.special = store.tokenizer.special
        self.words = any(getattr(task, "words", False) for task in tasks)
        if self.words and store.shards[0].documents.word_starts is None:
            store.tokenizer.word_starts(np.empty(0, np.int64))  # refuse what it cannot say
        specials = 2 if self.pairs == "none" else 3
        if max_length <= specials:
            raise InputError(
                f"max_length {max_length} leaves no room for text: expected {specials + 1} or more."
            )
        if process is None:
            process = process_of_distribution()
        packing = Packing(max_length, gap) if pack else None
        self.blocks = RowBlocks(store, part, max_length, specials, limit, packing)
        if not self.blocks.rows.sum():
            raise InputError(
                f"the {part} part of the store holds no text: it has {store.documents} documents; "
                "prepare a larger corpus."
            )
        self.total_rows = int(self.blocks.rows.sum())
        self.order = BlockOrder(self.blocks.rows, batch_size, seed, *process)
        self.steps_per_epoch = self.order.steps_per_epoch
        self.gap = gap
        self.vectors = vectors
        self._group = functools.lru_cache(maxsize=2)(self._read_group)

    def batch(self, step: int) -> tuple[dict, dict, dict]:
        """Inputs, targets and weights of a step, counted from 0 through all epochs."""
        return self._batch(step, self.rows(step))

    def _batch(self, step: int, rows: Rows) -> tuple[dict, dict, dict]:
        inputs, targets, weights = {"segment_ids": rows.segment_ids}, {}, {}
        for stream_number, task in enumerate(self.tasks, start=2):
            made = task.make(rows, self._rng(step, stream_number))
            check_made(task, made, rows.token_ids.shape[1], self.store.tokenizer.vocabulary_size)
            if made.token_ids is not None:
                rows.token_ids = made.token_ids
                rows.special = rows.special | (made.token_ids == self.special.pad)
            inputs |= made.inputs
            targets[task.name] = made.target
            weights[task.name] = made.weight
        inputs["token_ids"] = rows.token_ids
        if rows.document_ids is not None and rows.position_ids is not None:
            inputs |= {"document_ids": rows.document_ids, "position_ids": rows.position_ids}
        return inputs, targets, weights

    def rows(self, step: int) -> Rows:
        """The rows of a step, before any task."""
        return self._rows(step, *self.chosen(step))

    def _rows(self, step: int, table: Table, chosen: np.ndarray) -> Rows:
        length = self.max_length
        if self.order.processes == 1:  # several must have the same shape, whatever each one reads
            length = bucket_of(int(table.lengths[chosen].max()), self.max_length)
        starts = self._word_starts(table)
        if table.packs is not None:
            return write_packs(table, chosen, length, self.gap, self.special, starts)
        segments = self._segments(table, chosen, self._rng(step, 1))
        rows = write_rows(table.text.token_ids, segments, length, self.special, starts)
        if self.vectors is not None:
            rows.vectors = self.vectors[table.numbers[chosen]]
        return rows

    def _word_starts(self, table: Table) -> np.ndarray | None:
        """(T,) bool, where the words of a table's text begin, if an objective asks for it."""
        if not self.words:
            return None
        if table.text.word_starts is not None:
            return table.text.word_starts
        return self.store.tokenizer.word_starts(table.text.token_ids)

    def chosen(self, step: int) -> tuple[Table, np.ndarray]:
        """The rows of a step: a table, and the numbers (B,) of its rows, or packs."""
        epoch, group, place = self.order.locate(step)
        table, batches = self._group(epoch, group)
        return table, batches[place]

    def _read_group(self, epoch: int, number: int) -> tuple[Table, np.ndarray]:
        """The table of a group of rows, and the rows of each of its batches (steps, B)."""
        group = self.order.group(epoch, number)
        table = self.blocks.table(group.blocks)
        rows = table.offsets[group.block] + group.place
        return table, self.order.batches(group, rows, table.lengths)

    def _rng(self, step: int, stream_number: int) -> np.random.Generator:
        """Random numbers of a step; those of each process are its own."""
        return keyed_rng(self.seed, step, stream_number + (self.order.process << 16))

    def _segments(self, table: Table, chosen: np.ndarray, rng: np.random.Generator) -> Segments:
        """Token ranges of one or two segments for each row (B,)."""
        starts, ends = table.starts[chosen], table.ends[chosen]
        if self.pairs == "none":
            return Segments(starts, ends)
        # Three numbers for every row, used or not, so that rows do not depend on each other.
        boundary_draw, next_draw, other_draw = rng.random((len(chosen), 3)).T
        bounds = table.text.sentence_offsets
        low = np.searchsorted(bounds, starts, side="right")
        inside = np.searchsorted(bounds, ends, side="left") - low  # boundaries between sentences
        is_pair = inside > 0  # of one sentence there is nothing that follows
        middle = np.where(is_pair, bounds[low + (boundary_draw * inside).astype(np.int64)], ends)
        is_next = is_pair & (next_draw < 0.5)
        if self.pairs == "order":
            swapped = is_pair & ~is_next
            return Segments(
                np.where(swapped, middle, starts), np.where(swapped, ends, middle),
                np.where(swapped, starts, middle), np.where(swapped, middle, ends),
                is_pair, is_next,
            )  # fmt: skip
        other = self._other_documents(table, chosen, other_draw)
        away = is_pair & ~is_next
        second = np.where(away, table.starts[other], middle)
        longest = np.where(away, np.minimum(second + ends - middle, table.ends[other]), ends)
        return Segments(starts, middle, second, longest, is_pair, is_next)

    def _other_documents(self, table: Table, chosen: np.ndarray, draw: np.ndarray) -> np.ndarray:
        """(B,) int, for each row one of another document."""
        rows = len(table.starts)
        other = (draw * rows).astype(np.int64)
        # The rows of a document follow each other: step over all of them.
        behind = np.searchsorted(table.documents, table.documents[chosen], side="right") % rows
        return np.where(table.documents[other] == table.documents[chosen], behind, other)

    def stream(self, start: int | keras.Model | None = None):
        """What `model.fit(..., steps_per_epoch=batches.steps_per_epoch)` takes, see `BatchStream`.

        `stream(model)` begins where the model's optimizer is: for `BackupAndRestore`, or a second
        `fit`.
        """
        return stream(self, start)

    def once(self):
        """Every row once, for `evaluate` and `validation_data`; the last batch is smaller.

        Of several processes each makes the batches of the first epoch.
        """
        if self.order.processes > 1:
            return for_keras(OnePass(self.batch, self.steps_per_epoch))
        group = functools.lru_cache(maxsize=1)(self._read_group_once)

        def batch(step: int):
            _, number, place = self.order.locate(step)
            table, rows = group(number)
            chosen = rows[place * self.batch_size : (place + 1) * self.batch_size]
            return self._batch(step, self._rows(step, table, chosen))

        return for_keras(OnePass(batch, self.steps_per_epoch))

    def _read_group_once(self, number: int) -> tuple[Table, np.ndarray]:
        """As `_read_group` of epoch 0, its rows by length and none that fills up a batch: (G,)."""
        group = self.order.group(0, number)
        table = self.blocks.table(group.blocks)
        rows = table.offsets[group.block] + group.place
        rows = rows[: self.total_rows - number * self.order.group_steps * self.batch_size]
        return table, rows[np.argsort(table.lengths[rows], kind="stable")]

    def tokens_per_word(self) -> float:
        """Of the rows of the first step, where an objective asks for words; else 1."""
        rows = self.rows(0) if self.words else None
        if rows is None or rows.word_starts is None:
            return 1.0
        return float((~rows.special).sum() / max(rows.word_starts.sum(), 1))

    def padding_share(self, steps: int = 50) -> float:
        """Share of positions that hold padding, over the first steps of the first epoch."""
        counted = [self.rows(step).token_ids for step in range(min(steps, self.steps_per_epoch))]
        pad, size = self.special.pad, sum(ids.size for ids in counted)
        return float(sum((ids == pad).sum() for ids in counted) / size)
