"""Kill a training again and again, and see whether it ends with the bits of one left alone.

    python -m benchmarks.soak.kills [--kills 20] [--backends jax torch tensorflow] [--seed 0]

Real `kerasbert pretrain` processes get SIGKILL at random moments: while they start, compile, train,
save or write the last files. After some of the kills the newest saved state is cut short as well,
as a power failure may do. The same command line is then repeated until the run is finished, and
its model is compared with that of an uninterrupted run, weight for weight, bit for bit. A run that
ends before all kills are spent is followed by another.
"""

import argparse
import importlib.util
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

BACKENDS = ("jax", "torch", "tensorflow")
WORDS = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in "lmnrst"]


def write_corpus(path: Path, documents: int = 600) -> None:
    """Documents of random words: what is learned does not matter here, that it is the same does."""
    rng = random.Random(0)
    lines = (
        ". ".join(" ".join(rng.choices(WORDS, k=rng.randint(3, 12))) for _ in range(4))
        for _ in range(documents)
    )
    path.write_text("".join(f"{line}.\n" for line in lines), encoding="utf-8")


def command(corpus: Path, out: Path, steps: int) -> list[str]:
    """A small Transformer with dropout, two objectives, and a state saved about every second."""
    return [
        sys.executable, "-c", "import sys; from kerasbert.cli import main; sys.exit(main())",
        "pretrain", "--corpus", str(corpus), "--tokenizer", "word", "--out", str(out),
        "--encoder", "transformer", "--d-model", "32", "--layers", "2", "--heads", "4",
        "--tasks", "masked-lm", "next-sentence", "--max-length", "48", "--batch-size", "16",
        "--steps", str(steps), "--save-minutes", "0.02", "--resume",
    ]  # fmt: skip


def weights_of(run: Path) -> dict[str, bytes]:
    """The weights file inside model.keras, by the names within; without loading a backend."""
    import h5py
    import numpy as np

    found: dict[str, bytes] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = np.asarray(item).tobytes()

    with (
        zipfile.ZipFile(run / "model.keras") as archive,
        archive.open("model.weights.h5") as stored,
        h5py.File(stored, "r") as file,
    ):
        file.visititems(visit)
    return found


def start(line: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen:
    """One process, its output to a file."""
    with log.open("ab") as output:
        return subprocess.Popen(line, env=environment, stdout=output, stderr=output)


def tear(run: Path, rng: random.Random) -> bool:
    """Cut the newest state short; False if there is none, or no older one to fall back to."""
    states = sorted((run / "state").glob("step-*.npz"))
    if len(states) < 2:
        return False
    size = states[-1].stat().st_size
    os.truncate(states[-1], rng.randrange(size))
    return True


def kill_often(backend: str, kills: int, steps: int, seed: int, folder: Path) -> dict[str, int]:
    """Kill runs on one backend, and count how many ended with the same bits.

    Returns:
        kills, torn (states that were cut), runs (finished), same (of these, with equal weights).

    Raises:
        SystemExit: a process failed by itself.
    """
    rng = random.Random(f"{seed} {backend}")
    corpus, log = folder / "raw.txt", folder / "log.txt"
    write_corpus(corpus)
    environment = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    environment["JAX_COMPILATION_CACHE_DIR"] = str(folder / "compiled")
    environment["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"

    def finish(line: list[str]) -> float:
        began = time.monotonic()
        if start(line, environment, log).wait():
            raise SystemExit(f"{backend}: a run failed by itself:\n{log.read_text()[-3000:]}")
        return time.monotonic() - began

    finish(command(corpus, folder / "whole", steps))
    seconds = finish(command(corpus, folder / "again", steps))  # its compilations are cached
    expected = weights_of(folder / "whole")
    result = {"kills": 0, "torn": 0, "runs": 1, "same": 0}
    result["same"] += weights_of(folder / "again") == expected
    while result["kills"] < kills:
        run = folder / f"killed-{result['runs']}"
        line = command(corpus, run, steps)
        while result["kills"] < kills:
            process = start(line, environment, log)
            try:
                process.wait(timeout=rng.uniform(0.05, 1.0) * seconds)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                result["kills"] += 1
                if rng.random() < 0.25:
                    result["torn"] += tear(run, rng)
                continue
            if process.returncode:
                raise SystemExit(f"{backend}: a resumed run failed:\n{log.read_text()[-3000:]}")
            break
        finish(line)
        result["runs"] += 1
        result["same"] += weights_of(run) == expected
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Kill on each installed backend; 1 if any run ended with other bits."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--kills", type=int, default=20, help="on each backend")
    parser.add_argument("--steps", type=int, default=300, help="of each run")
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, default=list(BACKENDS))
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    options = parser.parse_args(argv)
    wrong = 0
    for backend in options.backends:
        if importlib.util.find_spec(backend) is None:
            print(f"left out: {backend} is not installed")
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = kill_often(
                backend, options.kills, options.steps, options.seed, Path(folder)
            )  # fmt: skip
        print(
            f"{backend}: {found['kills']} kills, {found['torn']} states torn; "
            f"{found['same']} of {found['runs']} runs ended with the same bits",
            flush=True,
        )
        wrong += found["same"] != found["runs"]
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
