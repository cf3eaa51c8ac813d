"""The README: its program runs as it stands, its commands, flags and links exist."""

import ast
import importlib
import re
import shutil
from dataclasses import fields
from pathlib import Path

import pytest

from kerasbert import cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def python_blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def program(text: str) -> str:
    """The one Python block that holds `text`."""
    (found,) = [block for block in python_blocks() if text in block]
    return found


def commands() -> list[tuple[str, str]]:
    """Each `kerasbert COMMAND ...` of an indented block: the command and the rest of its line."""
    return re.findall(r"^    (?:[A-Z_]+=\S+ )*kerasbert +([a-z]+)(.*)$", README, flags=re.MULTILINE)


def test_the_program_runs_as_it_stands(files, tmp_path, monkeypatch):
    for name in ("raw.txt", "train.txt", "valid.txt"):
        shutil.copy(files / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    names: dict = {"__name__": "readme"}
    exec(compile(program("finetuning = model.fit("), "README.md", "exec"), names)

    history = names["pretraining"].history
    assert history["val_loss_mask"][-1] < history["unigram_loss_mask"][-1]
    assert names["finetuning"].history["val_f1"][-1] > 0.9  # two topics of six words each
    import keras

    again = keras.models.load_model("classifier.keras")
    inputs, _ = names["valid"].batch(0)
    expected = names["model"].predict_on_batch(inputs)
    assert again.predict_on_batch(inputs) == pytest.approx(expected, abs=1e-5)


def test_the_objective_trains_as_it_stands(store):
    from kerasbert import (
        MaskedLM,
        PretrainingBatches,
        TextCNNConfig,
        build_embedding,
        build_encoder,
        build_pretrain_model,
        compile_pretrain,
    )
    from kerasbert.training import build_optimizer

    text = program("class ReplacedTokens")
    assert len(text.splitlines()) < 40
    names: dict = {}
    exec(compile(text, "README.md", "exec"), names)
    size = store.tokenizer.vocabulary_size
    config = TextCNNConfig(vocabulary_size=size, d_model=16)
    for others in ([], [MaskedLM(size)]):  # alone, and behind an objective that hides tokens
        tasks = [*others, names["ReplacedTokens"](size)]
        batches = PretrainingBatches(store, tasks, max_length=32, batch_size=16)
        model = build_pretrain_model(build_embedding(config), build_encoder(config), tasks)
        compile_pretrain(model, tasks, build_optimizer(0.01))
        fitting = {"steps_per_epoch": 25, "epochs": 6, "shuffle": False, "verbose": 0}
        losses = model.fit(batches.stream(), **fitting).history["loss"]
        assert losses[-1] < losses[0] - 0.04, losses


@pytest.mark.parametrize("block", python_blocks(), ids=lambda block: block.strip().split("\n")[0])
def test_a_python_block_is_python(block):
    ast.parse(block)


def test_every_command_is_shown():
    assert {name for name, _ in commands()} >= {
        "prepare",
        "pretrain",
        "finetune",
        "compare",
        "evaluate",
        "predict",
    }


@pytest.mark.parametrize("name, rest", commands())
def test_a_command_and_its_flags_exist(name, rest):
    assert name in cli.find_recipes()
    config = importlib.import_module(f"kerasbert.recipes.{name}").Config
    known = {f"--{field.name.replace('_', '-')}" for field in fields(config)}
    for flag in re.findall(r"--[a-z][a-z-]*", rest):
        assert flag in known or flag.replace("--no-", "--") in known, f"{name} has no {flag}"


def test_links_lead_to_files():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_tree_names_every_folder():
    tree = README.split("## The tree")[1]
    for package in sorted((ROOT / "kerasbert").iterdir()):
        if (package / "__init__.py").exists():
            assert f"    kerasbert/{package.name}/ " in tree
