"""The programs of benchmarks/ that time us beside peers: figures mean nothing at these sizes."""

import json
import math
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
BACKEND = os.environ.get("KERAS_BACKEND", "jax")


@pytest.fixture(autouse=True)
def programs(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))


def start(program, out, *arguments):
    """Run a program, and read the three files that it leaves."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.speed.{program}", "--out", out, *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert out.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    table = out.with_suffix(".md").read_text(encoding="utf-8")
    printed, picture = table.split("\n![")
    assert printed in done.stdout and f"({out.stem}.png)" in picture
    return json.loads(out.read_text(encoding="utf-8")), table


def contestants(result):
    return [(row["name"], row["backend"]) for row in result["contestants"]]


@pytest.mark.slow
@pytest.mark.skipif(find_spec("jax") is None, reason="of the lean steps this is JAX's")
def test_a_masked_lm_step_is_timed_beside_a_lean_one(tmp_path):
    result, table = start(
        "masked_lm_step", tmp_path / "step.json", "--quick", "--rounds=2", "--steps=2",
        "--backends", "jax", "--contestants", "kerasbert", "lean",
    )  # fmt: skip
    assert contestants(result) == [("kerasbert", "jax"), ("lean", "jax")]
    ours, lean = result["contestants"]
    assert [len(row["seconds"]) for row in (ours, lean)] == [2, 2]
    np.testing.assert_allclose(ours["losses"], lean["losses"], rtol=1e-3)
    assert len(set(np.round(ours["losses"], 4))) == 3  # they trained
    assert "lean step by hand" in table


@pytest.mark.slow
def test_a_step_in_16_bits_is_timed_without_the_lean_one(tmp_path):
    result, table = start(
        "masked_lm_step", tmp_path / "step.json", "--quick", "--rounds=1", "--steps=1",
        "--backends", BACKEND, "--contestants", "kerasbert", "lean", "matrix-products",
        "--precision=bfloat16", "--apart",
    )  # fmt: skip
    assert contestants(result) == [("kerasbert", BACKEND), ("matrix-products", BACKEND)]
    assert result["size"]["precision"] == "bfloat16"
    assert "bfloat16" in table
    assert [len(row["seconds"]) for row in result["contestants"]] == [1, 1]


@pytest.mark.slow
def test_real_lengths_come_from_a_store(store, tmp_path):
    result, _ = start(
        "masked_lm_step", tmp_path / "lengths.json", "--quick", "--rounds=1", "--steps=3",
        "--backends", BACKEND, "--contestants", "kerasbert", "--store", store.path,
    )  # fmt: skip
    (row,) = result["contestants"]
    assert 0 < row["tokens"] < 4 * 16  # of 4 rows of at most 16 positions


@pytest.mark.slow
def test_a_text_cnn_is_timed_beside_a_plain_one(tmp_path):
    pytest.importorskip("torch")
    result, _ = start(
        "text_cnn_step", tmp_path / "cnn.json", "--quick", "--rounds=1", "--steps=1",
        "--backends", BACKEND, "--contestants", "kerasbert", "plain", "--task=training",
    )  # fmt: skip
    assert contestants(result["training"]) == [("kerasbert", BACKEND), ("plain", "torch")]
    ours, plain = result["training"]["contestants"]
    assert ours["parameters"] == plain["parameters"]
    np.testing.assert_allclose(ours["losses"], plain["losses"], rtol=1e-3)


@pytest.mark.slow
def test_a_public_encoder_is_timed_beside_transformers(tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    result, _ = start(
        "public_model", tmp_path / "public.json", "--quick", "--rounds=1", "--steps=1",
        "--backends", BACKEND, "--contestants", "kerasbert", "transformers", "--task=training",
    )  # fmt: skip
    assert contestants(result["training"]) == [("kerasbert", BACKEND), ("transformers", "torch")]
    ours, theirs = result["training"]["contestants"]
    assert ours["parameters"] == theirs["parameters"]
    np.testing.assert_allclose(ours["losses"], theirs["losses"], rtol=1e-3)


@pytest.mark.slow
def test_the_input_pipeline_is_timed(tmp_path):
    result, _ = start(
        "input_pipeline", tmp_path / "input.json", "--quick", "--rounds=1", "--steps=2",
        "--backends", BACKEND, "--contestants", "pretrain-text-cnn", "finetune-text-cnn",
    )  # fmt: skip
    shares = [share for row in result["contestants"] for share in row["pipeline_share"]]
    assert len(shares) == 2 and all(0 < share < 1 for share in shares)


@pytest.mark.slow
def test_starting_up_is_timed(tmp_path):
    result, _ = start(
        "starting_up", tmp_path / "up.json", "--quick", "--rounds=1", "--d-model=16",
        "--backends", BACKEND,
    )  # fmt: skip
    seconds = {row["name"]: row["seconds"][0] for row in result["contestants"]}
    # One round: only what is far apart is sure to come in this order on a busy machine.
    slow = ("import keras", "first prediction", "first training step")
    assert all(0 < seconds["kerasbert --help"] < seconds[name] for name in slow)


@pytest.mark.slow
def test_prediction_is_timed(tmp_path):
    result, _ = start(
        "prediction", tmp_path / "prediction.json", "--quick", "--rounds=1", "--backends", BACKEND,
        "--contestants", "kerasbert-text-cnn",
    )  # fmt: skip
    assert all(row["latency"][0] > 0 for row in result["contestants"])
    assert all(row["documents_a_second"][0] > 0 for row in result["contestants"])


@pytest.mark.slow
def test_the_seconds_to_a_target_are_counted(files, classifier_run, tmp_path):
    parts = [f"--{part}={files / f'{part}.txt'}" for part in ("train", "valid", "test")]
    result, table = start(
        "to_target", tmp_path / "target.json", "--pretrained", classifier_run, *parts, "--epochs=2",
        "--seeds=1", "--targets", 0.05, 1.01, "--backends", BACKEND,
    )  # fmt: skip
    ours = result["contestants"][-1]
    assert (ours["name"], ours["backend"]) == ("kerasbert", BACKEND)
    assert 0 < ours["reached"][0]["0.05"] <= ours["seconds"][0]
    assert list(ours["reached"][0]) == ["0.05"] and "not reached" in table


def worker(**changes):
    built = {"batch": 1, "parameters": 100, "first_loss": 6.9, "losses": [6.9, 6.5, 6.1]}
    return SimpleNamespace(name="a", backend="x", built=built | changes)


@pytest.mark.parametrize(
    "other, words",
    [
        ({"batch": 2}, "another batch"),
        ({"parameters": 120}, "120 parameters"),
        ({"first_loss": 3.0}, "first loss 3.000"),
        ({"first_loss": float("nan")}, "first loss nan"),
        ({"losses": [6.9, 6.5, 6.2]}, r"losses \[6.9, 6.5, 6.2\], expected \[6.9, 6.5, 6.1\]"),
        ({"losses": [6.9, 6.5, float("nan")]}, "nan"),
    ],
)
def test_other_work_is_refused(other, words):
    from benchmarks.speed.masked_lm_size import SIZES
    from benchmarks.speed.masked_lm_step import check_same_work

    workers = [worker() for _ in range(3)]
    check_same_work(workers, SIZES["quick"])
    workers.append(worker(**other))
    with pytest.raises(SystemExit, match=words):
        check_same_work(workers, SIZES["quick"])


@pytest.mark.parametrize("name, first_loss", [("128", 10.504), ("512", 11.052)])
def test_the_first_loss_of_every_size_is_that_of_chance(name, first_loss):
    from benchmarks.speed.masked_lm_size import SIZES
    from benchmarks.speed.masked_lm_step import check_same_work

    losses = [first_loss] * 3
    check_same_work([worker(first_loss=first_loss, losses=losses)], SIZES[name])
    with pytest.raises(SystemExit, match="first loss"):
        check_same_work([worker(first_loss=first_loss - 2, losses=losses)], SIZES[name])


def test_useful_operations_are_counted():
    from benchmarks.speed.masked_lm_size import Size, flops, make_batches

    size = Size(
        vocabulary_size=50, d_model=4, layers=2, heads=2, d_ff=8, batch=1, length=3, masked=1
    )
    # A position: query, key, value and output 4 x 4 x 4, feed-forward 2 x 4 x 8, and two products
    # with 3 positions of width 4; in the last block key and value alone, and the others only where
    # it is masked: there 4 x 4 and 4 x 50 as well.
    last = 3 * 32 + (32 + 64 + 2 * 3 * 4)
    forward = 3 * (64 + 64 + 2 * 3 * 4) + last + 16 + 200
    assert flops(size, make_batches(size, 2)) == 2 * 3 * forward


def test_a_share_is_one_of_the_fastest_products_of_the_same_round():
    from benchmarks.speed.tables import ratios, share, spread

    rows = [
        {"name": "matrix-products", "backend": "x", "flops": 10, "seconds": [1.0, 2.0]},
        {"name": "matrix-products", "backend": "y", "flops": 10, "seconds": [4.0, 4.0]},
        {"name": "ours", "backend": "y", "flops": 5, "seconds": [1.0, 4.0]},
    ]
    assert share({"contestants": rows}, rows[2]) == "38 (25–50) %"
    assert ratios(rows[2], rows[1]) == "0.62 (0.25–1.00)"
    assert ratios(rows[2], None) == "–"
    assert spread([0.001, 0.003, 0.002], 1000, 1) == "2.0 (1.0–3.0)"


def test_made_weights_are_the_same_everywhere():
    from benchmarks.speed.equal_work import made_weight

    first = made_weight("encoder/norm/gamma", (3,))
    np.testing.assert_array_equal(first, made_weight("encoder/norm/gamma", (3,)))
    assert abs(first - 1).max() < 0.5 and abs(made_weight("encoder/norm/beta", (3,))).max() < 0.5
    assert not math.isclose(first[0], first[1])
