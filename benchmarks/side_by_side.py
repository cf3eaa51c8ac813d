"""Contestants in processes of their own, timed in turns: what the timing programs have in common.

Keras fixes its backend at import, so each contestant on each backend is a process. It builds what
it is to time, then waits for a number of steps on its standard input, does them, and answers with
the seconds a step. The others sleep meanwhile, and the order rotates from round to round, so that a
slow minute of the machine hits all of them alike.
"""

import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

import numpy as np

BACKENDS = ("jax", "torch", "tensorflow")
Batches = list[dict[str, np.ndarray]]
# Trains one step on each of the batches and returns the mean loss.
Train = Callable[[Batches], float]

# PyTorch's OpenMP threads by default spin while they wait for each other. Beside any other load
# that cost it a factor of three here, and only it. Who sets the variable keeps his own choice.
WAITING = {"OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "PASSIVE")}


class Worker:
    """A contestant's process."""

    def __init__(self, program: str, name: str, backend: str, flags: Sequence[str]):
        self.name, self.backend = name, backend
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.{program}", "--worker", name, *flags],
            env=os.environ | WAITING | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True,
        )  # fmt: skip
        self.built: dict[str, Any] = {}
        self.rounds: list[dict[str, float]] = []

    def read(self) -> dict[str, Any]:
        """Wait for its next reply."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            tail = self.errors.read()[-3000:]
            raise SystemExit(f"{self.name} on {self.backend} ended without a reply:\n{tail}")
        return json.loads(line)

    def train(self, steps: int) -> dict[str, Any]:
        """Let it train some steps."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        return self.read()

    def stop(self) -> None:
        """End the process: it stops at the end of its input."""
        self.process.communicate()
        self.errors.close()


def work(
    build: Callable[[], tuple[int, Train]],
    make_batches: Callable[[int], Batches],
    commands: TextIO,
    replies: TextIO,
) -> None:
    """The side of the contestant: says what it built, then trains as many steps as each line says.

    Args:
        build: returns the number of parameters, and what trains.
        make_batches: the first so many batches, the same for every contestant.
        commands: where the numbers of steps come from.
        replies: where a line of JSON goes for each.
    """
    if os.environ["KERAS_BACKEND"] == "torch":
        import torch

        torch.set_num_threads(len(os.sched_getaffinity(0)))
    parameters, train = build()
    first = make_batches(1)
    loss = train(first)  # before the first update; compiles
    digest = zlib.crc32(b"".join(value.tobytes() for value in first[0].values()))

    def reply(**values: Any) -> None:
        print(json.dumps(values), file=replies, flush=True)

    reply(parameters=parameters, first_loss=loss, batch=digest)
    slept, used = time.perf_counter(), time.process_time()
    for line in commands:
        idle = (time.process_time() - used) / max(time.perf_counter() - slept, 1e-9)
        batches = make_batches(int(line))
        began = time.perf_counter()
        train(batches)
        reply(seconds=(time.perf_counter() - began) / len(batches), idle_load=idle)
        slept, used = time.perf_counter(), time.process_time()


def installed(
    names: Sequence[str], backends: Sequence[str], needs: Mapping[str, str]
) -> list[tuple[str, str]]:
    """The (name, backend) pairs that are installed; Hugging Face's run on torch alone."""
    pairs = [
        (name, backend)
        for name in names
        for backend in (("torch",) if name.startswith("huggingface") else backends)
    ]
    found = []
    for name, backend in pairs:
        missing = [m for m in (needs[name], backend) if importlib.util.find_spec(m) is None]
        if missing:
            print(f"left out: {name} on {backend} ({', '.join(missing)} is not installed)")
        else:
            found.append((name, backend))
    return found


def take_turns(workers: Sequence[Worker], rounds: int, steps: int) -> None:
    """Time all of them, after a round that does not count."""
    for worker in workers:
        worker.train(steps)
    for turn in range(rounds):
        start = turn % len(workers)
        for worker in [*workers[start:], *workers[:start]]:
            worker.rounds.append(worker.train(steps))
        print(f"round {turn + 1} of {rounds}", file=sys.stderr)


def machine(load_before: float) -> dict[str, Any]:
    """What the figures were taken on."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": platform.machine(),
        "load_before": load_before,
        "load_after": os.getloadavg()[0],
    }


def ratios(result: dict[str, Any], row: dict[str, Any], name: str, backend: str) -> str:
    """Time of `row` over that of another contestant, round by round: the median and the range."""
    for other in result["contestants"]:
        if (other["name"], other["backend"]) == (name, backend):
            by_round = [a / b for a, b in zip(row["seconds"], other["seconds"], strict=True)]
            middle = statistics.median(by_round)
            return f"{middle:.2f} ({min(by_round):.2f}–{max(by_round):.2f})"
    return "–"
