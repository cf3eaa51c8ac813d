"""Time what a user waits for first: `--help`, the first prediction, the first training step.

    python -m benchmarks.speed.starting_up [--backends jax torch tensorflow] [--out FILE.json]

A small TextCNN classifier is made and saved once. Then, in rounds, each of these is a process of
its own, timed from its start to its end: `kerasbert --help`; a bare `import keras` on each backend;
the first prediction of the saved model, with `kerasbert.load`; the first training step of a new
model of the same size. The last two do nothing else, so what they take beyond the bare import of
the same round is ours, with what the backend compiles. No compiled code is kept between rounds.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import describe
from benchmarks.speed.side_by_side import (
    BACKENDS,
    add_out,
    environment,
    installed_backends,
    machine,
)
from benchmarks.speed.tables import Row, find, markdown, publish, spread

HELP = "import sys; from kerasbert.cli import main; sys.exit(main(['--help']))"
IMPORT_KERAS = "import keras"
FIRST_PREDICTION = """
import sys, kerasbert
answer, = kerasbert.load(sys.argv[1])(["the cat saw the dog"])
assert answer["scores"], answer
"""
FIRST_STEP = """
import sys, numpy as np
from kerasbert import TextCNNConfig, build_classifier, build_embedding, build_encoder
from kerasbert import compile_classifier
config = TextCNNConfig(vocabulary_size=20_000, d_model=int(sys.argv[2]))
model = build_classifier(build_embedding(config), build_encoder(config), labels=2)
compile_classifier(model, "multi-label", "adamw")
ids = np.full((32, 200), 7, "int32")
inputs = {"token_ids": ids, "segment_ids": np.zeros_like(ids)}
loss = model.train_on_batch(inputs, np.ones((32, 2), "float32"))
assert np.isfinite(float(np.asarray(loss))), loss
"""
PROGRAMS = {
    "kerasbert --help": HELP,
    "import keras": IMPORT_KERAS,
    "first prediction": FIRST_PREDICTION,
    "first training step": FIRST_STEP,
}
LIMITS = {"kerasbert --help": 0.5, "first prediction": 2.0}  # seconds, the second beyond Keras


def make_run(folder: Path, d_model: int) -> Path:
    """A fine-tuned run that the first prediction loads; made by the command, on two topics."""
    topics = {"animal": "the cat saw the dog near a mouse", "plant": "the oak and the old rose"}
    lines = "".join(f"{text} __label__{name}\n" for name, text in topics.items()) * 8
    (folder / "labelled.txt").write_text(lines, encoding="utf-8")
    labelled, out = str(folder / "labelled.txt"), folder / "run"
    line = ["finetune", "--train", labelled, "--valid", labelled, "--out", str(out)]
    line += ["--d-model", str(d_model), "--epochs", "1"]
    program = "import sys; from kerasbert.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", program, *line],
        env=environment(os.environ.get("KERAS_BACKEND", "jax")), capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"no run to load could be made:\n{done.stderr[-2000:]}")
    return out


def seconds_of(name: str, backend: str, run: Path, d_model: int) -> float:
    """From the start of a process to its end."""
    # A compiled program kept from an earlier process would make the first time a second one.
    kept_by_jax = {"JAX_ENABLE_COMPILATION_CACHE": "false"}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAMS[name], str(run), str(d_model)],
        env=environment(backend) | kept_by_jax, capture_output=True, text=True,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    if done.returncode or (name == "kerasbert --help" and "pretrain" not in done.stdout):
        raise SystemExit(f"{name} on {backend} failed:\n{done.stderr[-2000:]}")
    return seconds


def measure(backends: Sequence[str], rounds: int, d_model: int, filling: int = 1) -> dict[str, Any]:
    """The seconds of each program on each backend, by round; those that fill caches don't count."""
    load = os.getloadavg()[0]
    rows: list[dict[str, Any]] = [
        {"name": name, "backend": backend, "seconds": []}
        for name in PROGRAMS
        for backend in (["none"] if name == "kerasbert --help" else backends)
    ]
    with tempfile.TemporaryDirectory() as folder:
        run = make_run(Path(folder), d_model)
        for turn in range(1 - filling, rounds + 1):  # of files and of bytecode
            for row in [*rows[turn % len(rows) :], *rows[: turn % len(rows)]]:
                backend = backends[0] if row["backend"] == "none" else row["backend"]
                seconds = seconds_of(row["name"], backend, run, d_model)
                if turn > 0:
                    row["seconds"].append(seconds)
            print(f"round {turn} of {rounds}", file=sys.stderr)
    return {"d_model": d_model, "rounds": rounds, "machine": machine(load), "contestants": rows}


def beyond_keras(result: Row, row: Row) -> list[float]:
    """Seconds that a program takes beyond the bare import of the same round."""
    bare = find(result, "import keras", row["backend"])
    if bare is None or row["name"] == "import keras":
        return []
    return [mine - theirs for mine, theirs in zip(row["seconds"], bare["seconds"], strict=True)]


def main(argv: Sequence[str] | None = None) -> int:
    """Time all, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, default=list(BACKENDS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--d-model", type=int, default=128, help="of the small model")
    help = "no round before that fills the caches, to test the program"
    parser.add_argument("--quick", action="store_true", help=help)
    add_out(parser)
    options = parser.parse_args(argv)
    backends, filling = installed_backends(options.backends), int(not options.quick)
    result = measure(backends, options.rounds, options.d_model, filling)
    rows = []
    for row in result["contestants"]:
        beyond = beyond_keras(result, row)
        limit = LIMITS.get(row["name"])
        rows.append(
            [
                row["name"], row["backend"], spread(row["seconds"], digits=2),
                spread(beyond, digits=2) if beyond else "–",
                "–" if limit is None else f"{limit:g}",
            ]
        )  # fmt: skip
    heads = ["what", "backend", "seconds", "beyond `import keras`", "target"]
    publish(
        options.out,
        f"Starting up, d_model {options.d_model}; medians and range of {options.rounds} rounds",
        [describe(result["machine"])],
        markdown(heads, rows),
        result,
        "seconds",
        lambda: [(f"{r['name']}, {r['backend']}", r["seconds"]) for r in result["contestants"]],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
