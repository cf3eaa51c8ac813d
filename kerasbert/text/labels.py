"""The label set of a task: which labels a classifier knows, and in which order."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerasbert.errors import InputError
from kerasbert.files import write_text
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.lines import read_lines
from kerasbert.visible import visible

MARK = "\ufeff"  # at the beginning of a file it is a byte-order mark, not text


@dataclass(frozen=True)
class LabelSet:
    """The labels a classifier knows; the position of a name is its column.

    Attributes:
        names: K distinct names, sorted when taken from documents.
    """

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.names:
            raise InputError("a label set without labels, expected at least one name.")
        for name, times in Counter(self.names).items():
            if times > 1:
                raise InputError(f"the label {name!r} is {times} times in the label set.")
            if not name or name != name.strip() or {"\n", "\0"} & set(name):
                raise InputError(
                    f"{name!r} is no label: expected a name without white space around it, and"
                    " without NUL bytes."
                )

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def from_documents(cls, documents: Sequence[LabeledDocument]) -> LabelSet:
        """Every label of the documents, sorted.

        Raises:
            InputError: the documents have no label.
        """
        return cls(tuple(sorted({name for document in documents for name in document.labels})))

    @classmethod
    def load(cls, path: str | Path) -> LabelSet:
        """Read `labels.txt`: a name a line, after a byte-order mark if there is one.

        Raises:
            InputError: the file cannot be read, or an empty or repeated name.
        """
        names = [name for _, name in read_lines(path)]
        try:
            return cls(tuple(names))
        except InputError as error:
            raise InputError(f"{path}: {error} Take the labels.txt of the run folder.") from None

    def save(self, path: str | Path) -> None:
        """Write the names, one a line, whole or not at all."""
        mark = MARK if self.names[0].startswith(MARK) else ""  # so that the name keeps its own
        write_text(path, mark + "".join(f"{name}\n" for name in self.names))

    def encode(self, documents: Sequence[LabeledDocument]) -> np.ndarray:
        """Return float32 (N, K), 1 where the document has the label; unknown ones are left out."""
        column = {name: index for index, name in enumerate(self.names)}
        targets = np.zeros((len(documents), len(self.names)), np.float32)
        for row, document in enumerate(documents):
            for name in document.labels:
                if name in column:
                    targets[row, column[name]] = 1.0
        return targets

    def unseen(self, documents: Sequence[LabeledDocument]) -> Counter[str]:
        """Count the gold labels of the documents that are not in this set."""
        known = set(self.names)
        return Counter(
            name for document in documents for name in document.labels if name not in known
        )

    def check_known(self, documents: Sequence[LabeledDocument], path: str | Path) -> None:
        """Refuse documents whose labels are all unknown: they are those of another task.

        Raises:
            InputError: naming `path`, and some labels of both.
        """
        found = dict.fromkeys(name for document in documents for name in document.labels)
        if found and not found.keys() & set(self.names):
            raise InputError(
                f"{path}: none of its {len(found):,} labels ({_some(found)}) is among the"
                f" {len(self):,} of training ({_some(self.names)}). Give a file of the same task."
            )


def _some(names: Iterable[str]) -> str:
    shown = [visible(name) for name in itertools.islice(names, 4)]
    return ", ".join(shown[:3]) + (" ..." if len(shown) > 3 else "")
