"""Do probabilities mean what they say? The reliability diagram."""

from collections.abc import Mapping
from typing import Any

from kerasbert.figures import short
from kerasbert.report.charts import Axis, Series, chart
from kerasbert.report.figures import NAMES
from kerasbert.report.page import charts, paragraph
from kerasbert.report.tables import folded, table


def reliability_diagram(metrics: Mapping[str, Any], split: str) -> str:
    """How often predictions of a probability were right, before and after the temperature."""
    found = metrics.get("calibration") or {}
    if split not in found:
        return ""
    here = found[split]
    temperature = (metrics.get("decision") or {}).get("temperature", found.get("temperature"))
    diagonal = Series("as it should be", [(0, 0), (1, 1)], "dashed", color=None)
    curves = [diagonal]
    for color, name in enumerate(("before", "after")):
        bins = here[name]["bins"]
        notes = [
            f"{name}: said {one['confidence']:.3f}, was {one['accuracy']:.3f}, "
            f"{short(one['count'])} predictions"
            for one in bins
        ]
        points = [(one["confidence"], one["accuracy"]) for one in bins]
        curves.append(Series(f"{name} the temperature", points, "line", notes, 1 - color))
    what = (
        "each label of each document"
        if metrics.get("kind") == "multi-label"
        else "the most probable label of each document"
    )
    text = (
        f"Expected calibration error {here['before']['ece']:.4f} before and "
        f"{here['after']['ece']:.4f} after dividing the logits by {temperature:.3f}, "
        f"fitted on validation data. A prediction is {what}."
    )
    share = Axis("probability that was said", (0, 1)), Axis("share that was so", (0, 1))
    return (
        paragraph(text)
        + charts(chart(f"Reliability on {NAMES[split]} data", curves, *share))
        + folded("the figures before", table(here["before"]["bins"]))
        + folded("the figures after", table(here["after"]["bins"]))
    )
