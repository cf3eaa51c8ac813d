"""Contestants in processes of their own, timed in turns: what the timing programs have in common.

Keras fixes its backend at import, so each contestant on each backend is a process. It builds what
it is to time, then waits for a number of steps on its standard input, does them, and answers with
the seconds a step. The others sleep meanwhile, and the order rotates from round to round, so that a
slow minute of the machine hits all of them alike. Where memory doesn't hold all of them, every turn
is a new process (--apart).

One of the contestants may be `MATRIX_PRODUCTS`: large products and nothing else, the rate that the
machine reaches in the same rounds.
"""

import argparse
import contextlib
import importlib.metadata
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine
from kerasbert.memory import keep_freed_memory

BACKENDS = ("jax", "torch", "tensorflow")
MATRIX_PRODUCTS = "matrix-products"
PRODUCT = {"cpu": 2048, "accelerator": 8192}  # rows and columns of the matrices

# What a contestant says of itself, and what does so many steps: it may return further figures.
Built = tuple[dict[str, Any], Callable[[int], dict[str, float] | None]]

# PyTorch's OpenMP threads by default spin while they wait for each other. Beside any other load
# that cost it a factor of three here, and only it. Who sets the variable keeps his own choice.
WAITING = {"OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "PASSIVE")}


@dataclass(frozen=True)
class Contestant:
    """One of those that a program compares.

    Attributes:
        title: for people.
        needs: the package without which it is left out.
        backends: those it can run on.
    """

    title: str
    needs: str = "keras"
    backends: tuple[str, ...] = BACKENDS

    @property
    def is_peer(self) -> bool:
        """Whether it is somebody else's: ours and what measures them need nothing but Keras."""
        return self.needs != "keras"


MATRIX = {MATRIX_PRODUCTS: Contestant("matrix products alone")}


class Worker:
    """A contestant, and its process."""

    def __init__(self, program: str, name: str, backend: str, flags: Sequence[str]):
        self.name, self.backend = name, backend
        self.line = [sys.executable, "-m", f"benchmarks.speed.{program}", "--worker", name, *flags]
        self.process: subprocess.Popen[str] | None = None
        self.built: dict[str, Any] = {}
        self.rounds: list[dict[str, float]] = []

    def start(self, *flags: str) -> dict[str, Any]:
        """Start the process: what it says of itself when it has built what it is to time."""
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process
        self.process = subprocess.Popen(
            [*self.line, *flags], env=environment(self.backend),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True,
        )  # fmt: skip
        return self.read()

    def read(self) -> dict[str, Any]:
        """Wait for its next reply."""
        assert self.process is not None and self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            tail = self.errors.read()[-3000:]
            reason = f"ended without a reply:\n{tail}"
            if self.process.wait() == -signal.SIGKILL:
                reason = "was killed, as the system does when memory is short"
            raise SystemExit(f"{self.name} on {self.backend} {reason}")
        return json.loads(line)

    def do(self, steps: int) -> dict[str, Any]:
        """Let it do some steps."""
        assert self.process is not None and self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended: `read` says why
            self.process.stdin.write(f"{steps}\n")
            self.process.stdin.flush()
        return self.read()

    def stop(self) -> None:
        """End the process: it stops at the end of its input."""
        if self.process is not None:
            self.process.communicate()
            self.errors.close()
            self.process = None


def environment(backend: str) -> dict[str, str]:
    """Of a process on a backend."""
    return os.environ | WAITING | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}


def installed_backends(names: Sequence[str]) -> list[str]:
    """Those of `names` that are installed here.

    Raises:
        SystemExit: none is.
    """
    found = [name for name in names if importlib.util.find_spec(name) is not None]
    if not found:
        raise SystemExit(f"none of the backends {', '.join(names)} is installed here")
    return found


def use_all_cores() -> None:
    """PyTorch takes half of two hyper-threads for one core; the others take both."""
    if os.environ["KERAS_BACKEND"] == "torch":
        import torch

        torch.set_num_threads(len(os.sched_getaffinity(0)))


def serve(
    build: Callable[[], Built],
    contestants: Mapping[str, Contestant],
    name: str,
    precision: str = "float32",
) -> int:
    """The side of the contestant: says what it built, then does as many steps as each line says.

    Args:
        build: returns what the contestant says of itself, and what does so many steps.
        contestants: by their names.
        name: of the contestant; `MATRIX_PRODUCTS` is built here.
        precision: of those products.
    """
    # Libraries print to standard output as they please: keep it for the replies.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    # Ours keep freed memory, as our commands do. Peers come as they are, unless told otherwise.
    if not contestants[name].is_peer or os.environ.get("KEEP_MEMORY") == "all":
        keep_freed_memory()
    use_all_cores()
    facts, do = matrix_products(precision) if name == MATRIX_PRODUCTS else build()

    def reply(**values: Any) -> None:
        print(json.dumps(values), file=replies, flush=True)

    reply(**facts)
    slept, used = time.perf_counter(), time.process_time()
    for line in sys.stdin:
        steps = int(line)
        idle = (time.process_time() - used) / max(time.perf_counter() - slept, 1.0)
        began, used = time.perf_counter(), time.process_time()
        further = do(steps) or {}
        reply(
            seconds=(time.perf_counter() - began) / steps,
            processor_seconds=(time.process_time() - used) / steps,
            idle_load=idle,
            **further,
        )
        slept, used = time.perf_counter(), time.process_time()
    return 0


def matrix_products(precision: str) -> Built:
    """A step is one product of two square matrices."""
    from keras import ops

    device = str(ops.zeros(1).device)
    rows = PRODUCT["cpu" if "cpu" in device.lower() else "accelerator"]
    rng = np.random.default_rng(0)
    first, second = (
        ops.cast(rng.standard_normal((rows, rows), np.float32), precision) for _ in range(2)
    )

    def do(steps: int) -> None:
        for _ in range(steps):
            product = ops.matmul(first, second)
            # JAX and GPUs return before they have computed.
            ops.convert_to_numpy(ops.cast(product[0, 0], "float32"))

    return {"flops": 2 * rows**3, "device": device}, do


def installed(
    contestants: Mapping[str, Contestant], names: Sequence[str], backends: Sequence[str]
) -> list[tuple[str, str]]:
    """The (name, backend) pairs that can run here; says which are left out."""
    found = []
    for name in names:
        for backend in contestants[name].backends:
            if backend not in backends and len(contestants[name].backends) > 1:
                continue
            needs = (contestants[name].needs, backend)
            missing = [package for package in needs if importlib.util.find_spec(package) is None]
            if missing:
                print(f"left out: {name} on {backend} ({', '.join(missing)} is not installed)")
            else:
                found.append((name, backend))
    if not found:
        raise SystemExit("no contestant is installed here")
    return found


def compare(
    program: str,
    pairs: Sequence[tuple[str, str]],
    flags: Sequence[str],
    rounds: int,
    steps: int,
    check: Callable[[Sequence[Worker]], None] | None = None,
    apart: bool = False,
) -> dict[str, Any]:
    """Run all contestants in turns.

    Args:
        program: the module in `benchmarks` whose `--worker` builds them.
        pairs: (name, backend) of each.
        flags: passed on to every worker.
        rounds: of all contestants.
        steps: of each contestant in a round; a new process first does as many that don't count.
        check: stops the program unless all that were built do the same work.
        apart: every turn of a contestant is a new process, so that the memory of one at a time is
            enough. But for the first, which is checked, they are started with --checked.

    Returns:
        the machine, and for each contestant what it said, and its seconds a step by round.

    Raises:
        SystemExit: a contestant failed, or the work isn't the same.
    """
    load = os.getloadavg()[0]
    workers = [Worker(program, name, backend, flags) for name, backend in pairs]
    try:
        for worker in workers:  # one after the other: compiling needs memory
            worker.built = worker.start()
            print(f"built {worker.name} on {worker.backend}", file=sys.stderr)
            if apart:
                worker.stop()
        if check is not None:
            check([worker for worker in workers if worker.name != MATRIX_PRODUCTS])
        for turn in range(rounds):
            start = turn % len(workers)
            for worker in [*workers[start:], *workers[:start]]:
                if apart:
                    worker.start("--checked")
                if apart or turn == 0:
                    worker.do(steps)
                worker.rounds.append(worker.do(steps))
                if apart:
                    worker.stop()
            print(f"round {turn + 1} of {rounds}", file=sys.stderr)
    finally:
        for worker in workers:
            worker.stop()
    return {
        "rounds": rounds,
        "steps": steps,
        "apart": apart,
        "machine": machine(load),
        "contestants": [
            {
                "name": worker.name,
                "backend": worker.backend,
                **worker.built,
                **{name: [done[name] for done in worker.rounds] for name in worker.rounds[0]},
            }
            for worker in workers
        ],
    }


def arguments(doc: str | None, contestants: Mapping[str, Contestant]) -> argparse.ArgumentParser:
    """The flags that every timing program has."""
    parser = argparse.ArgumentParser(description=(doc or "").split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tiny size, to test the program")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=8, help="steps of each contestant in a round")
    parser.add_argument(
        "--contestants", nargs="+", choices=list(contestants), default=list(contestants)
    )
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, default=list(BACKENDS))
    add_out(parser)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--settings", help=argparse.SUPPRESS)
    return parser


def add_out(parser: argparse.ArgumentParser) -> None:
    """Where a program's results go."""
    parser.add_argument(
        "--out", type=Path, metavar="FILE.json",
        help="write the result as JSON, and beside it as a Markdown table and a picture",
    )  # fmt: skip
