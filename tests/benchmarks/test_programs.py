"""The programs of benchmarks/ run: their figures mean nothing at these sizes."""

import json
import subprocess
import sys
from pathlib import Path

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
    done = start("quality.baselines", *labelled, "--out", tmp_path / "result.json")
    assert done.returncode == 0, done.stderr
    assert "TF-IDF + LinearSVC" in done.stdout
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["kind"] == "multi-label" and result["documents"] == [15, 15, 15]
    assert result["baselines"][0]["test"]["f1"] == 1


def test_baselines_name_a_missing_file(labelled):
    done = start("quality.baselines", *labelled[:2], "--test=missing.txt")
    assert done.returncode == 2
    assert "missing.txt" in done.stderr and "Traceback" not in done.stderr


def test_preparing_is_timed_on_text_of_this_machine(tmp_path):
    corpus = tmp_path / "raw.txt"
    (tmp_path / "first.txt").write_text("A paragraph that comes first, and comes once only.\n" * 2)
    flags = ["--megabytes=0.2", "--first", tmp_path / "first.txt"]
    done = start("speed.machine_text", "--out", corpus, *flags)
    assert done.returncode == 0, done.stderr
    lines = corpus.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("A paragraph") and len(set(lines)) == len(lines)
    assert 200_000 <= corpus.stat().st_size < 300_000

    pytest.importorskip("datasets")
    flags = ["--vocab-size=2000", "--rounds=1", "--workers=1"]
    done = start(
        "speed.prepare_speed", "--corpus", corpus, "--out", tmp_path / "speed.json", *flags
    )
    assert done.returncode == 0, done.stderr
    assert f"ids of all {len(lines)} lines are identical" in done.stdout
    result = json.loads((tmp_path / "speed.json").read_text())
    assert result["ratios"]["tokenizers"]["seconds"]["median"] > 0


@pytest.mark.slow
def test_long_documents_are_made_and_read(tmp_path):
    flags = ["--words=30", "--megabytes=12", "--seeds=1", "--epochs=1", "--variants", "cut at 200"]
    done = start("quality.long_documents", "--out", tmp_path, *flags)
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "long_documents.json").read_text())
    assert [row["name"] for row in rows] == ["cut at 200"]
    assert 0 <= rows[0]["runs"][0]["test"]["f1"] <= 1 and "| cut at 200 |" in done.stdout


def test_reading_a_store_is_timed():
    done = start("speed.read_store", "--gigabytes=0.02", "--steps=20")
    assert done.returncode == 0, done.stderr
    assert "tokens a second" in done.stdout and "MB at most" in done.stdout


def test_options_of_fine_tuning_are_compared_with_the_full_recipe(files, classifier_run, tmp_path):
    parts = [f"--{name}={files / name}.txt" for name in ("train", "valid", "test")]
    out = tmp_path / "out"
    variants = ["full recipe", "without --linear-svm", "threshold 0.5"]
    flags = [f"--pretrained={classifier_run}", f"--out={out}", "--seeds=2", "--epochs=1"]
    done = start(
        "quality.fine_tuning_options", *parts, *flags, "--fraction=0.5", "--variants", *variants
    )
    assert done.returncode == 0, done.stderr
    assert len((out / "train.txt").read_text(encoding="utf-8").splitlines()) == 48
    rows = json.loads((out / "fine_tuning_options.json").read_text())["rows"]
    assert [row["name"] for row in rows] == variants
    assert [run["seed"] for row in rows for run in row["runs"]] == [0, 1, 0, 1, 0, 1]
    full, without, _ = (row["runs"] for row in rows)
    gain = sum(b["f1"] - a["f1"] for a, b in zip(full, without, strict=True)) / 2
    metrics = json.loads((out / "full-recipe-seed1" / "metrics.json").read_text())
    assert rows[2]["runs"][1]["f1"] == pytest.approx(metrics["at_half"]["test"]["f1"])
    assert not list(out.glob("threshold*"))
    assert f"| {gain:.3f} ± " in done.stdout
