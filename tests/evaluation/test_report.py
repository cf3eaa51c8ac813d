import math
import re
from html.parser import HTMLParser

from kerasbert.evaluation.report import finetune_report, pretrain_report

EPOCHS = [
    {"epoch": 1, "loss": 0.9, "val_loss": 0.8, "val_micro_f1": 0.2, "val_macro_f1": 0.1},
    {"epoch": 2, "loss": 0.5, "val_loss": math.nan, "val_micro_f1": 0.3, "val_macro_f1": None},
    {"epoch": 3, "loss": 0.3, "val_loss": 0.6, "val_micro_f1": 0.4, "val_macro_f1": 0.25},
]
FINETUNE = {
    "title": "runs/tags",
    "history": EPOCHS,
    "metrics": {
        "valid": {"loss": 0.6, "micro_f1": 0.4321, "macro_f1": 0.25, "f1": 0.325, "documents": 9},
        "at_half": {"valid": {"loss": 0.6, "micro_f1": 0.3987}},
    },
    "settings": {"learning_rate": 0.001, "labels": None},
    "transfer": None,
    "per_label": [{"label": "a", "precision": 1.0, "recall": 0.5, "f1": 2 / 3, "support": 4}],
}


class Balance(HTMLParser):
    """Fails on a tag that is closed out of order."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(path):
    page = path.read_text(encoding="utf-8")
    parser = Balance()
    parser.feed(page)
    assert parser.open == []
    return page


def test_finetune_report_shows_figures_curves_labels_and_settings(tmp_path):
    finetune_report(tmp_path / "report.html", **FINETUNE)
    page = read(tmp_path / "report.html")
    assert page.count("<svg") == 1
    for text in ("runs/tags", "0.4321", "valid (threshold 0.5)", "0.3987", "<td>a</td>", "0.6667"):
        assert text in page
    assert "learning_rate" in page and "0.001" in page
    assert "<td>–</td>" in page and "<td>nan</td>" not in page and "<td>None</td>" not in page
    assert "Carried over" not in page
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_the_report_loads_nothing_from_elsewhere(tmp_path):
    finetune_report(tmp_path / "report.html", **FINETUNE)
    page = read(tmp_path / "report.html")
    assert not re.search(r"<(script|link|img|iframe)\b|@import|\bsrc=|href=\"[^#]", page)


def test_values_of_the_user_are_escaped(tmp_path):
    evil = "<b>&\"'</b>"
    changed = {
        "title": evil,
        "settings": {evil: evil},
        "transfer": {evil: [evil] * 20},
        "per_label": [{"label": evil}],
        "metrics": {evil: {evil: evil}},
        "history": [{"epoch": 1, "loss": 0.1, evil: evil}],
    }
    finetune_report(tmp_path / "report.html", **FINETUNE | changed)
    page = read(tmp_path / "report.html")
    assert "<b>" not in page
    assert page.count("&lt;b&gt;&amp;&quot;&#x27;&lt;/b&gt;") >= 20


def test_a_long_list_of_weights_is_folded_behind_its_number(tmp_path):
    transfer = {"loaded": [f"encoder/w{i}" for i in range(30)], "new": ["head"], "unused": []}
    finetune_report(tmp_path / "report.html", **FINETUNE | {"transfer": transfer})
    page = read(tmp_path / "report.html")
    assert "<summary>30</summary>" in page and "encoder/w29" in page


def test_nothing_to_show_is_no_error(tmp_path):
    finetune_report(tmp_path / "report.html", "t", [], {}, {}, None, [])
    assert "<svg" not in read(tmp_path / "report.html")
    pretrain_report(tmp_path / "report.html", "t", [], {})
    assert "<svg" not in read(tmp_path / "report.html")


def test_pretrain_report_draws_validation_beside_unigram_loss(tmp_path):
    history = [
        {"step": "100", "loss": "6.1", "val_loss": "6.0", "unigram_loss": "5.9"},  # as CSV has it
        {"step": "200", "loss": "5.1", "val_loss": "5.0", "unigram_loss": "5.9"},
    ]
    pretrain_report(tmp_path / "report.html", "runs/lm", history, {"size": "small"})
    page = read(tmp_path / "report.html")
    assert "by unigram frequency" in page and "validation" in page and "small" in page


def test_the_same_run_writes_the_same_report(tmp_path):
    for name in ("a", "b"):
        finetune_report(tmp_path / name, **FINETUNE)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
