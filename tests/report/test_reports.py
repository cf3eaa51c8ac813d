import math
import re
from html.parser import HTMLParser

import pytest
import report_data

from kerasbert.evaluation.comparison import summarize
from kerasbert.evaluation.comparison_text import comparison_table
from kerasbert.evaluation.objectives import pretraining_verdict
from kerasbert.report import comparison_report, pretrain_report
from kerasbert.report.tables import table


class Structure(HTMLParser):
    """Fails on a tag that is closed out of order; keeps the tags and the text outside scripts."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.text += data + " "


def read(path):
    parser = Structure()
    parser.feed(path.read_text(encoding="utf-8"))
    assert parser.open == []
    return parser


@pytest.fixture
def report(tmp_path):
    report_data.write_report(tmp_path / "report.html", **report_data.ALL)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    return read(tmp_path / "report.html")


def test_finetune_report_shows_figures_of_both_views_settings_and_versions(report):
    for text in ("tags", "0.432", "validation, at 0.5", "0.399", "learning rate", "0.001"):
        assert text in report.text
    for text in ("keras", "3.15.0", "backend", "jax", "text-cnn, d_model 64", "0.37"):
        assert text in report.text
    assert "nan" not in report.text.split() and "None" not in report.text.split()
    assert "limit" not in report.text.split()  # was not given


def test_finetune_report_draws_curves_frequency_and_reliability(report):
    names = [attrs["aria-label"] for tag, attrs in report.tags if tag == "svg"]
    assert names == [
        "F1 on validation data, at threshold 0.5",
        "Loss",
        "F1 of a label against its frequency",
        "Precision and recall",
        "Reliability on validation data",
    ]
    assert "0.0321 before and 0.0123 after" in report.text
    # Two micro and macro points beside the missing one, no mean; losses 3 and 2; labels; the
    # threshold; bins.
    assert sum(tag == "circle" for tag, _ in report.tags) == (3 + 2) + (3 + 2) + 40 + 1 + (2 + 2)


def test_finetune_report_shows_labels_confusions_and_documents(report):
    assert "label-39" in report.text and "predicted instead" in report.text
    assert (
        "never-seen unknown in training" in " ".join(report.text.split()) and "0.80" in report.text
    )
    assert "x" * 1300 in report.text and "x" * 1500 not in report.text  # the text is cut
    assert "more characters" in report.text
    assert sum(attrs.get("class") == "doc" for _, attrs in report.tags) == 10


def test_labels_that_look_the_same_are_told_apart(tmp_path):
    apart, hidden = "cafe\u0301", "ca\u200bt"
    changed = {
        "labels": [report_data.LABELS[0] | {"label": name} for name in (apart, "caf\u00e9")],
        "documents": [report_data.DOCUMENTS[0] | {"expected": [hidden], "scores": {hidden: 0.25}}],
        "metrics": report_data.METRICS
        | {"confused": [{"gold": apart, "predicted": hidden, "documents": 3, "share": 0.5}]},
    }
    report_data.write_report(tmp_path / "report.html", **report_data.ALL | changed)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert apart not in text and hidden not in text and "caf\u00e9" in text
    assert "ca\\u200bt <i>0.25</i>" in text
    assert text.count("cafe\\u0301") == 3  # table, dot, pair
    assert text.count("ca\\u200bt") == 4  # pair, document, two filters


def test_what_was_carried_over_is_counted_and_folded(report):
    assert "From runs/lm: 30 weights loaded, 1 weights new" in report.text
    assert "encoder/w29" in report.text


def test_text_of_the_user_is_escaped_everywhere(report):
    assert sum(tag == "script" for tag, _ in report.tags) == 1  # ours
    assert report.text.count(report_data.EVIL) >= 10 + 10 + 3


def test_the_report_loads_nothing_from_elsewhere(report, tmp_path):
    assert not {tag for tag, _ in report.tags} & {"link", "img", "iframe", "a", "object"}
    assert not any({"src", "href", "onclick"} & set(attrs) for _, attrs in report.tags)
    assert not re.search(r"@import|url\(|https?:", (tmp_path / "report.html").read_text())


def test_nothing_to_show_is_no_error(tmp_path):
    report_data.write_report(tmp_path / "report.html", "t", [], {})
    assert "<svg" not in (tmp_path / "report.html").read_text()
    pretrain_report(tmp_path / "report.html", "t", [])
    assert "<svg" not in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize("kind", ["multi-class", "binary"])
def test_one_label_a_document_is_told_in_its_own_words(kind, tmp_path):
    changed = {"metrics": report_data.METRICS | {"kind": kind}}
    report_data.write_report(tmp_path / "report.html", **report_data.ALL | changed)
    text = read(tmp_path / "report.html").text
    assert "The most probable label is the answer." in text and "Rows: expected." in text


@pytest.mark.parametrize(
    "rule, words",
    [
        ({"rule": "top-k", "top_k": 3}, "The 3 most probable labels are the answer."),
        ({"rule": "threshold", "threshold": [0.1, 0.2]}, "(in the table of labels)"),
        ({"rule": "threshold"}, "A document that no label reaches gets none."),
    ],
)
def test_the_rule_is_told(rule, words, tmp_path):
    decision = report_data.METRICS["decision"] | rule
    metrics = report_data.METRICS | {"decision": decision}
    report_data.write_report(tmp_path / "report.html", **report_data.ALL | {"metrics": metrics})
    assert words in read(tmp_path / "report.html").text


OBJECTIVES = report_data.OBJECTIVES
MASKED = {"masked_lm": OBJECTIVES["masked_lm"]}


def test_pretrain_report_draws_both_views_beside_the_unigram_loss(tmp_path):
    history = [  # as CSV has it
        {
            "step": "100",
            "loss": "9.1",
            "val_loss_masked_lm": "6.0",
            "unigram_loss_masked_lm": "5.9",
        },
        {
            "step": "200",
            "loss": "8.1",
            "val_loss_masked_lm": "5.0",
            "unigram_loss_masked_lm": "5.9",
        },
    ]
    masked = {"unigram_loss_masked_lm_mask": "5.8", "masked_accuracy": "0.1"}
    for row, loss in zip(history, ("6.1", "5.5"), strict=True):
        row |= masked | {"val_loss_masked_lm_mask": loss}
    config = report_data.CONFIG | {"transfer": None, "settings": {"tasks": ["masked-lm"]}}
    for row in history:
        row["val_loss"] = row["val_loss_masked_lm"]
    figures = {"step": 200, "seconds": 90}
    pretrain_report(tmp_path / "report.html", "lm", history, figures, config, MASKED)
    page = read(tmp_path / "report.html")
    names = [attrs["aria-label"] for tag, attrs in page.tags if tag == "svg"]
    assert len(names) == 4 and "Masked-LM loss, [MASK] positions only" in names
    assert "0.300 nats below the unigram loss (5.500 against 5.800)" in page.text
    assert "random weights" in page.text and "objective masked-lm" in page.text
    assert page.text.count("unigram frequencies") == 2

    history[-1]["val_loss_masked_lm_mask"] = "5.9"
    pretrain_report(tmp_path / "report.html", "lm", history, objectives=MASKED)
    assert "nothing but frequencies" in read(tmp_path / "report.html").text


def test_each_objective_is_said_to_be_learned_or_not():
    figures = {
        "val_loss_masked_lm": 6.0,
        "unigram_loss_masked_lm": 6.9,
        "val_loss_masked_lm_mask": 6.2,
        "unigram_loss_masked_lm_mask": 6.8,
    }
    found = pretraining_verdict(OBJECTIVES, figures)
    assert found == {
        "learned": {"masked_lm": True},
        "verdict": "On [MASK] positions the validation loss is 0.600 nats below the unigram loss "
        "(6.200 against 6.800): the encoder uses context.",
    }
    figures |= {"val_loss_document_words": "8.25", "unigram_loss_document_words": "8.1"}
    figures |= {"val_loss_next_sentence": 0.7, "chance_loss_next_sentence": math.log(2)}
    found = pretraining_verdict(OBJECTIVES, figures)
    assert found["learned"] == {"masked_lm": True, "document_words": False, "next_sentence": False}
    for said in (
        "Nothing learned yet of document words: val 8.250, knowing nothing 8.100 (their unigram",
        "Nothing learned yet of next sentence: val 0.700, knowing nothing 0.693 (the loss of gue",
        "Give it more minutes (--minutes, --steps)",
    ):
        assert said in found["verdict"]
    assert pretraining_verdict(OBJECTIVES, {"loss": 3.0}) == {}
    said = pretraining_verdict(
        OBJECTIVES, {"val_loss_masked_lm": 6.88, "unigram_loss_masked_lm": 6.9}
    )["verdict"]
    assert "(6.880 against 6.900): next to nothing was learned so far. Give it more minutes" in said


def test_no_number_is_nothing_learned():
    for figures in (
        {
            "val_loss_masked_lm": 7.0,
            "unigram_loss_masked_lm": 6.9,
            "val_loss_masked_lm_mask": 6.2,
            "unigram_loss_masked_lm_mask": 6.8,
        },
        {"val_loss_masked_lm": "", "unigram_loss_masked_lm": 6.9},
        {"val_loss_masked_lm": 6.9, "unigram_loss_masked_lm": 6.9},
    ):
        assert pretraining_verdict(OBJECTIVES, figures)["learned"] == {"masked_lm": False}


def test_the_same_run_writes_the_same_report(tmp_path):
    for name in ("a", "b"):
        report_data.write_report(tmp_path / name, **report_data.ALL)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_values_that_are_no_numbers_leave_gaps(tmp_path):
    history = [{"epoch": n, "loss": value} for n, value in enumerate((1, math.inf, "", 2))]
    report_data.write_report(tmp_path / "report.html", "t", history, {})
    tags = read(tmp_path / "report.html").tags
    assert sum(tag == "circle" for tag, _ in tags) == 2


def test_comparison_report_shows_sentence_table_curves_and_pairs(tmp_path):
    comparison_report(tmp_path / "report.html", "cmp", report_data.comparison(), report_data.CONFIG)
    page = read(tmp_path / "report.html")
    names = [attrs["aria-label"] for tag, attrs in page.tags if tag == "svg"]
    assert names == [
        "F1, mean of micro and macro", "Micro F1", "Macro F1", "Loss", "F1 by time, each seed",
    ]  # fmt: skip
    text = " ".join(page.text.split())
    assert "In validation F1 pre-training gained 0.100 ± 0.000 after epoch 1" in text
    assert "+0.150 ± 0.000" in text and "seconds of training" in text
    assert "TF-IDF + LinearSVC" in text and "seed by seed" in text
    assert text.count("from scratch") > 5


def test_comparison_report_shows_what_finetune_ships(tmp_path):
    result = report_data.comparison()
    shipped = [run | {"test": {"f1": 0.7}, "tuned_test": {"f1": 0.8, "micro_f1": 0.9,
               "macro_f1": 0.7}} for run in result["pretrained"]]  # fmt: skip
    rows = {side: result[side] for side in ("scratch", "pretrained")} | {"shipped": shipped}
    for run in shipped:
        run["test"] |= {"micro_f1": 0.8, "macro_f1": 0.6}
    summary = summarize(rows, 1.0, result["summary"]["baselines"])
    result |= {"shipped": shipped, "summary": summary, "table": comparison_table(summary)}
    comparison_report(tmp_path / "report.html", "cmp", result)
    text = " ".join(read(tmp_path / "report.html").text.split())
    assert "0.800 test F1 of what finetune ships" in text
    assert "best epoch, fitted: what finetune ships" in text
    assert "with linear SVMs beside it" in text


def test_comparison_report_of_one_seed_says_so(tmp_path):
    comparison_report(tmp_path / "report.html", "cmp", report_data.comparison(seeds=1))
    assert (
        "One seed: how much of this is chance is not known." in read(tmp_path / "report.html").text
    )


def test_a_long_name_is_broken_behind_what_parts_it():
    shown = table([{"label": "interface::graphical_user <b>", "where": "at 0.5"}])
    assert ">interface::<wbr>graphical_<wbr>user &lt;b&gt;<" in shown
    assert "0.5" in shown  # a figure stays whole
