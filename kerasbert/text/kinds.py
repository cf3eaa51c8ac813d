"""What kind of task labels make, and which lines decided that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from kerasbert.errors import InputError
from kerasbert.text.documents import LabeledDocument
from kerasbert.visible import visible

NAMED = 5  # lines that are named


class LabelTally:
    """The labels of documents, counted one document at a time: what their kind follows from.

    Attributes:
        documents: how many there were.
        counts: the documents of each label.
        first: the line of the first one of each.
        odd: how many have no label, or several.
        odd_lines: number of labels by line, of the first ones of these.
    """

    def __init__(self, documents: Iterable[LabeledDocument] = ()):
        self.documents = 0
        self.counts: Counter[str] = Counter()
        self.first: dict[str, int] = {}
        self.odd = 0
        self.odd_lines: dict[int, int] = {}
        for document in documents:
            self.add(document)

    def add(self, document: LabeledDocument) -> None:
        """Count one more."""
        self.documents += 1
        self.counts.update(document.labels)
        for name in document.labels:
            self.first.setdefault(name, document.line)
        if len(document.labels) != 1:
            self.odd += 1
            if len(self.odd_lines) < NAMED:
                self.odd_lines[document.line] = len(document.labels)

    @property
    def kind(self) -> str:
        """The kind of the task, if these are its training documents: see `infer_kind`."""
        if not self.counts:
            raise InputError(f"no label in {self.documents} documents, expected at least one.")
        if self.odd:
            return "multi-label"
        if len(self.counts) == 1:
            raise InputError(
                f"all {self.documents} documents have the same one label {min(self.counts)!r}, so"
                " there is nothing to learn. Expected a second label, or documents without one."
            )
        return "binary" if len(self.counts) == 2 else "multi-class"

    def deciding(self, path: str | Path) -> tuple[str, int, list[str]] | None:
        """Which few documents make the kind what it is, or None where it is that of most.

        Returns:
            the kind without them, how many they are, and the first ones: `file:line (why)`.
        """
        name = Path(path).name
        if self.odd:
            if len(self.counts) < 2 or not self._few(self.odd):
                return None
            without = "binary" if len(self.counts) == 2 else "multi-class"
            places = [
                f"{name}:{n} ({number_of_labels(labels)})" for n, labels in self.odd_lines.items()
            ]
            return without, self.odd, places
        rare = self.counts.most_common()[2:]
        count = sum(times for _, times in rare)
        if not rare or not self._few(count):
            return None
        places = [
            f"{name}:{self.first[label]} (label {visible(label)})" for label, _ in rare[:NAMED]
        ]
        return "binary", count, places

    def _few(self, count: int) -> bool:
        """So few that they may well be mistakes: 5 or 2%, and less than a fifth of a small file."""
        return count <= max(NAMED, self.documents // 50) and 5 * count < self.documents


def infer_kind(documents: Iterable[LabeledDocument]) -> str:
    """Tell the kind of the task from its training documents.

    Every document has exactly one label: "binary" for two names in all, "multi-class" for more.
    Anything else is "multi-label". `LabelTally.deciding` names the lines that decided, if few did.

    Raises:
        InputError: there is nothing to learn: no label, or all documents have the same single one.
    """
    return LabelTally(documents).kind


def deciding_note(tally: LabelTally, path: str | Path) -> str | None:
    """A sentence for people on the lines without which the kind would be another, if few."""
    found = tally.deciding(path)
    if found is None:
        return None
    without, count, places = found
    more = f" and {count - len(places):,} more" if count > len(places) else ""
    remedy = "correct them"
    if tally.odd:
        remedy += f", or leave them out: --kind {without} --skip-bad-lines"
    return (
        f"warning: {tally.kind} because of {', '.join(places)}{more}; without these lines, of "
        f"{tally.documents:,}, it would be {without}. If they are mistakes, {remedy}. If not, say "
        f"--kind {tally.kind}."
    )


def number_of_labels(labels: int) -> str:
    """In words."""
    return f"{labels} labels" if labels else "no label"
