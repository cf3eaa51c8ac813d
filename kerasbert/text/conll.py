"""CoNLL columns: a token a line with its tag in the last column, an empty line between sentences.

Source of the format: Tjong Kim Sang and De Meulder 2003, https://aclanthology.org/W03-0419.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kerasbert.streams import shown
from kerasbert.text.formats import suffix_of
from kerasbert.text.lines import LineProblems, read_lines

SUFFIXES = (".conll", ".conll2003", ".bio", ".iob", ".iob2", ".bioes")
_BETWEEN_DOCUMENTS = "-DOCSTART-"


@dataclass
class Sentence:
    """The tokens between two empty lines.

    Attributes:
        tokens: of each line the first column.
        tags: of each line the last column; none where there is one column.
        lines: their numbers, from 1.
    """

    tokens: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


def is_conll(path: str | Path) -> bool:
    """Whether a file is called as files of CoNLL columns are."""
    return suffix_of(str(path)) in SUFFIXES


def read_sentences(
    path: str | Path, problems: LineProblems, tagged: bool = True
) -> Iterator[Sentence]:
    """Yield the sentences of a file. Lines of blanks are empty; those of -DOCSTART- are left out.

    Columns are parted by TABs where the file has some, else by white space. Every line has as many
    as the first one.

    Args:
        path: of the file, which may be packed.
        problems: what to do with lines that do not fit: a sentence with one is left out.
        tagged: whether there has to be a tag.

    Raises:
        InputError: a line that does not fit (unless `problems` skips).
    """
    name, sentence, fits = shown(path), Sentence(), True
    columns: int | None = None
    first = 0
    for number, line in read_lines(path, problems):
        if not line or line.isspace():
            if sentence.tokens and fits:
                yield sentence
            sentence, fits = Sentence(), True
            continue
        cells = line.split("\t") if "\t" in line else line.split()
        cells = [cell.strip() for cell in cells]
        if cells[0] == _BETWEEN_DOCUMENTS:
            continue
        if columns is None:
            columns, first = len(cells), number
        fault = _fault(cells, columns, first, tagged)
        if fault is not None:
            problems.report_at(functools.partial("{}:{}".format, name, number), fault)
            fits = False
            continue
        sentence.tokens.append(cells[0])
        sentence.lines.append(number)
        if len(cells) > 1:
            sentence.tags.append(cells[-1])
    if sentence.tokens and fits:
        yield sentence


def _fault(cells: list[str], columns: int, first: int, tagged: bool) -> str | None:
    """What is wrong with a line; None for nothing."""
    if tagged and len(cells) == 1:
        return (
            f"one column ({cells[0][:40]!r}), a token and its tag were expected, a TAB or a space"
            " between them"
        )
    if len(cells) != columns:
        return (
            f"{len(cells)} columns, expected {columns} as in line {first}; part them all by TABs or"
            " all by spaces"
        )
    if not cells[0]:
        return "no token before the tag, expected: token TAB tag"
    return None
