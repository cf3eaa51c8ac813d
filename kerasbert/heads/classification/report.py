"""What the report says of a classifier: how good it is, on which labels, where it goes wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

from kerasbert.heads.classification.mistakes import confusion, documents_to_browse
from kerasbert.heads.classification.reliability import reliability_diagram
from kerasbert.heads.classification.words import half_view, rule_sentences
from kerasbert.report.charts import Axis, Series, chart, curve
from kerasbert.report.figures import (
    NAMES,
    Sections,
    browsed,
    judged_on,
    loss_chart,
    run_tiles,
)
from kerasbert.report.page import charts, paragraph
from kerasbert.report.rival import rival_line, rival_rows, rival_text
from kerasbert.report.tables import Row, folded, table, tiles
from kerasbert.report.thresholds import threshold_explorer
from kerasbert.visible import visible


def classification_sections(
    history: Sequence[Row], metrics: Mapping[str, Any], rows: Mapping[str, Sequence[Row]]
) -> Sections:
    """What the report says of a classifier: of a fine-tuning run, or of `evaluate`.

    Args:
        history: a row an epoch, with epoch, loss, val_loss, val_micro_f1, val_macro_f1, val_f1.
        metrics: what metrics.json holds, or what `evaluate` gave.
        rows: "labels", those of labels.tsv, as `label_rows` gives them; and what `browse` gives.
    """
    here = browsed(metrics)
    where = f"{NAMES[here]} data"
    labels = rows.get("labels", ())
    names = [row["label"] for row in labels]
    curves = threshold_explorer(rows.get("curves", ()))
    documents = documents_to_browse(rows.get("documents", ()), rows.get("counts", ()), names)
    return [
        ("", _figures(metrics)),
        ("", _splits(metrics)),
        ("How a label is decided", _decision(metrics)),
        ("Curves", _curves(history, metrics)),
        (f"Labels, on {where}", _labels(labels, here)),
        (
            f"Thresholds, label by label, on {where}",
            paragraph(_of_thresholds(metrics)) + curves if curves else "",
        ),
        (f"What is confused, on {where}", confusion(metrics, rows.get("matrix", ()), names)),
        (f"Documents, on {where}", documents),
        ("Do probabilities mean what they say?", reliability_diagram(metrics, judged_on(metrics))),
    ]


def _figures(metrics: Mapping[str, Any]) -> str:
    split = judged_on(metrics)
    figures = metrics.get(split) or {}
    shown = {
        "F1" if split == "data" else f"{NAMES[split]} F1": figures.get("f1"),
        "micro F1": figures.get("micro_f1"),
        "macro F1": figures.get("macro_f1"),
    }
    return tiles(shown | run_tiles(metrics))


def _splits(metrics: Mapping[str, Any]) -> str:
    """By the saved rule, and at one half where that is another."""
    views = [(metrics, ""), (half_view(metrics), ", at 0.5")]
    rows = [
        {**view[split], "data": name + note}
        for split, name in NAMES.items()
        for view, note in views
        if split in view
    ]
    rows += rival_rows(metrics)
    headings = {
        "data": "data",
        "f1": "F1",
        "micro_f1": "micro F1",
        "macro_f1": "macro F1",
        "micro_precision": "precision",
        "micro_recall": "recall",
        "loss": "loss",
        "documents": "documents",
    }
    return table(rows, headings) + paragraph(rival_text(metrics), "note")


def _decision(metrics: Mapping[str, Any]) -> str:
    """Rule, thresholds and temperature in words."""
    found = metrics.get("decision") or {}
    if not found:
        return ""
    if metrics.get("kind") != "multi-label":
        text = "The most probable label is the answer."
    elif found["rule"] == "top-k":
        text = rule_sentences(metrics)
    else:
        limits = found["threshold"]
        fitted = {
            "common": "one threshold for all labels, fitted on validation data",
            "label": "a threshold for each label, fitted on validation data and drawn toward the "
            "common one where a label is rare",
            "half": "the threshold of one half",
        }["label" if isinstance(limits, list) else metrics.get("thresholds", "common")]
        limit = f"{limits:.2f}" if isinstance(limits, float) else "in the table of labels"
        text = f"Every label is given whose probability reaches {fitted} ({limit}). "
        text += rule_sentences(metrics)
    return paragraph(text)


def _of_thresholds(metrics: Mapping[str, Any]) -> str:
    """What a threshold means here."""
    if metrics.get("kind") == "multi-label":
        return (
            "What is found and what is invented if a label is given wherever its probability "
            "reaches the threshold. It begins at that of this run (of all labels together at their "
            "mean); the most probable label of a document that no label reaches is not counted."
        )
    return (
        "The answer is the most probable label, whatever its probability. If it were only given "
        "where its probability reaches a threshold, so much would be found and invented."
    )


def _curves(history: Sequence[Row], metrics: Mapping[str, Any]) -> str:
    epoch = Axis("epoch", whole=True)
    names = {"val_micro_f1": "micro", "val_macro_f1": "macro", "val_f1": "mean of both"}
    f1 = [
        Series(text, curve(history, "epoch", column), color=color)
        for color, (column, text) in enumerate(names.items())
    ]
    if history:
        f1 += rival_line(metrics, "f1", len(history))
    at_half = ", at threshold 0.5" if half_view(metrics) else ""
    drawn = charts(
        chart(f"F1 on validation data{at_half}", f1, epoch, Axis("F1")),
        loss_chart(history),
    )
    return drawn + folded("all figures", table(history))


def _labels(labels: Sequence[Row], split: str) -> str:
    """Each label's figures, and F1 against how often training saw it."""
    rows = [{**row, "label": visible(row["label"])} for row in labels if f"{split}_f1" in row]
    if not rows:
        return ""
    known = [row for row in rows if row.get("train_documents") and row[f"{split}_support"]]
    dots = Series(
        "",
        [(row["train_documents"], row[f"{split}_f1"]) for row in known],
        "dots",
        [
            f"{row['label']}: F1 {row[f'{split}_f1']:.3f}, {row['train_documents']:,} documents "
            "of the training data"
            for row in known
        ],
    )
    frequency = chart(
        "F1 of a label against its frequency",
        [dots],
        Axis("documents of the training data (logarithmic)", log=True),
        Axis("F1", (0, 1)),
        "A dot is a label that these documents have; the pointer shows its name.",
    )
    headings = {
        "label": "label",
        f"{split}_f1": "F1",
        f"{split}_precision": "precision",
        f"{split}_recall": "recall",
        f"{split}_support": "support",
        f"{split}_predicted": "predicted",
    }
    if "test_f1" in rows[0] and split != "test":
        headings["test_f1"] = "F1 on test"
    if any(row.get("train_documents") is not None for row in rows):
        headings["train_documents"] = "in training"
    if any(row.get("threshold") not in (None, "") for row in rows):
        headings["threshold"] = "threshold"
    ordered = sorted(rows, key=lambda row: (-row[f"{split}_support"], row["label"]))
    bars = [f"{split}_{name}" for name in ("f1", "precision", "recall")] + ["test_f1"]
    return table(ordered, headings, bars, name="labels") + charts(frequency)
