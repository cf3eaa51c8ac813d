"""Charts as inline SVG: a few kilobytes, in the colours of the page, light or dark.

Drawn here and not by matplotlib, whose SVG has its colours fixed and is ten times as large.
"""

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kerasbert.figures import number, short

Point = tuple[float, float]

WIDTH, HEIGHT = 420, 270  # in the SVG's own units; it grows and shrinks with the page
LEFT, RIGHT, TOP, BOTTOM = 70, 12, 10, 40
FEWEST_TICKS = 2  # on a logarithmic scale; one that holds fewer round values is nearly even
MOST_DOTS = 5000  # beyond it a page becomes slow and no eye sees more


@dataclass(frozen=True)
class Series:
    """Points that belong together.

    Attributes:
        name: in the legend; none with the empty name.
        points: (x, y), finite.
        style: a line with marks, a line of dashes without, a thin line, or dots alone.
        notes: what a pointer over the n-th point shows; its numbers unless given.
        color: 0 to 4, or None for that of the text.
    """

    name: str
    points: Sequence[Point]
    style: Literal["line", "dashed", "thin", "dots"] = "line"
    notes: Sequence[str] = ()
    color: int | None = 0


@dataclass(frozen=True)
class Axis:
    """One axis: its title, and how values become positions.

    Attributes:
        title: beside it.
        limits: lowest and highest value shown; those of the points, with some room, unless given.
        log: a logarithmic scale, for values above 0.
        whole: whole numbers only, such as epochs.
    """

    title: str
    limits: tuple[float, float] | None = None
    log: bool = False
    whole: bool = False

    def fitted(self, values: Sequence[float]) -> "Axis":
        """The same axis with limits that hold all values."""
        if self.limits is not None:
            return self
        low, high = min(values), max(values)
        if self.log:
            return Axis(self.title, (low / 1.2, high * 1.2), True, self.whole)
        room = (high - low) * 0.06 or abs(high) * 0.05 or 1.0
        bottom = 0.0 if low >= 0 and low - room < 0 else low - room
        return Axis(self.title, (bottom, high + room), False, self.whole)

    def share(self, value: float) -> float:
        """Where a value lies between the limits, from 0 to 1."""
        assert self.limits is not None
        low, high = self.limits
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return (value - low) / (high - low)

    def ticks(self) -> list[float]:
        """A few round values between the limits."""
        assert self.limits is not None
        low, high = self.limits
        if self.log:
            powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
            digits = (1,) if len(powers) > 4 else (1, 2, 5) if len(powers) < 4 else (1, 3)
            values: Iterable[float] = [digit * 10.0**power for power in powers for digit in digits]
        if not self.log or sum(low <= value <= high for value in values) < FEWEST_TICKS:
            step = _round_step((high - low) / (8 if self.whole else 6))
            step = max(1.0, float(math.ceil(step))) if self.whole else step
            first = math.ceil(low / step - 1e-9)
            values = (number * step for number in range(first, math.floor(high / step + 1e-9) + 1))
        return [value for value in values if low <= value <= high]


def chart(title: str, series: Sequence[Series], x: Axis, y: Axis, note: str = "") -> str:
    """A figure of HTML: title, legend, drawing; empty where there is no point to draw."""
    series = [one for one in series if one.points]
    if not any(one.points for one in series if one.color is not None):
        return ""
    x = x.fitted([point[0] for one in series for point in one.points])
    y = y.fitted([point[1] for one in series for point in one.points])
    marks = "".join(_draw(one, x, y) for one in series)
    legend = "".join(
        f'<span class="key {_class(one)}"><i></i>{html.escape(one.name)}</span>'
        for one in series
        if one.name
    )
    caption = f"<p class=note>{html.escape(note)}</p>" if note else ""
    return (
        f'<figure class="chart"><figcaption>{html.escape(title)}</figcaption>'
        f'<div class="legend">{legend}</div>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(title)}">'
        f"{_frame(x, y)}{marks}</svg>{caption}</figure>"
    )


def curve(rows: Sequence[Mapping[str, Any]], x: str, y: str) -> list[Point]:
    """The points of one curve, without those that are missing."""
    pairs = ((number(row.get(x)), number(row.get(y))) for row in rows)
    return [(a, b) for a, b in pairs if a is not None and b is not None]


def _frame(x: Axis, y: Axis) -> str:
    """Grid, ticks and titles."""
    parts = []
    for value in x.ticks():
        at = _right(x, value)
        parts.append(f'<line class="grid" x1="{at}" x2="{at}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text x="{at}" y="{HEIGHT - BOTTOM + 15}" class="mid">{_tick(value)}</text>')
    for value in y.ticks():
        at = _down(y, value)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" class="end">{_tick(value)}</text>')
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 6}" class="mid title">'
        f"{html.escape(x.title)}</text>"
        f'<text transform="translate(12 {middle:.0f}) rotate(-90)" class="mid title">'
        f"{html.escape(y.title)}</text>"
    )
    return "".join(parts)


def _draw(series: Series, x: Axis, y: Axis) -> str:
    """Line and marks of one series."""
    dots = series.points
    places = [(_right(x, a), _down(y, b)) for a, b in dots]
    parts = []
    if series.style != "dots":
        path = " ".join(f"{right},{down}" for right, down in places)
        parts.append(f'<polyline points="{path}"/>')
    if series.style in ("line", "dots"):
        notes = series.notes or [f"{short(a)}: {short(b)}" for a, b in dots]
        name = f"{series.name}, " if series.name and not series.notes else ""
        radius = 3 if series.style == "line" else 3.4
        for (right, down), note in list(zip(places, notes, strict=True))[:MOST_DOTS]:
            title = html.escape(name + note)
            parts.append(
                f'<circle cx="{right}" cy="{down}" r="{radius}"><title>{title}</title></circle>'
            )
    return f'<g class="{_class(series)}">{"".join(parts)}</g>'


def _class(series: Series) -> str:
    color = "plain" if series.color is None else f"s{series.color}"
    return f"{color} {series.style}"


def _right(axis: Axis, value: float) -> float:
    return round(LEFT + axis.share(value) * (WIDTH - LEFT - RIGHT), 1)


def _down(axis: Axis, value: float) -> float:
    return round(HEIGHT - BOTTOM - axis.share(value) * (HEIGHT - TOP - BOTTOM), 1)


def _round_step(step: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(digit * power for digit in (1, 2, 2.5, 5, 10) if digit * power >= step * (1 - 1e-9))


def _tick(value: float) -> str:
    for size, letter in ((1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == 'k' else size):g}{letter}"
    return f"{value:.10g}" if value == 0 or abs(value) >= 1e-3 else f"{value:.1e}"
