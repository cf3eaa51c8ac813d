"""What a line of labelled text holds: a text, or a pair, with its labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kerasbert.errors import InputError
from kerasbert.streams import shown
from kerasbert.text.lines import LineProblems, read_lines
from kerasbert.text.look_alikes import JOINTS

LABEL_PREFIX = "__label__"


@dataclass(frozen=True)
class LabeledDocument:
    """One text (or a pair) with its labels.

    Attributes:
        texts: one text, or two for a pair.
        labels: names without the `__label__` prefix, in file order, without duplicates.
        line: 1-based line number in its file.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    line: int


def _split_labels(text: str) -> tuple[str, list[str]]:
    """Part the words that start with `__label__` at the end of `text` from what stands before."""
    if LABEL_PREFIX not in text:
        return text.strip(), []
    words = text.split()
    first = len(words)
    while first and words[first - 1].startswith(LABEL_PREFIX):
        first -= 1
    labels = words[first:]
    if not labels:
        return text.strip(), []
    return (text.rsplit(None, len(labels))[0].strip() if first else ""), labels


def strip_labels(line: str) -> tuple[str, bool]:
    """Return the line without trailing `__label__x` words, and whether there were any."""
    text, labels = _split_labels(line)
    return text, bool(labels)


def parse_labeled(line: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Parse `text __label__a __label__b`, or `text TAB text __label__a`, into texts and labels.

    Raises:
        ValueError: with the reason, when the line does not have this form.
    """
    fields = line.rstrip().split("\t")
    if len(fields) > 2:
        raise ValueError(
            f"{len(fields) - 1} TABs, expected none (one text) or one (between a pair of texts)"
        )
    last, words = _split_labels(fields[-1])
    texts = (*(text.strip() for text in fields[:-1]), last)
    if not any(texts):
        raise ValueError("no text before the labels, expected: text __label__a __label__b")
    if not all(texts):
        raise ValueError(
            "one text of the pair is empty: a TAB parts two texts, labels are parted by spaces"
        )
    for text in texts:
        if LABEL_PREFIX in text:
            for word in text.split():
                if word.startswith(LABEL_PREFIX):
                    raise ValueError(
                        f"the label {word!r} stands before the end of the text,"
                        " labels were expected last"
                    )
    _refuse_joined(words)
    names = tuple(dict.fromkeys(word.removeprefix(LABEL_PREFIX) for word in words))
    if "" in names:
        raise ValueError(f"a label without a name, expected {LABEL_PREFIX}name")
    return texts, names


def _refuse_joined(words: list[str]) -> None:
    """Refuse labels with something else than a space between them: each would be a new class."""
    joined = [word for word in words if LABEL_PREFIX in word[len(LABEL_PREFIX) :]]
    odd = joined or [word for word in words[:-1] if word[-1] in JOINTS]
    if odd:
        names = (part.strip(f" {JOINTS}/") for part in " ".join(words).split(LABEL_PREFIX))
        found = "holds several labels" if joined else f"ends in {odd[0][-1]!r}"
        raise ValueError(
            f"the label {odd[0]!r} {found}, labels are parted by spaces alone:"
            f" write {' '.join(LABEL_PREFIX + name for name in names if name)}"
        )


def read_labeled(
    path: str | Path,
    problems: LineProblems | None = None,
    limit: int | None = None,
    needs_labels: bool = True,
) -> list[LabeledDocument]:
    """Read a labelled file (see `parse_labeled`); blank lines are ignored, no label is legal.

    Raises:
        InputError: a line that cannot be read (unless `problems` skips), singles and pairs in one
            file, no document, or not one label in the whole file (unless none is needed).
    """
    problems = problems or LineProblems()
    skipped = problems.skipped
    documents: list[LabeledDocument] = []
    for document in iterate_labeled(path, problems):
        documents.append(document)
        if limit is not None and len(documents) >= limit:
            return documents
    if not documents:
        raise no_document(path, problems, skipped)
    if needs_labels and not any(document.labels for document in documents):
        raise InputError(
            f"{shown(path)}: a label file without labels ({len(documents)} documents, none has"
            " one). Expected lines: text __label__a __label__b."
        )
    return documents


def no_document(path: str | Path, problems: LineProblems, before: int = 0) -> InputError:
    """What to say of a labelled file that yields nothing.

    Args:
        path: the file.
        problems: what was met in it.
        before: the lines that were skipped in other files.
    """
    if wrong := problems.skipped - before:
        such = f", such as {problems.examples[before]}" if len(problems.examples) > before else ""
        return InputError(
            f"{shown(path)}: none of its {wrong} lines can be read{such}. Mend the file."
        )
    return InputError(
        f"{shown(path)}: no document in this file. Expected lines: text __label__a __label__b."
    )


def iterate_labeled(
    path: str | Path, problems: LineProblems | None = None
) -> Iterator[LabeledDocument]:
    """Yield the documents of a labelled file, one at a time, in memory that does not grow with it.

    Raises:
        InputError: a line that cannot be read (unless `problems` skips), singles and pairs in one
            file (unless it skips and most are as the first one).
    """
    problems = problems or LineProblems()
    name = shown(path)
    first: LabeledDocument | None = None
    alike = others = 0
    for number, line in read_lines(path, problems, "labels"):
        if not line:
            continue
        try:
            texts, labels = parse_labeled(line)
        except ValueError as error:
            problems.report(name, number, str(error))
            continue
        document = LabeledDocument(texts, labels, number)
        first = first or document
        if len(texts) != len(first.texts):
            problems.report(
                name,
                number,
                f"{_form(len(texts))}, expected {_form(len(first.texts))}"
                f" as in line {first.line}: a file holds singles or pairs, not both",
            )
            others += 1
            continue
        alike += 1
        yield document
    if first is not None and others > alike:
        raise InputError(
            f"{path}:{first.line}: {_form(len(first.texts))}, but {others:,} of the lines after it"
            f" are not; a file holds singles or pairs, not both. Correct line {first.line}."
        )


def _form(texts: int) -> str:
    return "a pair of texts (one TAB)" if texts == 2 else "one text (no TAB)"
