"""Kill `prepare` again and again, and see whether each store ends byte for byte the same.

    python -m benchmarks.soak.prepare_kills [--stores 20] [--seed 0] [--corpus FILE]

Each store is begun by a real `kerasbert prepare` with a random number of workers, which gets
SIGKILL at a random moment: while it reads, trains the tokenizer, encodes, writes shards or renames.
The same command is then repeated, with other numbers of workers and perhaps killed again, until it
is finished. One kill in four hits a worker process instead, which the command must survive. Every
store is compared with one that was prepared by one process in peace.
"""

import argparse
import contextlib
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.soak.kills import write_corpus

PROGRAM = """
import sys
from kerasbert.corpus.prepare import prepare_store
prepare_store.PIECE_BYTES = {piece_bytes}
from kerasbert.cli import main
sys.exit(main())
"""


def command(corpus: Path, out: Path, workers: int, piece_bytes: int) -> list[str]:
    """Shards of few tokens, so that there are several."""
    return [
        sys.executable, "-c", PROGRAM.format(piece_bytes=piece_bytes),
        "prepare", "--corpus", str(corpus), "--out", str(out), "--vocab-size", "2000",
        "--workers", str(workers), "--shard-size", "200000", "--duplicates", "exact",
    ]  # fmt: skip


def contents(store: Path) -> dict[str, str]:
    """The checksum of each file."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in store.iterdir()
    }  # fmt: skip


def children(process: int) -> list[int]:
    """The processes that a process has begun; none where the system does not say."""
    try:
        listed = Path(f"/proc/{process}/task/{process}/children").read_text()
    except OSError:
        return []
    return [int(number) for number in listed.split()]


def alive(process: int) -> bool:
    """Whether a process still works."""
    try:
        return " Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False


def left_behind(processes: Sequence[int], seconds: float = 20) -> int:
    """How many of the processes still work after so long."""
    stop = time.monotonic() + seconds
    while any(map(alive, processes)) and time.monotonic() < stop:
        time.sleep(0.1)
    return sum(map(alive, processes))


def kill_often(
    folder: Path, stores: int, seed: int, corpus: Path | None = None, piece_bytes: int = 100_000
) -> dict[str, int]:
    """Prepare so many stores, each killed at least once.

    Returns:
        kills, of these `workers` of a worker, stores, `same` (with equal bytes) and `orphans`
        (workers that outlived their command).

    Raises:
        SystemExit: a command failed by itself.
    """
    rng = random.Random(seed)
    if corpus is None:
        corpus = folder / "raw.txt"
        write_corpus(corpus, documents=8000)
    log = folder / "log.txt"

    def start(out: Path, workers: int) -> subprocess.Popen:
        with log.open("ab") as output:
            return subprocess.Popen(
                command(corpus, out, workers, piece_bytes), stdout=output, stderr=output
            )

    def check(process: subprocess.Popen) -> None:
        if process.wait():
            raise SystemExit(f"a command failed by itself:\n{log.read_text()[-3000:]}")

    began = time.monotonic()
    check(start(folder / "whole", 1))
    seconds = time.monotonic() - began
    expected = contents(folder / "whole")
    result = {"kills": 0, "workers": 0, "stores": 0, "same": 0, "orphans": 0}
    while result["stores"] < stores:
        out = folder / "killed"
        killed = False
        while True:
            process = start(out, rng.randint(1, 4))
            if killed and rng.random() < 0.7:
                check(process)
                break
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=rng.uniform(0.02, 1.0) * seconds)
                check(process)
                if killed:
                    break
                for path in out.iterdir():  # it was faster than its killer
                    path.unlink()
                continue
            workers = children(process.pid)
            killed = True
            result["kills"] += 1
            if workers and rng.random() < 0.25:
                result["workers"] += 1
                with contextlib.suppress(ProcessLookupError):
                    os.kill(rng.choice(workers), signal.SIGKILL)
                check(process)
                break
            process.kill()
            process.wait()
            result["orphans"] += left_behind(workers)
        result["stores"] += 1
        result["same"] += contents(out) == expected
        result["same"] -= out.with_name(".killed.preparing").exists()
        for path in out.iterdir():
            path.unlink()
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Kill, and print what came of it; 1 if any store differs, or a worker is left behind."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--stores", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--corpus", type=Path, help="random words unless given")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        piece_bytes = 100_000 if options.corpus is None else 8 << 20
        found = kill_often(
            Path(folder), options.stores, options.seed, options.corpus, piece_bytes
        )  # fmt: skip
    print(
        f"{found['kills']} kills, {found['workers']} of them of a worker; {found['same']} of "
        f"{found['stores']} stores byte for byte the same; {found['orphans']} workers left behind"
    )
    return int(found["same"] != found["stores"] or found["orphans"] > 0)


if __name__ == "__main__":
    sys.exit(main())
