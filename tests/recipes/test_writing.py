"""What cannot be written: said before the work, nothing half-written, and how to go on."""

import csv
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from kerasbert import cli

# What is written where, and when that fails: no backend has a hand in it.
pytestmark = pytest.mark.in_turn

TINY = ["--d-model", "8", "--tokenizer", "word", "--max-length", "16"]


def labelled(files):
    return ["--train", files / "train.txt", "--valid", files / "valid.txt"]


def run(*command):
    return cli.main([*map(str, command)])


def process(*command, **kwargs):
    command = [sys.executable, "-m", "kerasbert.cli", *map(str, command)]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, **kwargs)


COMMANDS = {
    "audit": ("--train none --out", "a.json"),
    "compare": ("--pretrained none --train none --valid none --test none --out", "runs"),
    "convert": ("none --out", "run"),
    "demo": ("--out", "demo"),
    "embed": ("--model none none --out", "a.npy"),
    "evaluate": ("--model none --data none --out", "a.json"),
    "finetune": ("--train none --valid none --out", "run"),
    "predict": ("--model none none --explain --explain-html", "a.html"),
    "prepare": ("--corpus none --out", "store"),
    "pretrain": ("--corpus none --out", "run"),
    "toy": ("--out", "a.json"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_where_it_is_written_is_tried_first(command, tmp_path, monkeypatch, capsys):
    """Before the model or the text is opened, which are not there either."""
    assert set(COMMANDS) == set(cli.find_recipes())
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    flags, name = COMMANDS[command]
    assert run(command, *flags.split(), tmp_path / "file" / name) == 2
    *backend, said = capsys.readouterr().err.splitlines()
    assert said.startswith(f"kerasbert {command}: ") and f"file/{name}: " in said
    assert len(backend) <= 1
    assert "name another place" in said or "Give an --out folder" in said
    if name.endswith((".json", ".npy", ".html")):
        (tmp_path / f"folder{name[1:]}").mkdir()
        assert run(command, *flags.split(), tmp_path / f"folder{name[1:]}") == 2
        assert "this is a folder, a file was expected. Name a file." in capsys.readouterr().err
        (tmp_path / f"folder{name[1:]}").rmdir()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_result_that_nobody_can_read_is_an_error(files):
    command = ["audit", "--train", files / "train.txt"]
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = process(*command, stdout=full)
    assert done.returncode == 2, done.stderr
    assert done.stderr == (
        "kerasbert audit: standard output: no space left on device."
        " Make room on that disk, or name another place.\n"
    )
    for out in ("/dev/full", "/dev/stdout"):
        done = process(*command, "--out", out, stdout=subprocess.PIPE)
        if out == "/dev/full":
            assert done.returncode == 2 and done.stderr.count("\n") == 1
            assert "/dev/full: no space left on device" in done.stderr and not done.stdout
        else:
            assert done.returncode == 0 and json.JSONDecoder().raw_decode(done.stdout)[0]


def test_a_reader_that_has_enough_ends_it_quietly(files):
    for command in (["audit", "--train", files / "train.txt"], ["--help"], ["toy", "--help"]):
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "w") as closed:
            done = process(*command, stdout=closed)
        assert done.returncode == 141, command
        assert not done.stderr


def fail_to_write(monkeypatch, saves):
    """From so many states on, the disk is full."""
    written, savez = [], np.savez

    def full(file, **arrays):
        written.append(file)
        if len(written) > saves:
            file.write_bytes(b"half")
            raise OSError(28, "No space left on device")
        savez(file, **arrays)

    monkeypatch.setattr(np, "savez", full)


@pytest.mark.parametrize("saves", [0, 2])
def test_a_disk_that_fills_up_while_training(saves, files, tmp_path, monkeypatch, capsys):
    command = ["finetune", *labelled(files), *TINY, "--epochs", "4", "--limit", "16"]
    assert run(*command, "--out", tmp_path / "whole") == 0
    with monkeypatch.context() as patch:
        fail_to_write(patch, saves)
        assert run(*command, "--out", tmp_path / "run") == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert f"step-000000000{saves + 1}.npz: no space left on device. Make room" in said
    assert ("No state was saved yet" if saves == 0 else "step-0000000002.npz") in said
    assert "Repeat the command with --resume to go on." in said
    states = sorted(path.name for path in (tmp_path / "run").glob("state/*"))
    assert states == [f"step-000000000{number}.npz" for number in range(1, saves + 1)]
    assert run(*command, "--out", tmp_path / "run", "--resume") == 0
    rows = []
    for name in ("whole", "run"):
        with (tmp_path / name / "history.csv").open() as file:
            rows.append([(row["epoch"], row["val_f1"]) for row in csv.DictReader(file)])
    assert len(rows[0]) == 4 and rows[0] == rows[1]


def test_a_report_that_cannot_be_written_is_written_by_resuming(
    files, tmp_path, monkeypatch, capsys
):
    from kerasbert.training import assessment

    def full(path, *others):
        raise OSError(28, "No space left on device", str(path))

    command = ["finetune", *labelled(files), *TINY, "--epochs", "1", "--limit", "16"]
    command += ["--out", tmp_path / "run"]
    with monkeypatch.context() as patch:
        patch.setattr(assessment, "fine_tuning_report", full)
        assert run(*command) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "report.html: no space left" in said and "repeat the command with --resume" in said
    assert run(*command, "--resume") == 0
    assert (tmp_path / "run" / "report.html").exists()


def test_a_real_disk_that_is_full(small_disk, files, capsys):
    out = small_disk("300k")
    command = ["finetune", *labelled(files), "--max-length", "16", "--epochs", "1"]
    assert run(*command, "--out", out / "run", "--d-model", "64") == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "no space left on device. Make room on that disk" in said, said
    assert not list(out.rglob(".*"))


WILD = ["--learning-rate", "1e30", "--limit", "16", "--batch-size", "1"]
REFUSED = {
    "no such corpus": (["pretrain", "--corpus", "{files}/none.txt"], "no such file"),
    "no vectors": (
        ["pretrain", "--corpus", "{files}/raw.txt", *TINY, "--vectors", "{files}/train.txt"],
        "train.txt",
    ),
    "diverged": (
        ["finetune", "--train", "{files}/train.txt", "--valid", "{files}/valid.txt", *TINY, *WILD],
        "not a finite number",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("made", [False, True])
def test_a_refused_command_leaves_nothing_behind(name, made, files, tmp_path, capsys):
    command, message = REFUSED[name]
    out = tmp_path / "new" / "run"
    if made:
        out.mkdir(parents=True)
    assert run(*[part.format(files=files) for part in command], "--out", out) == 2
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.rglob("*")] == (["new", "run"] if made else [])
