"""Tables of results on standard output."""

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from kerasbert.figures import cell
from kerasbert.terminal import columns

_ANY_WIDTH = 10_000  # of a file or a pipe
_FIGURE = re.compile(r"[+-]?[\d.,]+%?( ± [\d.,]+)?")


def print_table(title: str, rows: Sequence[Sequence[Any]]) -> None:
    """A table on standard output; the first row is its header.

    Figures stand to the right, text to the left. Cells are broken on a terminal only.
    """
    header, *body = rows
    _print_table(title, [[cell(value) for value in row] for row in body], header)


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


def _print_table(title: str, body: list[list[str]], header: Sequence[str] | None) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    class Output(Console):
        def on_broken_pipe(self) -> None:
            raise  # not rich's exit with status 1: `run_command` knows what to do

    # Text, not str: a label such as [b] would be taken for rich's own markup, and vanish.
    table = Table(
        title=Text(title), title_justify="left", box=SIMPLE_HEAD, show_header=header is not None
    )
    for column, cells in enumerate(zip(*body, strict=True)):
        figures = column > 0 and any(map(_FIGURE.fullmatch, cells))
        justify: Literal["left", "right"] = "right" if figures else "left"
        name = Text(str(header[column])) if header else ""
        table.add_column(name, justify=justify, overflow="fold")  # nothing is cut off
    for row in body:
        table.add_row(*map(Text, row))
    Output(width=columns(sys.stdout) or _ANY_WIDTH).print(table)
