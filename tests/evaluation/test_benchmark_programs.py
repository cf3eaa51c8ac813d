"""The programs of benchmarks/ run: their figures mean nothing at these sizes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def labelled(tmp_path):
    lines = ["a red apple __label__fruit", "a steel hammer __label__tool", "apple, hammer"]
    lines[2] += " __label__fruit __label__tool"
    for name in ("train", "valid", "test"):
        (tmp_path / name).write_text("\n".join(lines * 5) + "\n", encoding="utf-8")
    return [f"--{name}={tmp_path / name}" for name in ("train", "valid", "test")]


def start(program, *arguments):
    return subprocess.run(
        [sys.executable, "-m", f"benchmarks.{program}", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def test_baselines_on_labelled_lines(labelled, tmp_path):
    done = start("baselines", *labelled, "--out", tmp_path / "result.json")
    assert done.returncode == 0, done.stderr
    assert "TF-IDF + LinearSVC" in done.stdout
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["kind"] == "multi-label" and result["documents"] == [15, 15, 15]
    assert result["baselines"][0]["test"]["f1"] == 1


def test_baselines_name_a_missing_file(labelled):
    done = start("baselines", *labelled[:2], "--test=missing.txt")
    assert done.returncode == 2
    assert "missing.txt" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_masked_lm_step_is_timed(tmp_path):
    backend = os.environ.get("KERAS_BACKEND", "jax")
    done = start(
        "masked_lm_step", "--quick", "--rounds=2", "--steps=2", "--contestants", "kerasbert",
        "kerasbert-default", "--backends", backend, "--out", tmp_path / "result.json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "result.json").read_text())
    assert [len(row["seconds"]) for row in result["contestants"]] == [2, 2]


@pytest.mark.parametrize(
    "other, words",
    [
        ({"batch": 2}, "another batch"),
        ({"parameters": 120}, "120 parameters"),
        ({"first_loss": 3.0}, "first loss 3.000"),
        ({"first_loss": float("nan")}, "first loss nan"),
    ],
)
def test_other_work_is_refused(monkeypatch, other, words):
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.masked_lm_step import QUICK, check_same_work

    same = {"batch": 1, "parameters": 100, "first_loss": 6.9}
    workers = [SimpleNamespace(name="a", backend="x", built=same) for _ in range(3)]
    check_same_work(workers, QUICK)
    workers.append(SimpleNamespace(name="b", backend="x", built=same | other))
    with pytest.raises(SystemExit, match=words):
        check_same_work(workers, QUICK)
