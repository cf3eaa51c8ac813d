"""What the builders share: documents, splits that keep duplicates apart, files of a data set."""

import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import tyro

from kerasbert.errors import InputError
from kerasbert.files import atomic_path

LABEL = "__label__"
SPLITS = ("train", "valid", "test")
GRAM = 8

_LETTERS = re.compile(r"[^\W\d_]+")
_LABEL_MARK = re.compile(rf"(?<!\S)(?:{LABEL})+")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0e-\x1b\x7f\ufeff\ud800-\udfff]")


class Document(NamedTuple):
    """A text of one line, its labels, and the group that must not be torn between splits."""

    text: str
    labels: frozenset[str]
    group: str


def one_line(text: str) -> str:
    """The text as the file formats want it: single spaces, no control characters, no label words.

    A word that merely contains `__label__` is text; one that starts with it would be read as a
    label, so it loses the mark.
    """
    line = " ".join(_UNPRINTABLE.sub("", text).split())
    if LABEL in line:
        line = " ".join(_LABEL_MARK.sub("", line).split())
    return line


def bare_words(text: str) -> list[str]:
    """The words by which duplicates are recognised: no case, no digits, no punctuation."""
    return _LETTERS.findall(text.lower())


def order_of(text: str) -> str:
    """A key that shuffles texts in the same way on every machine."""
    return hashlib.sha1(text.encode()).hexdigest()


def split_of(group: str) -> str:
    """The split of a group: 80/10/10 by hash, the same whatever else is in the data."""
    bucket = int(hashlib.sha1(group.encode()).hexdigest(), 16) % 10
    return {0: "valid", 1: "test"}.get(bucket, "train")


def merge_same_text(documents: Iterable[Document]) -> list[Document]:
    """One document for each text: the first one's wording and group, the labels of all."""
    merged: dict[str, Document] = {}
    for document in documents:
        key = " ".join(bare_words(document.text))
        first = merged.setdefault(key, document)
        if first is not document:
            merged[key] = first._replace(labels=first.labels | document.labels)
    return list(merged.values())


def _grams(text: str) -> Iterator[str]:
    words = bare_words(text)
    for start in range(max(1, len(words) - GRAM + 1)):
        yield " ".join(words[start : start + GRAM])


def shares_in_raw(texts: Sequence[str], raw: Iterable[str]) -> list[float]:
    """For each text the share of its word 8-grams (a shorter text: itself) that occur in `raw`.

    Only the grams of `texts` are held in memory; `raw` is streamed past them, so a corpus of
    any size costs no more than the held-out documents do.
    """
    wanted = {gram for text in texts for gram in _grams(text)}
    seen = {gram for line in raw for gram in _grams(line) if gram in wanted}
    shares = []
    for text in texts:
        found = [gram in seen for gram in _grams(text)]
        shares.append(sum(found) / len(found))
    return shares


def leave_out_near_duplicates(
    documents: Sequence[Document], raw: Iterable[str], limit: float = 0.5
) -> list[Document]:
    """The documents of a held-out split that pre-training has not practically read already."""
    shares = shares_in_raw([document.text for document in documents], raw)
    pairs = zip(documents, shares, strict=True)
    return [document for document, share in pairs if share <= limit]


def keep_frequent_labels(
    splits: Mapping[str, Sequence[Document]], least: int, counted: Sequence[str] = ("train",)
) -> dict[str, list[Document]]:
    """Drops labels with fewer than `least` documents in the splits `counted`, or none in train.

    A document that this leaves without labels is left out: its labels are unknown, not none.
    """
    counts = Counter(label for name in counted for d in splits[name] for label in d.labels)
    in_train = {label for document in splits["train"] for label in document.labels}
    kept = {label for label in in_train if counts[label] >= least}
    trimmed = {
        name: [document._replace(labels=document.labels & kept) for document in documents]
        for name, documents in splits.items()
    }
    return {name: [d for d in documents if d.labels] for name, documents in trimmed.items()}


def write_lines(path: Path, lines: Iterable[str]) -> int:
    """Writes UTF-8 lines, all or nothing, and returns how many.

    Raises:
        InputError: if the file cannot be written.
    """
    written = 0
    try:
        with (
            atomic_path(path) as temporary,
            temporary.open("w", encoding="utf-8", newline="\n") as file,
        ):
            for line in lines:
                file.write(line + "\n")
                written += 1
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror}). "
            "Expected a path in a folder you may write to; pass another one."
        ) from error
    return written


def labeled_line(text: str, labels: Iterable[str]) -> str:
    """`text __label__a __label__b`."""
    return " ".join([text, *(LABEL + label for label in labels)])


def write_set(
    out: Path, splits: Mapping[str, Sequence[Document]], raw: Sequence[str]
) -> dict[str, int]:
    """Writes train.txt, valid.txt, test.txt, raw.txt and labels.tsv, and returns the counts.

    Lines are shuffled by a hash of their text, so that the first N of a file are a fair sample.
    """
    result = {}
    per_split = {}
    for name in SPLITS:
        documents = sorted(splits[name], key=lambda document: order_of(document.text))
        lines = (labeled_line(d.text, sorted(d.labels)) for d in documents)
        result[name] = write_lines(out / f"{name}.txt", lines)
        per_split[name] = Counter(label for d in documents for label in d.labels)
    result["raw"] = write_lines(out / "raw.txt", sorted(raw, key=order_of))
    ranked = sorted(per_split["train"], key=lambda label: (-per_split["train"][label], label))
    rows = ("\t".join([label, *(str(per_split[s][label]) for s in SPLITS)]) for label in ranked)
    write_lines(out / "labels.tsv", ["\t".join(["label", *SPLITS]), *rows])
    result["labels"] = len(ranked)
    result["words"] = sum(len(line.split()) for line in raw)
    return result


def run_command(build: Callable[..., object], argv: Sequence[str] | None) -> int:
    """Calls a builder with the flags of a command line and prints its counts as JSON.

    Returns:
        The exit status: 0 done, 2 wrong input, 130 interrupted.
    """
    try:
        print(json.dumps(tyro.cli(build, args=argv)))
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0
