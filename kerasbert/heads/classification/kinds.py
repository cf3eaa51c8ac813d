"""The kinds of classification: which documents fit one, and which data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from kerasbert.choices import KindName
from kerasbert.errors import InputError
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.kinds import LabelTally, number_of_labels
from kerasbert.text.lines import LineProblems

KINDS = get_args(KindName)


def misfit(labels: int, kind: str) -> str | None:
    """What is wrong with so many labels of a document of this kind; None if nothing is."""
    return None if kind == "multi-label" or labels == 1 else number_of_labels(labels)


def keep_fitting(
    documents: Sequence[LabeledDocument],
    kind: str,
    path: str | Path = "",
    problems: LineProblems | None = None,
) -> list[LabeledDocument]:
    """The documents that fit a kind: exactly one label each, unless it is "multi-label".

    Args:
        documents: of training, validation or test data.
        kind: one of `KINDS`.
        path: their file, named in the message.
        problems: leaves out the others, if it skips.

    Raises:
        InputError: naming the first line that does not fit (unless `problems` skips), none does, or
            an unknown kind.
    """
    if kind not in KINDS:
        raise InputError(f"unknown kind {kind!r}, expected one of {', '.join(KINDS)}.")
    problems = problems or LineProblems()
    kept = []
    for document in documents:
        found = misfit(len(document.labels), kind)
        if found is None:
            kept.append(document)
            continue
        where = f"{path}:{document.line}" if path else f"line {document.line}"
        problems.report_at(
            where.__str__,
            f"the document has {found}, kind {kind} expects exactly one. Correct the line, or train"
            " with --kind multi-label.",
        )
    if not kept:
        raise InputError(
            f"{_at(path)}none of {len(documents)} documents fits kind {kind}. Check the file, or"
            " train with --kind multi-label."
        )
    return kept


def keep_all_fitting(
    parts: Mapping[str, Sequence[LabeledDocument]],
    kind: str,
    paths: Mapping[str, Path],
    problems: LineProblems,
) -> dict[str, list[LabeledDocument]]:
    """`keep_fitting` of each part."""
    return {name: keep_fitting(part, kind, paths[name], problems) for name, part in parts.items()}


def check_kind(documents: Sequence[LabeledDocument], kind: str, path: str | Path = "") -> None:
    """Refuse a kind that contradicts the training documents; `path` is named in the message.

    "multi-class" and "binary" need exactly one label a document; "binary" needs two names in all,
    "multi-class" at least two. "multi-label" takes any documents with a label among them.

    Raises:
        InputError: naming the first line that contradicts.
    """
    tally = LabelTally(keep_fitting(documents, kind, path))
    names = list(tally.first)  # in order of first appearance
    if kind == "binary" and len(names) > 2:
        where = f"{path}:" if path else "line "
        raise InputError(
            f"{where}{tally.first[names[2]]}: {names[2]!r} is a third label after {names[0]!r} and"
            f" {names[1]!r}, kind binary expects two in all. Use kind multi-class."
        )
    fewest = 1 if kind == "multi-label" else 2
    if len(names) < fewest:
        found = f"only {names[0]!r}" if names else "none"
        raise InputError(
            f"{_at(path)}kind {kind} expects {fewest} labels or more among the documents, found"
            f" {found}. Check the file."
        )


def check_targets(
    kind: str,
    labels: int,
    documents: Sequence[LabeledDocument] = (),
    names: Sequence[str] = (),
) -> None:
    """That a kind is one of `KINDS`, has so many labels, and that documents can be learned from.

    Args:
        kind: of classification.
        labels: K.
        documents: with their labels.
        names: the K labels.

    Raises:
        ValueError: another kind, a number of labels that it does not have, a document with more or
            fewer labels than the kind has, or no known label among those of all documents.
    """
    if kind not in KINDS:
        raise ValueError(f"kind: expected one of {', '.join(KINDS)}. Received: {kind!r}")
    fewest, most = {"multi-label": (1, None), "multi-class": (2, None), "binary": (2, 2)}[kind]
    if labels < fewest or (most is not None and labels > most):
        expected = f"{fewest} labels" if most else f"{fewest} labels or more"
        raise ValueError(
            f"kind {kind!r}: expected {expected}, with a logit for each; a single yes or no is "
            f'"multi-label" with 1. Received: {labels}'
        )
    for number, document in enumerate(documents):
        if found := misfit(len(document.labels), kind):
            raise ValueError(
                f"documents: kind {kind} expects exactly one label each. "
                f"Received: documents[{number}] (line {document.line}) with {found}"
            )
    found_labels = {name for document in documents for name in document.labels}
    if found_labels and found_labels.isdisjoint(names):
        raise ValueError(
            f"documents: expected some labels of {list(names[:3])} and so on. "
            f"Received: {sorted(found_labels)[:3]} and so on, none of them known"
        )


def _at(path: str | Path) -> str:
    return f"{path}: " if path else ""
