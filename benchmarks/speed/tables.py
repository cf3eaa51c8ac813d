"""Figures for people: medians with their range, ratios by round, a Markdown table and a picture."""

import statistics
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import RESULTS, write_result
from benchmarks.speed.side_by_side import MATRIX_PRODUCTS
from kerasbert.files import atomic_path, write_json, write_text

Row = Mapping[str, Any]


def spread(values: Sequence[float], scale: float = 1, digits: int = 0) -> str:
    """The median, and in brackets the range."""
    middle, low, high = (
        f"{scale * value:,.{digits}f}"
        for value in (statistics.median(values), min(values), max(values))
    )
    return f"{middle} ({low}–{high})"


def find(result: Row, name: str, backend: str | None = None) -> Row | None:
    """The row of a contestant; without a backend, its fastest one."""
    rows = [
        row
        for row in result["contestants"]
        if row["name"] == name and backend in (None, row["backend"])
    ]
    return min(rows, key=lambda row: statistics.median(row["seconds"]), default=None)


def ratios(row: Row, other: Row | None) -> str:
    """Time of `row` over that of another contestant, round by round: the median and the range."""
    if other is None:
        return "–"
    pairs = zip(row["seconds"], other["seconds"], strict=True)
    return spread([mine / theirs for mine, theirs in pairs], digits=2)


def share(result: Row, row: Row) -> str:
    """Floating-point operations a second, as a share of those of bare matrix products.

    The matrix products are those of the backend that does them fastest, in the same rounds. The
    operations of a row are the useful ones alone, under "flops".
    """
    bare = find(result, MATRIX_PRODUCTS)
    if bare is None or "flops" not in row:
        return "–"
    pairs = zip(row["seconds"], bare["seconds"], strict=True)
    shares = [row["flops"] / mine / (bare["flops"] / theirs) for mine, theirs in pairs]
    return spread(shares, 100) + " %"


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]], left: int = 2) -> str:
    """A table; the first `left` columns hold names, the others figures."""
    lines = [heads, ["---"] * left + ["---:"] * (len(heads) - left), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def busy_while_idle(result: Row) -> list[str]:
    """A note for each contestant that worked while the others were timed."""
    return [
        f"{row['name']} on {row['backend']} used {max(row['idle_load']):.0%} of a core while the "
        "others were timed"
        for row in result["contestants"]
        if max(row["idle_load"]) > 0.05
    ]


def draw(path: Path, title: str, unit: str, bars: Sequence[tuple[str, Sequence[float]]]) -> None:
    """Medians as bars, the range as a line across their ends."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    labels = [label for label, _ in bars]
    medians = [statistics.median(values) for _, values in bars]
    low = [median - min(values) for median, (_, values) in zip(medians, bars, strict=True)]
    high = [max(values) - median for median, (_, values) in zip(medians, bars, strict=True)]
    figure, axes = pyplot.subplots(figsize=(8, 1.2 + 0.35 * len(bars)), layout="constrained")
    drawn = axes.barh(labels, medians, xerr=[low, high], color="#4a7fb5", ecolor="#333333")
    written = [f"{median:,.0f}" if median >= 100 else f"{median:.3g}" for median in medians]
    axes.bar_label(drawn, written, padding=5, fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel(unit)
    figure.suptitle(textwrap.fill(title, 100), x=0.01, ha="left", fontsize=10)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def publish(
    out: Path | None,
    title: str,
    notes: Sequence[str],
    table: str,
    result: Row,
    unit: str,
    bars: Callable[[], Sequence[tuple[str, Sequence[float]]]],
) -> None:
    """Print title, table and notes; with `out`, write JSON, Markdown and picture beside each other.

    In benchmarks/results it is the JSON alone, from which the pages of docs/results are made.

    Args:
        out: FILE.json; FILE.md and FILE.png stand beside it.
        title: of the table and the picture.
        notes: sentences under the table.
        table: from `markdown`.
        result: what FILE.json holds.
        unit: of the bars.
        bars: gives a label and the values of each bar.
    """
    text = f"{title}\n\n{table}\n" + "".join(f"{note}\n" for note in notes)
    print(text)
    if out is None:
        return
    if out.resolve().parent == RESULTS:
        words = ["python", "-m", f"benchmarks.speed.{Path(sys.argv[0]).stem}", *sys.argv[1:]]
        write_result(out.stem, result, words, table)
        return
    write_json(out, result)
    picture = out.with_suffix(".png")
    with atomic_path(picture) as temporary:
        draw(temporary, title, unit, bars())
    write_text(out.with_suffix(".md"), f"{text}\n![{title}]({picture.name})\n")
