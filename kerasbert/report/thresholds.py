"""Precision and recall at every threshold, of one name at a time, with a slider."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from kerasbert.report.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis, Series, chart
from kerasbert.visible import visible

CELLS = (("hits", "found"), ("invented", "invented"), ("missed", "missed"), ("left", "left out"))


def threshold_explorer(curves: Sequence[Mapping[str, Any]], name: str = "thresholds") -> str:
    """A curve for each name, its figures at the slider's threshold; empty without curves.

    Args:
        curves: of each its label, support (what there is to find), decisions (how many were made),
            points (threshold, hits, invented; thresholds descending) and at, the point to begin at.
        name: the id.

    Without JavaScript the first one is shown, where it begins.
    """
    curves = [one for one in curves if one["points"] and one["support"]]
    if not curves:
        return ""
    first = curves[0]
    options = "".join(
        f'<option data-points="{_packed(one["points"])}" data-support="{one["support"]}" '
        f'data-decisions="{one["decisions"]}" data-at="{one["at"]}">'
        f"{html.escape(visible(one['label']))}</option>"
        for one in curves
    )
    limit, hits, invented = first["points"][first["at"]]
    missed = first["support"] - hits
    left = first["decisions"] - hits - invented - missed
    values = dict(zip((key for key, _ in CELLS), (hits, invented, missed, left), strict=True))
    precision = hits / (hits + invented) if hits + invented else None
    figures = {
        "threshold": limit,
        "precision": precision,
        "recall": hits / first["support"],
        "f1": 2 * hits / (2 * hits + invented + missed),
    }
    tiles = "".join(
        f'<div><b data-figure="{key}">{"–" if value is None else f"{value:.3f}"}</b>'
        f"<span>{'F1' if key == 'f1' else key}</span></div>"
        for key, value in figures.items()
    )

    def td(key: str, title: str) -> str:
        return f'<td><b data-figure="{key}">{values[key]:,}</b> {title}</td>'

    found, made_up, lost, out = (td(*cell) for cell in CELLS)
    box = f"{LEFT} {WIDTH - RIGHT} {TOP} {HEIGHT - BOTTOM}"
    drawing = chart(
        "Precision and recall",
        [
            Series("", [_place(first, point) for point in first["points"]], "thin"),
            Series(
                "at the threshold", [_place(first, first["points"][first["at"]])], "dots", color=1
            ),
        ],
        Axis("recall", (0, 1)),
        Axis("precision", (0, 1)),
    )
    return (
        f'<div class="explorer" id="{name}" data-box="{box}"><form class="filters" hidden>'
        f'<label>Label <select name="label">{options}</select></label>'
        '<label class="wide">Threshold <input type="range" name="point" min="0" max="0" step="1">'
        f'</label></form><p class="name">{html.escape(visible(first["label"]))}</p>'
        f'<div class="tiles">{tiles}</div><div class="charts">{drawing}<div>'
        '<div class="scroll fit"><table class="four"><thead><tr><td></td><th>has it</th>'
        "<th>has it not</th></tr></thead><tbody>"
        f"<tr><th>predicted</th>{found}{made_up}</tr><tr><th>not</th>{lost}{out}</tr>"
        "</tbody></table></div></div></div></div>"
    )


def _place(one: Mapping[str, Any], point: Sequence[float]) -> tuple[float, float]:
    """Recall and precision; of nothing predicted the precision counts as 1."""
    _, hits, invented = point
    return hits / one["support"], hits / (hits + invented) if hits + invented else 1.0


def _packed(points: Sequence[Sequence[float]]) -> str:
    """Numbers alone, so that nothing has to be escaped; the n-th hits and invented as they grow."""
    return ";".join(f"{limit:.4g} {hits} {invented}" for limit, hits, invented in points)
