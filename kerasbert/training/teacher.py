"""What a teacher makes of each row of a token store: computed once, kept beside the store."""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from kerasbert.batches.pretraining import PretrainingBatches
from kerasbert.errors import InputError
from kerasbert.inference.embedder import Embedder
from kerasbert.runs.folder import RunFolder
from kerasbert.terminal import counting, say

ROWS = 1024  # answered, and written, at a time: what a killed run loses
LONGEST = 512  # positions that a teacher reads of a row


class Teacher:
    """An encoder that gives each row of a store a vector of unit length.

    Args:
        run: the run folder of the teacher: a public model's, or one's own.

    Attributes:
        width: E, of its vectors.
    """

    def __init__(self, run: RunFolder):
        architecture = run.architecture()
        pooling = "mean" if architecture is None else architecture.pooling
        self.embedder = Embedder(run.path, pooling, min(run.trained_length(LONGEST), LONGEST))
        self.width = self.embedder.pooled_width
        self._sum = self._checksum()

    def vectors(self, batches: PretrainingBatches) -> np.ndarray:
        """(R, E) float16, of all rows of these batches, in the order of the store.

        They are kept in the store's folder, under a name that holds for this teacher, store, part,
        length and limit, and computed from where an interrupted run left them.

        Raises:
            InputError: the folder of the store cannot be written to.
        """
        path = batches.store.path / f"teacher-{self._key(batches)}.npy"
        rows = batches.blocks
        try:
            found: np.memmap = _open(path, (int(rows.rows.sum()), self.width))
        except OSError as error:
            raise InputError(
                f"{path}: the teacher's vectors cannot be kept beside the store ({error.strerror})."
                " Copy the store to where you may write, or make room."
            ) from None
        ends = np.cumsum(rows.rows)
        # A row that was answered has a length; blocks are written in order.
        todo = [number for number, end in enumerate(ends) if not found[end - 1].any()]
        if todo:
            self._answer(batches, found, ends, todo)
        return np.load(path, mmap_mode="r")

    def _answer(
        self, batches: PretrainingBatches, found: np.memmap, ends: np.ndarray, todo: list[int]
    ) -> None:
        """Fill in the vectors of the blocks `todo`."""
        blocks, tokenizer = batches.blocks, batches.store.tokenizer
        total, began, done, first = int(blocks.rows[todo].sum()), time.monotonic(), 0, True
        say(f"the teacher reads {total:,} rows of the {blocks.part} part")
        with counting("teacher", total) as progress:
            for group in _groups(todo, blocks.rows):
                table = blocks.table(np.array(group))
                ids = [
                    table.text.token_ids[start:end]
                    for start, end in zip(table.starts, table.ends, strict=True)
                ]
                vectors = self.embedder.pooled([(text,) for text in tokenizer.decode(ids)])
                vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
                for place, number in enumerate(group):
                    rows = slice(table.offsets[place], table.offsets[place + 1])
                    found[ends[number] - blocks.rows[number] : ends[number]] = vectors[rows]
                found.flush()
                done += len(vectors)
                progress(len(vectors))
                if first and done < total:
                    seconds = (time.monotonic() - began) * (total - done) / done
                    say(f"the teacher needs roughly {seconds / 60:.1f} minutes more")
                first = False

    def _checksum(self) -> str:
        """Of the teacher, its weights by value: the file of a model holds a date."""
        sums = hashlib.sha256(self.embedder.tokenizer.fingerprint().encode())
        for weight in self.embedder.model.weights:
            values = keras.ops.convert_to_numpy(weight)
            sums.update(f"{weight.path} {values.shape}".encode())
            sums.update(np.ascontiguousarray(values).tobytes())
        return sums.hexdigest()

    def _key(self, batches: PretrainingBatches) -> str:
        """What the vectors depend on, as a name."""
        shards = [entry["sha256"] for entry in batches.store.manifest["shards"]]
        rows = batches.blocks
        parts = [self._sum, *shards, rows.part, rows.room, int(rows.rows.sum())]
        return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]


def _open(path: Path, shape: tuple[int, int]) -> np.memmap:
    """The file, with zeros where nothing was computed so far."""
    if path.exists():
        try:
            found = np.lib.format.open_memmap(path, mode="r+")
            if found.shape == shape and found.dtype == np.float16:
                return found
        except ValueError:  # cut short when it was made
            pass
    return np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape)


def _groups(todo: Sequence[int], rows: np.ndarray) -> list[list[int]]:
    """Blocks to answer together: about `ROWS` rows."""
    groups: list[list[int]] = []
    size = ROWS
    for number in todo:
        if size >= ROWS:
            groups.append([])
            size = 0
        groups[-1].append(number)
        size += int(rows[number])
    return groups
