"""What a report of fine-tuning is made from, with a user's text that means to do harm."""

from kerasbert.evaluation.comparison import summarize
from kerasbert.evaluation.comparison_text import comparison_sentence, comparison_table
from kerasbert.evaluation.objectives import Compared, Figures
from kerasbert.heads.classification.report import classification_sections
from kerasbert.report import fine_tuning_report

EVIL = "<script>document.title='broken'</script>\"'&"

HISTORY = [
    {"epoch": 1, "loss": 0.9, "val_loss": 0.8, "val_micro_f1": 0.2, "val_macro_f1": 0.1},
    {"epoch": 2, "loss": 0.5, "val_loss": float("nan"), "val_micro_f1": 0.3, "val_macro_f1": None},
    {"epoch": 3, "loss": 0.3, "val_loss": 0.6, "val_micro_f1": 0.4, "val_macro_f1": 0.25},
]
FIGURES = {"loss": 0.6, "micro_f1": 0.4321, "macro_f1": 0.25, "f1": 0.341, "documents": 9}
BINS = [
    {"count": 90, "confidence": 0.02, "accuracy": 0.03},
    {"count": 10, "confidence": 0.9, "accuracy": 0.7},
]
METRICS = {
    "valid": FIGURES,
    "at_half": {"valid": FIGURES | {"micro_f1": 0.3987}},
    "kind": "multi-label",
    "labels": 40,
    "thresholds": "common",
    "decision": {"rule": "at-least-one", "threshold": 0.37, "temperature": 1.5, "top_k": None},
    "calibration": {
        "temperature": 1.5,
        "valid": {"before": {"ece": 0.0321, "bins": BINS}, "after": {"ece": 0.0123, "bins": BINS}},
    },
    "confused": [{"gold": EVIL, "predicted": "label-2", "documents": 3, "share": 0.5}],
}
CONFIG = {
    "architecture": {"encoder": "text-cnn", "d_model": 64},
    "settings": {"learning_rate": 0.001, "pretrained": "runs/lm", "limit": None, "evil": EVIL},
    "transfer": {"loaded": [f"encoder/w{i}" for i in range(30)], "new": ["logits"], "unused": []},
    "backend": "jax",
    "versions": {"keras": "3.15.0"},
}
LABELS = [
    {
        "label": EVIL if number == 0 else f"label-{number}",
        "train_documents": 2 ** (number % 9),
        "threshold": 0.37,
        "valid_support": 40 - number,
        "valid_predicted": number,
        "valid_precision": 0.5,
        "valid_recall": number / 40,
        "valid_f1": (number * 7 % 40) / 40,
    }
    for number in range(40)
]
DOCUMENTS = [
    {
        "line": 3 + number,
        "loss": 4.5 - number,
        "expected": ["label-1", "never-seen"],
        "predicted": ["label-1", EVIL],
        "scores": {"label-1": 0.8, EVIL: 0.7},
        "texts": [f"{EVIL} a very long text " + "x" * 3000],
        "likely": {"label-1": 0.8, EVIL: 0.7},
    }
    for number in range(10)
]
# What one document each is about, for a browser: by label what was missed and invented.
MIXED = [
    ("plain cats", ["label-1"], ["label-1"], None),
    ("wild CATS and dogs", ["label-1"], ["label-2"], "id-7"),
    ("dogs", ["label-2"], ["label-1", "label-2"], None),
    ("</script><script>document.title='broken'</script>", ["never-seen"], ["label-2"], None),
    ("\x00 nul, \u202eright to left, \U0001f600", [EVIL], [], "\u202e\x07"),
    ("w" * 5000, [], ["label-1"], None),
]
BROWSED = [
    {
        "line": 20 + number,
        **({"id": name} if name else {}),
        "loss": float("nan") if expected == ["never-seen"] else 3.0 - number / 4,
        "expected": expected,
        "predicted": predicted,
        "scores": dict.fromkeys([*predicted, "label-1"], 0.75),
        "texts": [text],
        "likely": {"label-1": 0.75, "label-2": 0.25},
    }
    for number, (text, expected, predicted, name) in enumerate(MIXED)
]
MATRIX = [
    {"label": EVIL, "cells": {EVIL: 5, "label-1": 0, "label-2": 0}},
    {"label": "label-1", "cells": {EVIL: 0, "label-1": 7, "label-2": 1}},
    {"label": "label-2", "cells": {EVIL: 0, "label-1": 2, "label-2": 9}},
]
CURVES = [
    {"label": "(all)", "support": 4, "decisions": 20, "at": 1}
    | {"points": [(0.9, 1, 0), (0.5, 2, 1), (0.1, 4, 8)]},
    {"label": EVIL, "support": 2, "decisions": 10, "at": 0}
    | {"points": [(0.8, 0, 1), (0.25, 2, 2)]},
]
ALL = {
    "title": "tags",
    "history": HISTORY,
    "metrics": METRICS,
    "config": CONFIG,
    "labels": LABELS,
    "documents": DOCUMENTS,
    "matrix": MATRIX,
    "curves": CURVES,
    "counts": [{"documents": 400, "mistakes": 12}],
}


def comparison(seeds=2):
    """What compare.json holds: the pre-trained side is 0.1, then 0.15 ahead."""

    def run(seed, gain):
        history = [
            {"epoch": epoch, "loss": 1 / epoch, "val_loss": 2 / epoch, "seconds": 10.0}
            | dict.fromkeys(("val_micro_f1", "val_macro_f1", "val_f1"), f1 + seed / 50)
            for epoch, f1 in ((1, 0.2 + gain), (2, 0.3 + 1.5 * gain))
        ]
        figures = {"micro_f1": 0.5 + gain, "macro_f1": 0.3 + gain, "f1": 0.4 + gain}
        return {"seed": seed, "learning_rate": 0.001, "initial_loss": 0.7, "history": history,
                "test": figures, "tuned_test": figures}  # fmt: skip

    rows = {
        "scratch": [run(seed, 0.0) for seed in range(seeds)],
        "pretrained": [run(seed, 0.1) for seed in range(seeds)],
    }
    figures = {"f1": 0.41, "micro_f1": 0.5, "macro_f1": 0.32}
    baseline = {"name": "TF-IDF + LinearSVC", "valid": figures, "test": figures, "seconds": 5.0}
    summary = summarize(rows, 100.0, [baseline])
    return {
        **rows,
        "summary": summary,
        "table": comparison_table(summary),
        "sentence": comparison_sentence(summary),
    }


OBJECTIVES = {  # as those of kerasbert.tasks, which import Keras
    "masked_lm": Figures(
        (
            Compared(
                "val_loss_masked_lm",
                "unigram_loss_masked_lm",
                "Masked-LM loss, all masked positions",
                "nats",
                "unigram frequencies",
                "On all masked positions the validation loss",
                "the unigram loss",
                "the encoder uses context",
                "so far the encoder has learned nothing but frequencies",
            ),
            Compared(
                "val_loss_masked_lm_mask",
                "unigram_loss_masked_lm_mask",
                "Masked-LM loss, [MASK] positions only",
                "nats",
                "unigram frequencies",
                "On [MASK] positions the validation loss",
                "the unigram loss",
                "the encoder uses context",
                "so far the encoder has learned nothing but frequencies",
            ),
        ),
        {"masked_accuracy": "Masked tokens predicted rightly"},
    ),
    "document_words": Figures(
        (
            Compared(
                "val_loss_document_words",
                "unigram_loss_document_words",
                "Document-words loss",
                "nats",
                "unigram frequencies",
                "The validation loss of document words",
                "their unigram loss",
                "the vector tells",
                "the vector tells nothing",
            ),
        )
    ),
    "next_sentence": Figures(
        (
            Compared(
                "val_loss_next_sentence",
                "chance_loss_next_sentence",
                "Next-sentence loss",
                "nats",
                "guessing",
                "The validation loss of next sentence",
                "the loss of guessing",
                "it tells pairs apart",
                "it guesses",
            ),
        )
    ),
}


def write_report(path, title, history, metrics, config=None, **rows):
    """The report of a classifier."""
    sections = classification_sections(history, metrics, rows)
    about = ", ".join(map(str, filter(None, (metrics.get("kind"), metrics.get("labels")))))
    fine_tuning_report(path, title, sections, about, config)
