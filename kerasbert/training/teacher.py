"""What a teacher makes of each row of a token store: computed once, kept beside the store."""

import hashlib

import numpy as np

from kerasbert.batches.pretraining import PretrainingBatches
from kerasbert.errors import InputError
from kerasbert.inference.embedder import Embedder
from kerasbert.runs.folder import RunFolder
from kerasbert.terminal import say
from kerasbert.training.kept_vectors import checksum, kept_vectors

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
        self._sum = checksum(self.embedder.model, self.embedder.tokenizer.fingerprint())

    def vectors(self, batches: PretrainingBatches) -> np.ndarray:
        """(R, E) float16, of all rows of these batches, in the order of the store; NaN for a row
        of unknown characters alone.

        They are kept in the store's folder, under a name that holds for this teacher, store, part,
        length and limit, and computed from where an interrupted run left them.

        Raises:
            InputError: the folder of the store cannot be written to.
        """
        path = batches.store.path / f"teacher-{self._key(batches)}.npy"
        rows = batches.blocks.rows
        groups = _groups(rows)
        ends = [int(end) for end in np.cumsum(rows)[[group[-1] for group in groups]]]
        if not path.exists():
            say(f"the teacher reads {ends[-1]:,} rows of the {batches.blocks.part} part")
        try:
            return kept_vectors(
                path,
                self.width,
                ends,
                lambda number: self._answer(batches, groups[number]),
                "teacher",
                np.float16,
            )
        except OSError as error:
            raise InputError(
                f"{path}: the teacher's vectors cannot be kept beside the store ({error.strerror})."
                " Copy the store to where you may write, or make room."
            ) from None

    def _answer(self, batches: PretrainingBatches, group: list[int]) -> np.ndarray:
        """The vectors of the rows of some blocks of the store."""
        table = batches.blocks.table(np.array(group))
        ids = [
            table.text.token_ids[start:end]
            for start, end in zip(table.starts, table.ends, strict=True)
        ]
        texts = batches.store.tokenizer.decode(ids)
        vectors = self.embedder.pooled([(text,) for text in texts])
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)

    def _key(self, batches: PretrainingBatches) -> str:
        """What the vectors depend on, as a name."""
        shards = [entry["sha256"] for entry in batches.store.manifest["shards"]]
        rows = batches.blocks
        parts = [self._sum, *shards, rows.part, rows.room, int(rows.rows.sum())]
        return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]


def _groups(rows: np.ndarray) -> list[list[int]]:
    """Blocks to answer together, in order: about `ROWS` rows."""
    groups: list[list[int]] = []
    size = ROWS
    for number, count in enumerate(rows):
        if size >= ROWS:
            groups.append([])
            size = 0
        groups[-1].append(number)
        size += int(count)
    return groups
