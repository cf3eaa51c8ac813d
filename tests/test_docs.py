"""README and docs: their programs run as they stand; their commands, flags and links exist."""

import ast
import importlib
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from kerasbert import cli

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXTS = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in PAGES}
SCRIPT = TEXTS["docs/guides/in-a-script.md"]
GENERATED = ROOT / "docs" / "reference" / "commands.md"  # by docs/hooks.py


# As they stand they run on one backend; what they call is tested on every one where it is at home.
in_turn = pytest.mark.in_turn


def python_blocks(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


BLOCKS = [(page, block) for page, text in TEXTS.items() for block in python_blocks(text)]


def program(text: str) -> str:
    """The one Python block of the docs that holds `text`; the README's may be shorter ones."""
    (found,) = [block for page, block in BLOCKS if text in block and page != "README.md"]
    return found


def commands() -> list[tuple[str, str]]:
    """Each `kerasbert COMMAND ...` of an indented block: the command and what follows it."""
    line = r"^    (?:[A-Z_]+=\S+ )*kerasbert +([a-z]+)(.*)$"
    joined = [re.sub(r" \\\n +", " ", text) for text in TEXTS.values()]
    return sorted({found for text in joined for found in re.findall(line, text, re.MULTILINE)})


def in_process(code: str, folder: Path) -> str:
    """Run a program in a process of its own, as a reader would; what it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def trained(files, tmp_path_factory) -> Path:
    """The folder in which the program of `model.fit` has run."""
    folder = tmp_path_factory.mktemp("docs")
    for name in ("raw.txt", "train.txt", "valid.txt"):
        shutil.copy(files / name, folder)
    in_process(
        program("finetuning = model.fit(")
        + """
import numpy
history = pretraining.history
assert history["val_loss_masked_lm_mask"][-1] < history["unigram_loss_masked_lm_mask"][-1]
assert finetuning.history["val_f1"][-1] > 0.9  # two topics of six words each
inputs, _ = valid.batch(0)
numpy.savez("inputs.npz", **inputs)
numpy.save("logits.npy", model.predict_on_batch(inputs))
""",
        folder,
    )
    return folder


@in_turn
@pytest.mark.parametrize("way", ["kb.load_model", "keras.models.load_model"])
def test_the_saved_classifier_loads_in_another_process(way, trained):
    before = {
        "kb.load_model": "import kerasbert as kb",
        "keras.models.load_model": "import kerasbert.training",
    }[way]
    assert f"{way}` reads" in SCRIPT or f"{way} reads" in SCRIPT
    assert way == "kb.load_model" or f"`{before}`" in SCRIPT
    in_process(
        f"""
{before}
import keras, numpy
with numpy.load("inputs.npz") as file:
    inputs = dict(file)
model = {way}("classifier.keras")
found = model.predict_on_batch(inputs)
numpy.testing.assert_allclose(found, numpy.load("logits.npy"), atol=1e-5)
assert model.compiled is {way != "kb.load_model"}
""",
        trained,
    )


@in_turn
def test_the_programs_on_a_run_work_in_a_process_of_their_own(classifier_run, files, tmp_path):
    shutil.copytree(classifier_run, tmp_path / "runs" / "tags")
    for part in ("train", "valid", "test"):
        shutil.copy(files / f"{part}.txt", tmp_path)
    assert "labels" not in in_process(program('kerasbert.load("runs/tags")'), tmp_path)
    in_process(program("metrics = evaluate(") + 'assert 0 < metrics["data"]["f1"] <= 1', tmp_path)


@in_turn
def test_from_a_table_to_cross_validation_and_a_saved_run(files, tmp_path, monkeypatch, capsys):
    from kerasbert.text import read_labeled

    one = [d for d in read_labeled(files / "train.txt") if len(d.labels) == 1]
    rows = "".join(f'"{document.texts[0]}",{document.labels[0]}\n' for document in one)
    (tmp_path / "reviews.csv").write_text(f"text,topic\n{rows}")
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(program("import cross_val_score"), names)
    assert capsys.readouterr().out.startswith("accuracy [")
    assert names["classifier"].score(names["texts"], names["labels"]) > 0.8
    assert (tmp_path / "runs/topics/report.html").exists()


def test_the_search_of_the_guide():
    """With what learns in milliseconds, see tests/made_estimator.py."""
    from made_estimator import Quick
    from sklearn.model_selection import cross_val_score

    labels = ["a", "b"] * 10
    names = {"classifier": Quick(), "texts": labels, "labels": labels}
    names["cross_val_score"] = cross_val_score
    exec(program("import GridSearchCV"), names)
    assert names["search"].best_score_ == 1 and len(names["scores"]) == 2


@in_turn
def test_the_own_encoder_works_in_a_process_of_its_own_and_loads_in_another(trained):
    layer = program("class GatedConvolution")
    in_process(f"{layer}\n{program('GatedConvolution(5')}", trained)
    (trained / "mine.py").write_text(layer)
    in_process("import mine, kerasbert; kerasbert.load_model('runs/mine-tags')", trained)


@in_turn
def test_every_registered_class_is_known_after_one_import():
    """A model may be compiled with any of our losses and optimizers, and hold any of our layers."""
    classes = {
        f"kerasbert>{name}"
        for path in sorted((ROOT / "kerasbert").rglob("*.py"))
        for name in re.findall(
            r'^@keras\.saving\.register_keras_serializable\(package="kerasbert"\)\nclass (\w+)',
            path.read_text(encoding="utf-8"),
            flags=re.MULTILINE,
        )
    }
    assert len(classes) > 20
    names = in_process(
        "import kerasbert.training, keras\nprint(*keras.saving.get_custom_objects())", ROOT
    )
    assert classes <= set(names.split()), classes - set(names.split())


@in_turn
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
    from kerasbert.training.optimizers import build_optimizer

    text = program("class ReplacedTokens")
    assert len(text.splitlines()) < 40
    names: dict = {}
    exec(compile(text, "docs", "exec"), names)
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


@pytest.mark.parametrize("page, block", BLOCKS)
def test_a_python_block_is_python(page, block):
    ast.parse(block)


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.stem)
def test_no_block_of_code_is_wider_than_its_page(page):
    """84 columns are what the site shows beside its sidebars; results are made by programs."""
    fenced = False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            assert len(line.removeprefix("" if fenced else "    ")) <= 84, line


def test_every_command_is_shown():
    assert {name for name, _ in commands()} >= set(cli.find_recipes()) - {"demo", "toy", "embed"}


@pytest.mark.parametrize("name, rest", commands())
def test_a_command_and_its_flags_exist(name, rest):
    assert name in cli.find_recipes()
    config = importlib.import_module(f"kerasbert.recipes.{name}").Config
    known = {f"--{field.name.replace('_', '-')}" for field in fields(config)}
    for flag in re.findall(r"--[a-z][a-z-]*", rest):
        assert flag in known or flag.replace("--no-", "--") in known, f"{name} has no {flag}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        path = (page.parent / target).resolve()
        assert path.exists() or path == GENERATED, target


def test_the_readme_is_short():
    assert (ROOT / "README.md").stat().st_size <= 8192
