"""Numeric flags have ranges, paths know the home folder: of every command, walked here."""

import importlib
import math
import types
import typing
from dataclasses import fields
from pathlib import Path

import pytest

from kerasbert import cli
from kerasbert.config import CONFIGS
from kerasbert.errors import InputError
from kerasbert.ranges import RANGES, flag

NUMBERS = {int, float}
# What a command needs beside the flag that is tried; nothing of it is opened.
NEEDED = {
    "audit": ["--train", "x"],
    "compare": ["--pretrained", "x", "--train", "x", "--valid", "x", "--test", "x", "--out", "x"],
    "convert": ["x", "--out", "x"],
    "embed": ["--model", "x", "--out", "x.npy"],
    "evaluate": ["--model", "x", "--data", "x"],
    "finetune": ["--train", "x", "--valid", "x", "--out", "x"],
    "predict": ["--model", "x"],
    "prepare": ["--corpus", "x", "--out", "x"],
    "pretrain": ["--corpus", "x", "--out", "x"],
}


def kinds(hint) -> set:
    """The types that an annotation is made of."""
    if typing.get_origin(hint) is typing.Annotated:
        return kinds(typing.get_args(hint)[0])
    if typing.get_origin(hint) in (typing.Union, types.UnionType, tuple):
        return set().union(*map(kinds, typing.get_args(hint)))
    return {hint}


def numeric_fields(config):
    for name, hint in typing.get_type_hints(config, include_extras=True).items():
        if name in {field.name for field in fields(config)} and kinds(hint) & NUMBERS:
            yield name, float if float in kinds(hint) else int


def config_of(command):
    return importlib.import_module(f"kerasbert.recipes.{command}").Config


FLAGS = [
    pytest.param(command, name, kind, id=f"{command} {name}")
    for command in cli.find_recipes()
    for name, kind in numeric_fields(config_of(command))
]


def outside(name, kind):
    """Numbers just outside of the range, and those that are outside of every range."""
    limits = RANGES[name]
    least, most = kind(limits.least), limits.most
    yield least if limits.above else least - 1
    if math.isfinite(most):
        yield kind(most) if limits.below else kind(most) + 1
    yield from (10**400, -(10**30)) if kind is int else (math.nan, math.inf, -math.inf)


@pytest.mark.parametrize("command, name, kind", FLAGS)
def test_a_number_out_of_its_range_is_refused(command, name, kind, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert name in RANGES, f"{flag(name)} of {command}: give it a range in kerasbert/ranges.py"
    assert RANGES[name].whole == (kind is int)
    for number in outside(name, kind):
        assert cli.main([command, *NEEDED.get(command, []), f"{flag(name)}={number}"]) == 2, number
        said = capsys.readouterr().err
        assert said.startswith(f"kerasbert {command}: {flag(name)}: expected "), said
        assert f"received {number}" in said
    assert not list(tmp_path.iterdir())


def test_there_are_flags_to_walk_and_the_walk_finds_them():
    found = {(param.values[0], param.values[1]) for param in FLAGS}
    assert found >= {("evaluate", "batch_size"), ("compare", "learning_rates"), ("toy", "seed")}
    assert found >= {("demo", "minutes"), ("prepare", "workers"), ("embed", "max_length")}
    assert len(found) > 80


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_the_numbers_of_an_architecture_have_ranges(config):
    for name, kind in numeric_fields(config):
        for number in outside(name, kind):
            value = (number,) if name == "widths" else number
            with pytest.raises(InputError, match=rf"^{name}: expected .* received"):
                config(**{"vocabulary_size": 7, name: value})


def test_python_calls_are_checked_and_numpy_numbers_are_numbers():
    import numpy as np

    toy = config_of("toy")
    for wrong in (2.5, "5", True, np.nan):
        with pytest.raises(InputError, match="--steps: expected"):
            toy(steps=wrong)
    assert toy(steps=np.int64(5), learning_rate=np.float32(0.1)).steps == 5


@pytest.mark.backend
@pytest.mark.parametrize("seed", [pytest.param(0, marks=pytest.mark.in_turn), 2**31 - 1])
def test_the_ends_of_the_seeds_work(seed, files, tmp_path, capsys):
    tiny = ["--steps", "1", "--test-documents", "2", "--batch-size", "2"]
    assert cli.main(["toy", "--encoder", "text-cnn", f"--seed={seed}", *tiny]) == 0
    tiny = [f"--{part}={files}/{part}.txt" for part in ("train", "valid")]
    tiny += [
        "--kind",
        "multi-label",
        "--limit",
        "4",
        "--d-model",
        "8",
        "--layers",
        "1",
        "--heads",
        "2",
        "--max-length",
        "8",
    ]
    command = ["finetune", "--encoder", "transformer", f"--seed={seed}", "--epochs", "1", *tiny]
    assert cli.main([*command, "--out", f"{tmp_path}/run"]) == 0


def test_the_seeds_of_a_comparison_stay_in_their_range(capsys):
    command = ["compare", *NEEDED["compare"], f"--seed={2**31 - 1}", "--seeds", "2"]
    assert cli.main(command) == 2
    assert "the last seed would be 2147483648" in capsys.readouterr().err


def test_help_shows_the_range(capsys):
    assert cli.main(["finetune", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "--epochs N " in shown and "(0 <= X < 1" in shown
    assert cli.main(["compare", "--help"]) == 0
    assert "--learning-rates X ..." in capsys.readouterr().out


def test_home_is_found_in_every_path(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    config = config_of("finetune")(train=Path("~/a.txt"), valid=Path("b~"), out=Path("~") / "x")
    assert (config.train, config.valid, config.out) == (
        tmp_path / "a.txt", Path("b~"), tmp_path / "x",
    )  # fmt: skip
    corpus = ("~/raw.txt", "s3://a//~/b", "~/*.gz", "-", "~nobody-is-called-so/x")
    prepare = config_of("prepare")(corpus=corpus, out=Path("~/store"), text_field="~")
    home = str(tmp_path)
    assert prepare.corpus == (f"{home}/raw.txt", corpus[1], f"{home}/*.gz", "-", corpus[4])
    assert prepare.out == tmp_path / "store" and prepare.text_field == "~"
    assert config_of("demo")(packages=(Path("~/lib"),)).packages == (tmp_path / "lib",)


def test_a_quoted_home_works_on_the_command_line(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "raw.txt").write_text("a b a b\n" * 3)
    command = ["prepare", "--corpus", "~/raw.txt", "--out=~/store", "--tokenizer", "word"]
    assert cli.main(command) == 0
    assert (tmp_path / "store" / "manifest.json").exists()


@pytest.mark.parametrize("command", [c for c in cli.find_recipes() if c != "predict"])
def test_a_dash_is_no_name_of_what_is_written(command, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    needed = [text for text in NEEDED.get(command, []) if text not in ("--out", "x.npy")]
    if "--out" in NEEDED.get(command, []):
        needed = NEEDED[command][: NEEDED[command].index("--out")]
    assert cli.main([command, *needed, "--out", "-"]) == 2
    assert "/dev/stdout" in capsys.readouterr().err and not list(tmp_path.iterdir())
