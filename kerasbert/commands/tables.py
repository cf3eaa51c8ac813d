"""Tables of results on standard output."""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kerasbert.figures import cell
from kerasbert.terminal import NO_BREAK, columns, wrapped

_ANY_WIDTH = 10_000  # of a file or a pipe
_GAP = 2
_FIGURE = re.compile(r"[+-]?[\d.,]+%?( ± [\d.,]+)?")


def print_table(title: str, rows: Sequence[Sequence[Any]], marks: bool = False) -> None:
    """A table on standard output; the first row is its header.

    Figures stand to the right, text to the left. Cells are broken on a terminal only, between
    words; where it is too narrow even for that, each row names its cells itself.

    Args:
        title: above it.
        rows: the header, and the others.
        marks: whether the first cell begins with a mark and a space, or with two; lines that it is
            broken into begin below its words.
    """
    header, *body = rows
    found = [[cell(value) for value in row] for row in body]
    _print_table(title, found, header, "  " if marks else "")


def print_figures(title: str, figures: Mapping[str, Any]) -> None:
    """Named figures on standard output, one below the other."""
    body = [
        [name.replace("_", " "), _text(name, value)]
        for name, value in figures.items()
        if value not in (None, "", [], ())
    ]
    _print_table(title, body, None)


def _text(name: str, value: Any) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else cell(value, name)


def _print_table(
    title: str, body: list[list[str]], header: Sequence[str] | None, hang: str = ""
) -> None:
    """An empty line, the title and the table; `hang` as of `wrapped`, for the first cells."""
    print(f"\n{wrapped(title, columns(sys.stdout))}" if title else "")
    width = columns(sys.stdout) or _ANY_WIDTH
    found = [list(cells) for cells in zip(*body, strict=True)]
    names = [str(name) for name in header] if header is not None else [""] * len(found)
    least = [
        _longest(" ".join([name, *cells]).split()) for name, cells in zip(names, found, strict=True)
    ]
    fits = sum(least) + _GAP * (len(least) - 1) <= width  # without breaking a word
    if header is not None and not fits:
        _print_rows(names, body, width)
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    class Output(Console):
        def on_broken_pipe(self) -> None:
            raise  # not rich's exit with status 1: `run_command` knows what to do

    table = Table(
        box=SIMPLE_HEAD,
        show_header=header is not None,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    wide = [_longest([name, *cells]) for name, cells in zip(names, found, strict=True)]
    enough = all if header is None else any  # named figures may be texts
    figures = [
        number > 0 and enough(map(_FIGURE.fullmatch, cells)) for number, cells in enumerate(found)
    ]
    widths: list[int | None] = [None] * len(found)
    if fits and sum(wide) + _GAP * (len(wide) - 1) > width:
        # What is broken first is the name above figures.
        wanted = [
            max(_longest(cells), low) if one else most
            for cells, low, one, most in zip(found, least, figures, wide, strict=True)
        ]
        room = width - _GAP * (len(least) - 1)
        widths = [*_shared(_shared(least, wanted, room), wide, room)]
    # Text, not str: a label such as [b] would be taken for rich's own markup, and vanish.
    for name, one, own in zip(names, figures, widths, strict=True):
        table.add_column(
            Text(name),
            justify="right" if one else "left",
            overflow="fold",  # nothing is cut off
            width=own,
        )
    for first, *others in body:
        table.add_row(*map(Text, [_hung(first, widths[0], hang), *others]))
    Output(width=width).print(table)


def _print_rows(names: Sequence[str], body: list[list[str]], width: int) -> None:
    """Each row with its first cell above the others, which stand beside their names."""
    for first, *cells in body:
        print(wrapped(first, width, hang="  "))
        pairs = [f"{name} {cell}" for name, cell in zip(names[1:], cells, strict=True) if cell]
        line = f"{' ' * _GAP}".join(pair.replace(" ", NO_BREAK) for pair in pairs)
        said = wrapped(line, width - _GAP).replace(NO_BREAK, " ")
        print(" " * _GAP + said.replace("\n", "\n" + " " * _GAP))


def _hung(text: str, width: int | None, hang: str) -> str:
    """A cell that begins with a mark as wide as `hang`, which stays free below it."""
    if not hang or width is None:
        return text
    mark, words = text[: len(hang)], text[len(hang) :]
    return mark + wrapped(words, width - len(hang)).replace("\n", "\n" + hang)


def _shared(widths: Sequence[int], wanted: Sequence[int], room: int) -> list[int]:
    """The widths, made as wide as wanted while there is room; who takes most lines is served first.

    So the cells of a row are broken into about as many lines each, which are the fewest.
    """
    found = list(widths)
    for _ in range(room - sum(found)):
        lines = [most / max(own, 1) for most, own in zip(wanted, found, strict=True)]
        if max(lines) <= 1:
            break
        found[lines.index(max(lines))] += 1
    return found


def _longest(texts: Iterable[str]) -> int:
    from rich.cells import cell_len

    return max(map(cell_len, texts), default=0)
