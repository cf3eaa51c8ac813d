"""The door of a run: new, going on, finished, or refused."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from kerasbert import InputError, TextCNNConfig
from kerasbert.invocation import asked_for, command_line
from kerasbert.runs import RunFolder
from kerasbert.runs.begin import begin_run
from kerasbert.runs.settings import settings_of


@dataclass(frozen=True, kw_only=True)
class Settings:
    out: Path
    resume: bool = False
    epochs: int = 7
    learning_rate: float | None = None
    size: str | None = None
    d_model: int | None = None


def begin(settings, d_model=128):
    folder, found = begin_run(settings)
    if found is None:
        architecture = TextCNNConfig(vocabulary_size=100, d_model=d_model)
        used = {"learning_rate": 0.004, "epochs": 3}
        folder.write_config("finetune", architecture, settings_of(settings), used)
    return folder, found


def test_what_was_left_open_is_written_as_it_was_used(tmp_path):
    with asked_for("finetune", ["--out", "my run"]):
        folder, found = begin(Settings(out=tmp_path / "run"))
    assert found is None and command_line() is None
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["command"] == "kerasbert finetune --out 'my run'"
    assert config["given"]["learning_rate"] is None and config["given"]["size"] is None
    used = {"learning_rate": 0.004, "size": "small", "d_model": 128}
    assert {name: config["settings"][name] for name in used} == used
    assert config["settings"]["epochs"] == 7  # what was given is not touched
    folder.settle_settings(learning_rate=0.1, size="base", d_model=7)
    assert folder.config()["settings"] == config["settings"]  # nothing was left open
    folder, _ = begin(Settings(out=tmp_path / "wide", d_model=40), d_model=40)
    assert folder.config()["settings"]["size"] is None  # of no name
    folder.settle_settings(size="base")  # settled while it trained
    assert folder.config()["settings"]["size"] == "base"
    assert folder.config()["given"]["size"] is None


def test_it_goes_on_with_the_settings_it_was_given(tmp_path):
    begin(Settings(out=tmp_path))
    folder, found = begin_run(Settings(out=tmp_path, resume=True))
    assert found is None
    with pytest.raises(InputError, match=r"--learning-rate \(was None, now 0.004\)"):
        begin_run(Settings(out=tmp_path, resume=True, learning_rate=0.004))
    with pytest.raises(InputError, match="the folder is not empty"):
        begin_run(Settings(out=tmp_path))
    config = folder.config()
    config["settings"] = config.pop("given")  # as earlier versions wrote it, without a format
    del config["format"]
    folder.write_json("config.json", config)
    assert begin_run(Settings(out=tmp_path, resume=True))[1] is None
    folder.write_json("metrics.json", {"f1": 0.5})
    assert begin_run(Settings(out=tmp_path, resume=True))[1] == {"f1": 0.5}


def test_a_format_of_the_future_is_refused(tmp_path):
    folder, _ = begin(Settings(out=tmp_path))
    folder.write_json("config.json", folder.config() | {"format": 99})
    for name in ("metrics.json", "tokenizer.json", "model.keras"):
        (tmp_path / name).write_text("{}")
    for door in (RunFolder.open, lambda path: RunFolder(path).architecture()):
        with pytest.raises(InputError, match=r"format 99, this version reads formats up to 2"):
            door(tmp_path)
    (tmp_path / "metrics.json").unlink()
    with pytest.raises(InputError, match="Install a newer one"):
        begin_run(Settings(out=tmp_path, resume=True))
