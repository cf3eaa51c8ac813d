"""The model card of a run is one for Hugging Face's library, whatever the names in it are."""

import json

import pytest

from kerasbert.evaluation.objectives import Compared, Figures
from kerasbert.heads.classification.words import label_sentences
from kerasbert.report.cards import fine_tuning_card, pretrain_card
from kerasbert.report.markdown import code, model_card, table

ODD = 'a: "b" | `c` # \\ <i>*é\x7f\u2028'
CONFIG = {
    "architecture": {"encoder": "text-cnn", "d_model": 16},
    "settings": {"max_length": 40, "train": f"/home/me/secret/{ODD}", "valid": "C:\\secret\\v.csv"},
    "versions": {"kerasbert": "0.2.0", "keras": "3.15.1"},
    "texts": 1,
    "kind": "multi-class",
}
METRICS = {"kind": "multi-class", "valid": {"f1": 0.5}}


def load(path):
    hub = pytest.importorskip("huggingface_hub")
    card = hub.ModelCard.load(path)
    assert card.text.startswith("\n# ") or card.text.startswith("# ")
    return card


def fine_tuned(tmp_path, **changes):
    values = {
        "title": "tags",
        "about": "multi-class, 2 labels",
        "predicts": label_sentences("multi-class", ["a", ODD], METRICS),
        "figures": [["", "f1"], ["valid", 0.5]],
        "results": {"valid": [{"type": "f1", "name": "f1", "value": 0.5}]},
        "documents": {"train": 1200, "valid": 20},
        "config": CONFIG,
        "pipeline_tag": "text-classification",
    }
    fine_tuning_card(tmp_path / "README.md", **values | changes)
    return load(tmp_path / "README.md")


@pytest.mark.parametrize("title", ["tags", ODD, "- yes", "3", "日本"])
def test_the_metadata_of_a_classifier(tmp_path, title):
    data = fine_tuned(tmp_path, title=title).data
    assert data.library_name == "keras" and data.pipeline_tag == "text-classification"
    assert data.tags == ["kerasbert", "text-cnn", "multi-class"] and data.metrics == ["f1"]
    (result,) = data.eval_results
    assert (result.metric_type, result.metric_value) == ("f1", 0.5)
    assert (result.dataset_name, result.dataset_split) == ("v.csv", "validation")
    assert data.language is None and data.base_model is None


def test_what_stands_in_it(tmp_path):
    text = fine_tuned(tmp_path).content
    assert "secret" not in text  # no folder of this machine
    assert "| training |" in text and "| 1,200 |" in text
    assert "They flatter." in text and "at most 40 tokens" in text
    assert f"One of 2 labels: `a`, {code(ODD)}." in text
    both = {"train": 1, "valid": 1, "test": 1}
    assert "They flatter." not in fine_tuned(tmp_path, documents=both).content


def test_what_is_known_of_language_and_origin(tmp_path):
    settings = CONFIG["settings"] | {"pretrained": "hf://me/model@main"}
    config = CONFIG | {"settings": settings, "segmenter": "jieba", "transfer": {"loaded": ["x"]}}
    card = fine_tuned(tmp_path, config=config)
    assert card.data.language == "zh" and card.data.base_model == "me/model"
    assert "it began with the weights of `me/model`" in card.text


def test_a_head_of_ones_own_is_asked_in_python(tmp_path):
    text = fine_tuned(tmp_path, own_head=True, pipeline_tag=None, results={}).text
    assert "head=HEAD" in text and "kerasbert predict" not in text


def test_the_card_of_a_pre_training(tmp_path):
    one = Compared("val_loss_x", "unigram", "X loss", "nats", nothing_known="frequencies")
    metrics = {"val_loss_x": 2.5, "unigram": float("nan"), "documents": 3, "tokens": 40}
    config = CONFIG | {"settings": {"corpus": ["s3://key:secret@bucket/raw.txt?token=secret"]}}
    path = tmp_path / "README.md"
    pretrain_card(path, "lm", metrics, config, {"x": Figures((one,))})
    card = load(path)
    assert card.data.pipeline_tag == "feature-extraction"
    assert card.data.eval_results[0].metric_value == 2.5
    assert "| X loss | 2.5000 | - | frequencies |" in card.text and "`raw.txt`" in card.text
    assert "secret" not in card.content
    pretrain_card(path, "lm", {"val_loss_x": float("nan")}, CONFIG, {"x": Figures((one,))})
    assert load(path).data.eval_results is None


def test_markdown():
    assert code("a`b") == "`` a`b ``" and code("a\x00") == "`a\\x00`"
    assert table([["", "x|y"], ["a", float("nan")]]).splitlines()[2] == "| a | - |"
    text = model_card({"tags": ["a"], "none": None, "one": {"b": [{"c": 1, "d": [2]}]}}, "t", [])
    yaml = pytest.importorskip("yaml")
    front = text.split("---\n")[1]
    assert yaml.safe_load(front) == {"tags": ["a"], "one": {"b": [{"c": 1, "d": [2]}]}}
    assert json.loads(front.splitlines()[1].removeprefix("  - ")) == "a"
