"""Tables of a report: readable as they stand, sorted by a click on a heading."""

import html
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from kerasbert.figures import number, short

Row = Mapping[str, Any]
LONG = 25  # rows; a table of more scrolls by itself


def table(
    rows: Sequence[Row],
    headings: Mapping[str, str] | None = None,
    bars: Sequence[str] = (),
    texts: Sequence[str] = (),
    name: str = "",
) -> str:
    """A table that scrolls within itself where it is too large for the page.

    Args:
        rows: what stands in it.
        headings: a heading for each column to show, in order; all keys of the rows as they are,
            in order of first appearance, unless given.
        bars: columns of values from 0 to 1 that are shown with a bar.
        texts: columns of words, to the left like the first.
        name: an id for links and tests.

    Returns:
        HTML; empty without rows.
    """
    if not rows:
        return ""
    if headings is None:
        headings = {key: key.replace("_", " ") for row in rows for key in row}
    words = {next(iter(headings), ""), *texts}
    digits = {column: _digits([row.get(column) for row in rows]) for column in headings}
    head = "".join(
        f"<th{' class=word' if column in words else ''}>{html.escape(str(text))}</th>"
        for column, text in headings.items()
    )
    lines = "\n".join(
        "<tr>"
        + "".join(
            _td(row.get(column), column in bars, column in words, digits[column])
            for column in headings
        )
        + "</tr>"
        for row in rows
    )
    tall = " tall" if len(rows) > LONG else ""
    sortable = ' class="sortable"' if len(rows) > 1 else ""
    sortable += f' id="{name}"' if name else ""
    return (
        f'<div class="scroll{tall}" tabindex="0"><table{sortable}><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{lines}</tbody></table></div>"
    )


def pairs(values: Row) -> str:
    """Names and values in two columns; long lists are folded behind their length."""
    lines = "".join(
        f"<dt>{html.escape(str(name).replace('_', ' '))}</dt><dd>{cell(value)}</dd>"
        for name, value in values.items()
    )
    return f"<dl>{lines}</dl>" if lines else ""


def folded(summary: str, body: str) -> str:
    """HTML that is there when it is asked for; empty when there is none."""
    if not body:
        return ""
    return f"<details><summary>{html.escape(summary)}</summary>{body}</details>"


def tiles(values: Mapping[str, Any]) -> str:
    """The few figures that matter most, large; those that are missing are left out."""
    shown = {name: value for name, value in values.items() if not _missing(value)}
    boxes = "".join(
        f"<div><b>{cell(value, _digits([value]))}</b><span>{html.escape(name)}</span></div>"
        for name, value in shown.items()
    )
    return f'<div class="tiles">{boxes}</div>' if boxes else ""


def cell(value: Any, digits: int | None = None) -> str:
    """One value, escaped; a float with so many decimals, or as short as it can be."""
    if _missing(value):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return cell([f"{name} {cell(one)}" for name, one in value.items()])
    if isinstance(value, list | tuple):
        if len(value) <= 8:
            return html.escape(", ".join(str(item) for item in value)) or "–"
        lines = "<br>".join(html.escape(str(item)) for item in value)
        return f"<details><summary>{len(value)}</summary>{lines}</details>"
    if isinstance(value, float):
        return html.escape(short(value) if digits is None else f"{value:,.{digits}f}")
    return html.escape(f"{value:,}" if isinstance(value, int) else str(value))


def _digits(values: Sequence[Any]) -> int | None:
    """The decimals of a column, the same in every row; None where no value is a float."""
    sizes = [abs(one) for one in values if isinstance(one, float) and math.isfinite(one)]
    if not sizes:
        return None
    return next((n for size, n in ((1000, 0), (20, 1), (0.02, 3)) if max(sizes) >= size), 5)


def _missing(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _td(value: Any, bar: bool, word: bool, digits: int | None) -> str:
    """A cell, with the number to sort by where its text is not that number."""
    key = number(value) if not isinstance(value, str) else None
    sort = f' data-v="{key:.8g}"' if key is not None else ""
    look = ' class="word"' if word else ""
    if bar and key is not None:
        look = f' class="bar" style="--v:{min(max(key, 0), 1):.3f}"'
        return f"<td{look}{sort}>{key:.3f}</td>"
    shown = cell(value, digits)
    return f"<td{look}{sort}>{_breakable(shown) if isinstance(value, str) else shown}</td>"


def _breakable(shown: str) -> str:
    """An escaped name that a narrow column breaks behind what parts it: `::`, `_`, `/`."""
    return re.sub(r"(?<=\w)(::?|[_/]+)(?=\w)", r"\1<wbr>", shown)
