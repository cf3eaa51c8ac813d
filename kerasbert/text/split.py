"""A validation part set aside from the training data: the same every time, and nothing in both."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasbert.errors import InputError
from kerasbert.files import write_text
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.families import families
from kerasbert.text.fingerprints import text_hash

FEWEST = 10  # documents that can be parted
FAR = 2  # times as many documents as were asked for, or as few, are worth a word


def split_documents(
    documents: Sequence[LabeledDocument],
    share: float,
    name: str = "the training data",
    strata: Callable[[LabeledDocument], Sequence[str]] = lambda document: document.labels,
) -> tuple[list[LabeledDocument], list[LabeledDocument]]:
    """Set a share of the documents aside, to choose epoch and threshold by.

    Which ones follows from their texts alone, not from their order, so that more data moves few of
    them. Texts that are nearly the same stay together (see `families`). Every label is in both
    parts where it has two such families or more and there is room, the most frequent first; then
    each has its share as nearly as that allows. Both parts keep the order of the file.

    Args:
        documents: all of them.
        share: of the documents to set aside, between 0 and 1.
        name: of the data, for messages.
        strata: what of a document both parts shall have; its labels unless given.

    Returns:
        the documents to learn from, and those that were set aside.

    Raises:
        InputError: the share is none, too few documents differ, or none can be spared.
    """
    if not 0 < share < 1:
        raise InputError(f"--valid-share: expected 0 < SHARE < 1, received {share}.")
    numbers, hashes = families(documents)
    count = int(numbers.max(initial=-1)) + 1
    if len(documents) < FEWEST or count < 2:
        raise InputError(
            f"{name}: {len(documents)} documents, {count} of which differ by more than a few words,"
            f" are too few to set a part aside; {FEWEST} or more were expected. Give more, or a"
            " file to choose by: --valid FILE."
        )
    members: list[list[int]] = [[] for _ in range(count)]
    for row, number in enumerate(numbers.tolist()):
        members[number].append(row)
    labels = [Counter(name for r in rows for name in strata(documents[r])) for rows in members]
    keys = _family_hashes(numbers, hashes, count)
    chosen = _choose([len(rows) for rows in members], labels, keys, share)
    if not chosen:
        raise InputError(
            f"{name}: no document can be set aside, each has a label that stands in no other one"
            " but near copies. Give more documents, or a file to choose by: --valid FILE."
        )
    aside = np.zeros(len(documents), bool)
    for family in chosen:
        aside[members[family]] = True
    train = [document for document, is_valid in zip(documents, aside, strict=True) if not is_valid]
    return train, [
        document for document, is_valid in zip(documents, aside, strict=True) if is_valid
    ]


def share_note(aside: int, total: int, share: float) -> str | None:
    """A sentence where far more or far fewer documents were set aside than were asked for."""
    wanted = max(1, round(share * total))
    said = f"{aside:,} of {total:,} documents were set aside, {wanted:,} were asked for"
    if aside > FAR * wanted:
        return (
            f"warning: {said}: many are near copies of each other, as forms are that were filled "
            "in, and near copies stay on one side. Look whether both parts are alike, or give a "
            "file to choose by: --valid FILE."
        )
    if FAR * aside < wanted:
        return (
            f"warning: only {said}: every label stays in the training data, and near copies stay "
            "on one side. Give a file to choose by: --valid FILE."
        )
    return None


def _family_hashes(numbers: np.ndarray, hashes: np.ndarray, count: int) -> list[int]:
    """A number for each family that orders them at random, the same for the same texts."""
    smallest = np.full(count, np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(smallest, numbers, hashes)
    # Hashed again, since a small hash of a text means a large family.
    return [text_hash([b"valid", str(key).encode()]) for key in smallest.tolist()]


def _choose(
    sizes: Sequence[int], labels: Sequence[Counter[str]], keys: Sequence[int], share: float
) -> set[int]:
    """The families to set aside."""
    order = sorted(range(len(sizes)), key=keys.__getitem__)
    holders: dict[str, list[int]] = defaultdict(list)
    totals: Counter[str] = Counter()
    for family in order:
        totals.update(labels[family])
        for label in labels[family]:
            holders[label].append(family)
    left = {label: len(held) for label, held in holders.items()}  # families to learn from
    room = max(1, round(share * sum(sizes)))
    chosen: set[int] = set()
    counts: Counter[str] = Counter()

    def take(family: int) -> bool:
        nonlocal room
        mine = labels[family]
        if family in chosen or any(left[label] < 2 for label in mine):
            return False
        if sizes[family] > room and (chosen or sizes[family] > sum(sizes) / 2):
            return False
        chosen.add(family)
        room -= sizes[family]
        counts.update(mine)
        for label in mine:
            left[label] -= 1
        return True

    by_count = sorted(holders, key=lambda label: (-totals[label], label))
    for label in by_count:
        if not counts[label]:
            any(take(family) for family in holders[label])
    for label in reversed(by_count):  # rare ones have the least choice
        wanted = int(share * totals[label])
        for family in holders[label]:
            if counts[label] >= wanted or room <= 0:
                break
            take(family)
    for family in order:
        if room <= 0:
            break
        take(family)
    return chosen


def write_documents(path: str | Path, documents: Iterable[LabeledDocument]) -> None:
    """Write documents as JSON Lines that `read_labeled` reads without being told the fields.

    Each has `text` (a list of two for a pair), `labels`, the `line` of its own file, and `id` and
    the kept fields if there are any. The file is there whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    lines = [json.dumps(_record(d), ensure_ascii=False, default=str) for d in documents]
    write_text(path, "".join(f"{line}\n" for line in lines))


def write_parts(folder: str | Path, parts: dict[str, Sequence[LabeledDocument]]) -> dict[str, Path]:
    """Write each part as `folder/NAME.jsonl`; returns their paths."""
    paths = {name: Path(folder) / f"{name}.jsonl" for name in parts}
    for name, path in paths.items():
        write_documents(path, parts[name])
    return paths


def _record(document: LabeledDocument) -> dict[str, Any]:
    texts = document.texts
    own = {
        "text": texts[0] if len(texts) == 1 else list(texts),
        "labels": list(document.labels),
        "line": document.line,
    }
    named = {} if document.id is None else {"id": document.id}
    return {**document.fields, **named, **own}
