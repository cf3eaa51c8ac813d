"""The tutorial of public models: its commands as they stand, with a small model in the large one's
place, and its program in transformers."""

import json
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

from kerasbert import cli

PAGE = Path(__file__).parents[2] / "docs" / "public-tutorial.md"
SHORT = {"--max-length": "24", "--minutes": "0.02"}  # of the small model's 40 positions

pytestmark = [pytest.mark.backend, pytest.mark.once, pytest.mark.slow]


def commands() -> list[list[str]]:
    """The words behind `kerasbert` of each command."""
    text = re.sub(r" \\\n +", " ", PAGE.read_text(encoding="utf-8"))
    return [shlex.split(line) for line in re.findall(r"^    kerasbert (.*)$", text, re.MULTILINE)]


def shortened(words: list[str], model: Path) -> list[str]:
    """With the small model, short rows and seconds; what is not named has the small sizes, too."""
    known = [str(model) if word.startswith("hf://") else word for word in words]
    for flag, value in SHORT.items():
        if flag in known:
            known[known.index(flag) + 1] = value
    if words[0] == "pretrain" and "--teacher" in words:
        known += ["--d-model", "16", "--max-length", "24"]
    if words[0] == "finetune" and "--max-length" not in words:
        known += ["--max-length", "24"]
    return known


def test_the_tutorial_runs(public_models, files, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    model = tmp_path / "model"
    shutil.copytree(public_models / "bert-no-pooler", model)
    shutil.copytree(files, tmp_path / "data")
    (tmp_path / "new.txt").write_text("the cat sat on the oak\n")
    ran = commands()
    assert [words[0] for words in ran] == [
        *("convert", "finetune", "pretrain", "finetune", "convert", "convert", "predict"),
        *("pretrain", "finetune"),
    ]
    for words in ran:
        capsys.readouterr()
        assert cli.main(shortened(words, model)) == 0, (words, capsys.readouterr().err)
        if words[0] == "predict":
            (answer,) = map(json.loads, capsys.readouterr().out.splitlines())
    program = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
    names: dict = {}
    exec(program, names)
    assert capsys.readouterr().out.splitlines()[-1] in ("animal", "plant")
    # What transformers answers is what the run that came in again answers.
    rows = names["tokenizer"]([(tmp_path / "new.txt").read_text().strip()], return_tensors="pt")
    theirs = names["model"](**rows).logits.sigmoid()[0].detach().numpy()
    ours = [answer["scores"][name] for name in names["model"].config.id2label.values()]
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
