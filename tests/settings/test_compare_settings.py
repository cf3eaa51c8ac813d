"""A comparison hands on every setting of fine-tuning, or says whose business it is."""

from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from kerasbert.settings import CompareSettings, FineTuneSettings, compare
from kerasbert.settings.heads import settings_of_others

FILES = {name: Path(name) for name in ("train", "valid", "test", "pretrained", "out")}
# A value that is not the default, for each setting that is handed on.
GIVEN = {
    **{"long": "windows", "max_length": 90, "overlap": 7, "windows": 3, "window_pooling": "max"},
    **{"loss": "focal", "layer_decay": 0.9, "freeze_epochs": 1.0, "average": 0.0},
    **{"linear_svm": True, "pooling": "max", "lead": 0, "rule": "top-k", "top_k": 3},
    **{"batch_size": 8, "accumulate": 2, "precision": "bfloat16", "decay": "cosine"},
    **{"limit": 9, "save_minutes": 3.0, "skip_bad_lines": True},
    **{"epochs": 4, "kind": "multi-class", "thresholds": "half"},
}
GIVEN |= {"text_field": ("a", "b"), "label_field": ("c",), "id_field": "d", "label_separator": "|"}
GIVEN |= {"log": "mlflow", "columns": ("a", "b", "c", "d")}
ALONE = {
    "label_smoothing": 0.1,
    "masked_lm": 0.5,
    "pair": "apart",
}  # not beside some of those above
NUMBERS = {"head": "regression", "best": "mae", "coverage": 0.8}
TAGS = {"head": "tagging", "crf": True, "words": "spaces", "overlap": 3}
ANSWERS = {"head": "answering", "answer_length": 12}
SPLIT = {"valid": None, "valid_share": 0.2}
OF_THIS_RUN = {"out": Path("runs/1"), "resume": True, "seed": 5, "learning_rate": 0.1}
OF_THIS_RUN |= {"from_scratch": True, "rival": False}


def names(settings) -> set[str]:
    return {field.name for field in fields(settings)}


def test_each_setting_of_fine_tuning_is_handed_on_or_somebody_elses():
    own = compare.OF_EACH_RUN | compare.NOT_ASKED
    assert not compare.OF_EACH_RUN & compare.NOT_ASKED and own <= names(FineTuneSettings)
    lacking = names(FineTuneSettings) - names(CompareSettings) - own
    assert not lacking, (
        f"{lacking}: give CompareSettings the same, or name it in settings/compare.py"
    )
    assert not names(CompareSettings) & compare.NOT_ASKED
    assert set(OF_THIS_RUN) == compare.OF_EACH_RUN
    handed_on = names(FineTuneSettings) - own
    assert handed_on == set(GIVEN) | set(ALONE) | set(NUMBERS) | set(TAGS) | set(ANSWERS) | set(
        SPLIT
    ) | set(FILES) - {"out"}  # all of them are tried here


@pytest.mark.parametrize(
    "given",
    [GIVEN, *({name: value} for name, value in ALONE.items()), NUMBERS, TAGS, ANSWERS, SPLIT],
)
def test_what_is_given_arrives(given):
    settings = CompareSettings(**FILES | given)
    one = settings.fine_tuning(**OF_THIS_RUN)
    mine = settings_handed_on(settings)
    if given in (NUMBERS, TAGS, ANSWERS):  # what is for labels stays behind
        others = settings_of_others(given["head"])
        mine = {k: v for k, v in mine.items() if k not in others}
    assert one == FineTuneSettings(**FILES | mine | OF_THIS_RUN)
    assert {name: getattr(one, name) for name in given} == given
    assert {name: getattr(one, name) for name in OF_THIS_RUN} == OF_THIS_RUN
    plain = CompareSettings(**FILES).fine_tuning(**OF_THIS_RUN)
    assert plain.linear_svm is False and plain.thresholds == "common"
    for name, value in given.items():
        assert getattr(plain, name) != value, f"{name}: the test must give another than the default"


def settings_handed_on(settings):
    return {
        name: getattr(settings, name)
        for name in (*GIVEN, *ALONE, *NUMBERS, *TAGS, *ANSWERS, *SPLIT)
    }


def test_a_new_setting_that_a_comparison_lacks_is_not_dropped_silently(monkeypatch):
    @dataclass(frozen=True, kw_only=True)
    class Grown(FineTuneSettings):
        mixing: float = 0.0

    monkeypatch.setattr(compare, "FineTuneSettings", Grown)
    with pytest.raises(AttributeError, match="mixing"):
        CompareSettings(**FILES).fine_tuning(**OF_THIS_RUN)
