"""What would spoil a training before it starts: leaks between files, labels nobody can learn.

Files are read once, a line at a time. What is kept are fingerprints (`fingerprints.py`): some 30
bytes a document, and those of the held-out files' word 8-grams.
"""

from __future__ import annotations

import hashlib
import itertools
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kerasbert.choices import BY_TOKEN, HeadName
from kerasbert.corpus.audit_numbers import number_findings
from kerasbert.corpus.findings import Audit, Finding
from kerasbert.corpus.prepare.pieces import CorpusCounts, ReadOptions, read_documents
from kerasbert.corpus.statistics import count_words, part_statistics
from kerasbert.errors import InputError
from kerasbert.heads.classification.kinds import misfit
from kerasbert.heads.registry import HEADS, claimed_head
from kerasbert.text.fields import Fields
from kerasbert.text.fingerprints import gram_words, nearly_key, same_key, sampled_grams_of
from kerasbert.text.kinds import LabelTally
from kerasbert.text.labeled import no_document
from kerasbert.text.lines import LineProblems
from kerasbert.text.look_alikes import joined, same_look, same_word
from kerasbert.text.numbers import names_note, what_numbers
from kerasbert.visible import visible

NEAR = 0.5  # the share of common 8-grams from which two texts are nearly the same
FEW = 5  # documents that a label should have
SAMPLE = 10_000  # texts that are tokenized
EXAMPLES = 3
GROUPS = 20  # of labels that look alike: each wants to be mended
SEEN = 0.01  # the share of labels from which those that train lacks change an F1 by a hundredth
MEASURED = "the labels are numbers to predict; if they are names, say --head classification"
TOGETHER = 256  # texts whose 8-grams are counted in one go


@dataclass
class _Part:
    """What is kept of one labelled file: six numbers a document, and counts of its labels."""

    path: Path
    texts: array = field(default_factory=lambda: array("Q"))  # by `same_key`
    nearly: array = field(default_factory=lambda: array("Q"))  # by `nearly_key`
    labels: array = field(default_factory=lambda: array("Q"))
    label_numbers: array = field(default_factory=lambda: array("L"))
    lines: array = field(default_factory=lambda: array("Q"))
    words: array = field(default_factory=lambda: array("Q"))
    tally: LabelTally = field(default_factory=LabelTally)
    grams: list[np.ndarray] = field(default_factory=list)

    @property
    def measured(self) -> bool:
        """Whether the labels are numbers to be predicted, as `finetune` would take them."""
        return what_numbers(self.tally.counts, not self.tally.odd) == "measured"

    def place(self, row: int) -> str:
        return f"{self.path.name}:{self.lines[row]}"


def audit(
    train: str | Path,
    valid: str | Path | None = None,
    test: str | Path | None = None,
    corpus: str | Path | None = None,
    progress: Callable[[int], None] = lambda lines: None,
    fields: Fields | None = None,
    limit: int | None = None,
    length: int = 200,
    head: HeadName | None = None,
) -> Audit:
    """Look through labelled files, and raw text if given, for what would spoil a training.

    Lines in a wrong form are left out and counted, so that one pass finds everything.

    Args:
        train: labelled text to learn from.
        valid: labelled text to choose by.
        test: labelled text to report on.
        corpus: raw text for pre-training, which should not hold the texts of valid and test; as
            `find_inputs` takes it.
        progress: called with the number of lines read since it was called last.
        fields: of labelled tables or records; usual names are found.
        limit: look at the first documents of each file only.
        length: words, beyond which a text counts as long.
        head: what the labels are for; as those of train look unless given.

    Raises:
        InputError: a file cannot be read, or holds no document.
    """
    head = head or claimed_head(train)
    problems: dict[str, LineProblems] = {}
    parts: dict[str, _Part] = {}
    for name, path in (("valid", valid), ("test", test)):
        if path is not None:
            problems[name] = LineProblems(skip=True)
            parts[name] = _read(
                Path(path), problems[name], progress, fields, limit, keep_grams=True, head=head
            )
    near = {name: _Near(part) for name, part in parts.items()}
    problems["train"] = LineProblems(skip=True)
    train_part = _read(
        Path(train),
        problems["train"],
        progress,
        fields,
        limit,
        against=list(near.values()),
        head=head,
    )
    numbers = head == "regression" or (head is None and train_part.measured)
    named = HEADS[head or "classification"].named and not numbers

    everything = {"train": train_part, **parts}
    findings = [
        Finding(f"{name}: lines in a wrong form", p.skipped, p.skipped + len(part.texts),
                p.examples[:EXAMPLES], harmful=True)
        for name, part in everything.items() for p in (problems[name],)
    ]  # fmt: skip
    for name, part in everything.items():
        findings += _within(name, part)
    if numbers:
        findings += number_findings({name: part.tally for name, part in everything.items()})
    elif named:
        findings += () if head in BY_TOKEN else _kind(everything)
        findings += _rare_labels(train_part)
        findings += _look_alikes(everything)
    for name, part in parts.items():
        findings += _between(name, part, "train", train_part)
        findings.append(near[name].finding(name, "train"))
        if named:
            findings.append(_unknown_labels(name, part, train_part))
    if "valid" in parts and "test" in parts:
        findings += _between("test", parts["test"], "valid", parts["valid"])
    if corpus is not None:
        findings += _in_corpus(Path(corpus), parts, progress, limit)
    statistics = {
        name: part_statistics(part.words, part.label_numbers, part.tally.counts, length)
        for name, part in everything.items()
    }
    tally = train_part.tally
    note = None
    if head is None:
        note = MEASURED if numbers else names_note(tally.counts, not tally.odd)
    taken = head or ("regression" if numbers else "classification")
    return Audit(findings, statistics, limit, taken, note, cuts=head not in BY_TOKEN)


def _read(
    path: Path,
    problems: LineProblems,
    progress: Callable[[int], None],
    fields: Fields | None = None,
    limit: int | None = None,
    keep_grams: bool = False,
    against: list[_Near] | None = None,
    head: HeadName | None = None,
) -> _Part:
    part = _Part(path)
    waiting: list[list[bytes]] = []  # words of texts whose grams are not counted yet

    def count_grams() -> None:
        if not waiting:
            return
        grams, counts = sampled_grams_of(waiting)
        waiting.clear()
        if keep_grams:
            part.grams += [np.unique(own) for own in np.split(grams, np.cumsum(counts)[:-1])]
        for near in against or ():
            near.see(grams)

    found = HEADS[head or "classification"].audited(path, problems, fields)
    for document in itertools.islice(found, limit):
        part.texts.append(same_key(document.texts))
        part.nearly.append(nearly_key(document.texts))
        part.labels.append(_labels_key(document.labels))
        part.label_numbers.append(len(document.labels))
        part.lines.append(document.line)
        part.words.append(count_words(document.texts))
        part.tally.add(document)
        if keep_grams or against:
            waiting.append(gram_words(document.texts))
            if len(waiting) == TOGETHER:
                count_grams()
        progress(1)
    count_grams()
    if not part.lines:
        raise no_document(path, problems)
    return part


def _labels_key(labels: Sequence[str]) -> int:
    """Equal for equal sets of labels, in every process."""
    joined = "\0".join(sorted(set(labels))).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(joined, digest_size=8).digest())


class _Near:
    """Streams texts past the documents of a held-out part, and marks what they have in common."""

    def __init__(self, part: _Part):
        self.part = part
        self.grams = np.unique(np.concatenate(part.grams))
        self.seen = np.zeros(len(self.grams), bool)

    def see(self, grams: np.ndarray) -> None:
        places = np.searchsorted(self.grams, grams)
        places[places == len(self.grams)] = 0
        self.seen[places[self.grams[places] == grams]] = True

    def finding(self, name: str, other: str) -> Finding:
        rows = [
            row
            for row, grams in enumerate(self.part.grams)
            if self.seen[np.searchsorted(self.grams, grams)].mean() >= NEAR
        ]
        return Finding(
            f"{name}: texts half or more of whose word 8-grams stand in {other}",
            len(rows), len(self.part.lines),
            [self.part.place(row) for row in rows[:EXAMPLES]], harmful=True,
        )  # fmt: skip


def _within(name: str, part: _Part) -> Iterator[Finding]:
    total = len(part.lines)
    texts, labels = np.array(part.texts), np.array(part.labels)
    order = np.lexsort((labels, texts))
    again = order[1:][texts[order[1:]] == texts[order[:-1]]]
    before = order[:-1][texts[order[1:]] == texts[order[:-1]]]
    conflict = labels[again] != labels[before]

    def pairs(which: np.ndarray) -> list[str]:
        found = zip(before[which][:EXAMPLES], again[which][:EXAMPLES], strict=True)
        return [f"{part.place(min(a, b))} and {part.lines[max(a, b)]}" for a, b in found]

    every = np.ones(len(again), bool)
    yield Finding(f"{name}: a text met before in the same file", len(again), total, pairs(every))
    yield Finding(
        f"{name}: of these, with other labels", int(conflict.sum()), len(again), pairs(conflict)
    )
    unlabeled = np.flatnonzero(np.array(part.label_numbers) == 0)
    yield Finding(
        f"{name}: documents without a label", len(unlabeled), total,
        [part.place(row) for row in unlabeled[:EXAMPLES]],
    )  # fmt: skip


def _between(name: str, part: _Part, other: str, other_part: _Part) -> Iterator[Finding]:
    def places(rows: np.ndarray, keys: np.ndarray, others: np.ndarray, word: str) -> list[str]:
        return [
            f"{part.place(row)} {word} {other_part.place(int(np.argmax(others == keys[row])))}"
            for row in rows[:EXAMPLES]
        ]

    keys, others = np.array(part.texts), np.array(other_part.texts)
    same = np.isin(keys, others)
    rows = np.flatnonzero(same)
    yield Finding(
        f"{name}: texts that stand in {other}, too", len(rows), len(keys),
        places(rows, keys, others, "is"), harmful=True,
    )  # fmt: skip
    keys, others = np.array(part.nearly), np.array(other_part.nearly)
    rows = np.flatnonzero(np.isin(keys, others) & (keys != 0) & ~same)
    yield Finding(
        f"{name}: texts that differ from one in {other} in digits or punctuation only",
        len(rows), len(keys), places(rows, keys, others, "from"),
    )  # fmt: skip


def _kind(parts: dict[str, _Part]) -> Iterator[Finding]:
    """What decided the kind of the task, where that was few documents; and who does not fit it."""
    tally = parts["train"].tally
    try:
        kind = tally.kind
    except InputError:
        what = "train: nothing to learn: all documents have the same one label, or none"
        yield Finding(
            what, tally.documents, tally.documents, list(tally.counts), harmful=True
        )  # fmt: skip
        return
    if (decided := tally.deciding(parts["train"].path)) is not None:
        without, count, places = decided
        yield Finding(
            f"train: documents without which the kind would be {without}, not {kind}",
            count, tally.documents, places,
        )  # fmt: skip
    for name, part in parts.items():
        if name != "train" and misfit(0, kind) is not None:
            numbers = np.array(part.label_numbers)
            odd = np.flatnonzero(numbers != 1)
            yield Finding(
                f"{name}: documents that do not fit the kind {kind}", len(odd), len(numbers),
                [f"{part.place(row)} ({misfit(int(numbers[row]), kind)})"
                 for row in odd[:EXAMPLES]],
                harmful=True,
            )  # fmt: skip


def _rare_labels(train: _Part) -> Iterator[Finding]:
    counts = train.tally.counts
    rare = sorted((count, label) for label, count in counts.items() if count < FEW)
    yield Finding(
        f"train: labels with fewer than {FEW} documents", len(rare), len(counts),
        [f"{visible(label)} ({count})" for count, label in rare[:EXAMPLES]],
    )  # fmt: skip


def _look_alikes(parts: dict[str, _Part]) -> Iterator[Finding]:
    """Labels that are most likely one label, or several in one, in any of the files."""
    counts: Counter[str] = Counter()
    places: dict[str, str] = {}
    for part in parts.values():
        counts.update(part.tally.counts)
        for label, line in part.tally.first.items():
            places.setdefault(label, f"{part.path.name}:{line}")

    def shown(label: str) -> str:
        return f"{visible(label)} ({counts[label]}, {places[label]})"

    for what, groups, harmful in (
        ("labels that look the same", same_look(counts), True),
        ("labels that differ only in case, width or a comma", same_word(counts), False),
    ):
        examples = [" and ".join(map(shown, group)) for group in groups[:GROUPS]]
        yield Finding(
            what, sum(map(len, groups)), len(counts), examples, harmful
        )  # fmt: skip
    several = joined(counts)
    yield Finding(
        "labels that are others with a comma between them", len(several), len(counts),
        [shown(label) for label in several][:GROUPS],
    )  # fmt: skip


def _unknown_labels(name: str, part: _Part, train: _Part) -> Finding:
    """Harmful only where the figures show it: each of their documents is a miss, no more."""
    counts = part.tally.counts
    unknown = sorted(set(counts) - set(train.tally.counts))
    share = sum(counts[label] for label in unknown) / max(counts.total(), 1)
    return Finding(
        f"{name}: labels that train lacks", len(unknown), len(counts),
        [f"{visible(label)} ({counts[label]})" for label in unknown[:EXAMPLES]],
        harmful=share >= SEEN,
    )  # fmt: skip


def _in_corpus(
    corpus: Path,
    parts: dict[str, _Part],
    progress: Callable[[int], None],
    limit: int | None = None,
) -> Iterator[Finding]:
    near = {name: _Near(part) for name, part in parts.items()}
    problems, counts = LineProblems(skip=True), CorpusCounts()
    texts = itertools.islice(read_documents([corpus], ReadOptions(), problems, counts), limit)
    while some := [gram_words([text]) for text in itertools.islice(texts, TOGETHER)]:
        grams, _ = sampled_grams_of(some)
        for held_out in near.values():
            held_out.see(grams)
        progress(len(some))
    yield Finding(
        "corpus: lines in a wrong form", problems.skipped, problems.skipped + counts.documents,
        problems.examples[:EXAMPLES],
    )  # fmt: skip
    for name, held_out in near.items():
        yield held_out.finding(name, "the corpus")


def sample_texts(
    path: str | Path,
    size: int = SAMPLE,
    fields: Fields | None = None,
    limit: int | None = None,
    head: HeadName | None = None,
) -> list[tuple[str, ...]]:
    """A fair sample of the texts of a labelled file: those with the smallest hashes."""
    keyed: list[tuple[int, tuple[str, ...]]] = []
    known = HEADS[head or claimed_head(path) or "classification"]
    documents = known.audited(path, LineProblems(skip=True), fields)
    for document in itertools.islice(documents, limit):
        keyed.append((same_key(document.texts), document.texts))
        if len(keyed) >= 4 * size:
            keyed = sorted(keyed)[:size]
    return [texts for _, texts in sorted(keyed)[:size]]
