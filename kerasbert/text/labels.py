"""The label set of a task, and what kind of task the labels make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerasbert.errors import InputError
from kerasbert.files import write_text
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.lines import read_lines

KINDS = ("multi-label", "multi-class", "binary")


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
            if not name or name != name.strip() or "\n" in name:
                raise InputError(
                    f"{name!r} is no label: expected a name without white space around it."
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
        """Read `labels.txt`: a name a line.

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
        write_text(path, "".join(f"{name}\n" for name in self.names))

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


def infer_kind(documents: Sequence[LabeledDocument]) -> str:
    """Tell the kind of the task from its training documents.

    Every document has exactly one label: "binary" for two names in all, "multi-class" for more.
    Anything else is "multi-label".

    Raises:
        InputError: there is nothing to learn: no label, or all documents have the same single one.
    """
    names = {name for document in documents for name in document.labels}
    if not names:
        raise InputError(f"no label in {len(documents)} documents, expected at least one.")
    if any(len(document.labels) != 1 for document in documents):
        return "multi-label"
    if len(names) == 1:
        raise InputError(
            f"all {len(documents)} documents have the same one label {names.pop()!r}, so there is"
            " nothing to learn. Expected a second label, or documents without one."
        )
    return "binary" if len(names) == 2 else "multi-class"


def check_kind(documents: Sequence[LabeledDocument], kind: str, path: str | Path = "") -> None:
    """Refuse a kind that contradicts the documents; `path` is named in the message.

    "multi-class" and "binary" need exactly one label a document; "binary" needs two names in all,
    "multi-class" at least two. "multi-label" takes any documents with a label among them.

    Raises:
        InputError: naming the first line that contradicts.
    """
    if kind not in KINDS:
        raise InputError(f"unknown kind {kind!r}, expected one of {', '.join(KINDS)}.")
    where = f"{path}:" if path else "line "
    remedy = "Correct the line, or use kind multi-label."
    names: list[str] = []
    for document in documents:
        if kind != "multi-label" and len(document.labels) != 1:
            have = f"{len(document.labels)} labels" if document.labels else "no label"
            raise InputError(
                f"{where}{document.line}: the document has {have}, kind {kind} expects exactly one."
                f" {remedy}"
            )
        for name in document.labels:
            if len(names) < 3 and name not in names:
                names.append(name)
        if kind == "binary" and len(names) > 2:
            raise InputError(
                f"{where}{document.line}: {names[2]!r} is a third label after {names[0]!r} and"
                f" {names[1]!r}, kind binary expects two in all. Use kind multi-class."
            )
    fewest = 1 if kind == "multi-label" else 2
    if len(names) < fewest:
        found = f"only {names[0]!r}" if names else "none"
        raise InputError(
            f"{f'{path}: ' if path else ''}kind {kind} expects {fewest} labels or more among the"
            f" documents, found {found}. Check the file."
        )
