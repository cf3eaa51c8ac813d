"""Labels of files that are likely wrong, with their places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kerasbert.choices import HeadName
from kerasbert.heads.registry import HEADS
from kerasbert.heads.verdict import doubts_sentence
from kerasbert.text.fields import Fields
from kerasbert.text.lines import LineProblems

START = 200  # characters of a text that are kept
SHOWN = 20  # documents in the table
GLIMPSE = 60  # characters of a text in it


def audit_labels(
    files: Mapping[str, Path],
    head: HeadName,
    fields: Fields | None = None,
    limit: int | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """What `Head.doubts` says of the documents of all files together, by file and line.

    Args:
        files: of "train" and further parts; lines in a wrong form are left out.
        head: what the labels are for, as `audit` has found.
        fields: of labelled tables or records.
        limit: the first documents of each file only.
        progress: called with how many steps were done since it was called last.

    Raises:
        InputError: a file cannot be read, or nothing can be said of such labels.
    """
    known = HEADS[head]
    documents, places = [], []
    for path in files.values():
        read = known.read_file(path, LineProblems(skip=True), limit, fields)
        documents += read
        places += [f"{path.name}:{one.line}" for one in read]
    found = known.doubts(documents, progress)
    for row in found["rows"]:
        number = row.pop("document")
        one = documents[number]
        row |= {"place": places[number], "id": one.id, "text": " | ".join(one.texts)[:START]}
    return found | {"verdict": doubts_sentence(found)}


def doubts_table(found: Mapping[str, Any]) -> tuple[str, list[tuple[str, ...]]]:
    """The most doubtful labels: a title, and rows of which the first is the heading."""
    rows = [
        (row["place"], *(" ".join(row[key]) for key in ("labels", "suggested")),
         row["text"][:GLIMPSE])
        for row in found["rows"][:SHOWN]
    ]  # fmt: skip
    more = f", the first {SHOWN}" if len(found["rows"]) > SHOWN else ""
    return f"labels in doubt{more}", [("", "given", "suggested", "text"), *rows]
