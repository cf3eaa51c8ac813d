"""A table of counts, row by column: which name was taken for which."""

import html
from collections.abc import Mapping, Sequence

from kerasbert.visible import visible

NAMED, LONG = 3, 20  # columns, and characters, at most for names above them; else numbers


def matrix(
    rows: Mapping[str, Mapping[str, int]],
    columns: Sequence[str],
    title: tuple[str, str],
    names: Sequence[str] = (),
    kind: str = "pair",
    rest: str = "",
) -> str:
    """Counts as a table, darker where there are more; empty without rows.

    Args:
        rows: of each row its counts by column.
        columns: their order.
        title: what rows are, and what columns are.
        names: of the browser's documents, in its order. A click on a cell whose row and column are
            among them shows those documents.
        kind: of the browser's filters that a cell beside the diagonal is for.
        rest: the name of a row and a column that sum up all others; they stay without colour.
    """
    if not rows:
        return ""
    number = {name: at for at, name in enumerate(names)}
    inside = [
        (name == column, count)
        for name, row in rows.items()
        for column, count in row.items()
        if rest not in (name, column)
    ]
    # Of the diagonal by itself: what is right is the most, and would outshine what is wrong.
    highest = {same: max((n for s, n in inside if s == same), default=0) for same in (True, False)}
    short = len(columns) > NAMED or max(map(len, columns)) > LONG
    order = {name: at for at, name in enumerate(columns, start=1)}
    head = "".join(
        f'<th scope="col" title="{html.escape(visible(name))}">'
        f"{order[name] if short else html.escape(visible(name))}</th>"
        for name in columns
    )
    same = list(rows) == list(columns)
    lines = []
    for name, row in rows.items():
        shown = html.escape(visible(name))
        which = f"<i>{order[name]}</i> " if short and same else ""
        cells = "".join(
            _cell(
                row.get(column, 0),
                0 if rest in (name, column) else highest[name == column],
                (name, column),
                number,
                kind,
            )
            for column in columns
        )
        lines.append(f'<tr><th scope="row" class="word">{which}{shown}</th>{cells}</tr>')
    legend = ""
    if short and not same:
        listed = ", ".join(f"{order[name]} {html.escape(visible(name))}" for name in columns)
        legend = f'<p class="note">Columns: {listed}</p>'
    return (
        f'<p class="note">Rows: {html.escape(title[0])}. Columns: {html.escape(title[1])}.</p>'
        '<div class="scroll fit" tabindex="0"><table class="matrix">'
        f"<thead><tr><td></td>{head}</tr></thead>\n<tbody>{''.join(lines)}</tbody></table></div>"
        f"{legend}"
    )


def _cell(
    count: int, highest: int, names: tuple[str, str], number: Mapping[str, int], kind: str
) -> str:
    """One count, with the share of the highest one as its colour."""
    row, column = names
    look = " class=same" if row == column else ""
    go = ""
    if count and row != column and row in number and column in number:
        go = f' data-go="{kind} {number[row]} {number[column]}"'
    share = f' style="--v:{count / highest:.3f}"' if count and highest else ""
    return f"<td{look}{go}{share}>{count or '·'}</td>"
