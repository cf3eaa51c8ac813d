"""Time one masked-LM training step against Hugging Face and KerasHub, side by side in one run.

    python -m benchmarks.masked_lm_step [--rounds 5 --steps 8] [--out result.json]

Each contestant is a process of its own, because Keras fixes its backend at import. All of them
build their model, then wait; in every round each trains a few steps while the others sleep, in an
order that rotates, so that a slow minute of the machine hits all of them alike. The same batches
go to all. Before anything is timed, the program checks that the work is the same, and stops if
it isn't.

What differs by design: Hugging Face's model computes logits at all positions, the others at the
masked ones only; "masked only" is its encoder and head with the states gathered by hand first.
"""

import argparse
import importlib.util
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TextIO

import numpy as np
from rich.console import Console
from rich.table import Table

from kerasbert.files import write_json

BACKENDS = ("jax", "torch", "tensorflow")
NEEDS = {
    "kerasbert": "keras",
    "kerasbert-default": "keras",
    "kerashub": "keras_hub",
    "huggingface": "transformers",
    "huggingface-masked-only": "transformers",
}
TITLES = {
    "kerasbert": "kerasbert, BERT's setting",
    "kerasbert-default": "kerasbert, default setting",
    "kerashub": "KerasHub BertMaskedLM",
    "huggingface": "Hugging Face BertForMaskedLM",
    "huggingface-masked-only": "the same, logits masked only",
}
LEARNING_RATE, WEIGHT_DECAY = 1e-4, 0.01
# Trains n steps on the given batches and returns the mean loss.
Train = Callable[[list[dict[str, np.ndarray]]], float]


@dataclass(frozen=True)
class Size:
    """The model and the batch."""

    vocabulary_size: int = 30_522
    d_model: int = 256
    layers: int = 4
    heads: int = 4
    d_ff: int = 1024
    dropout: float = 0.1
    batch: int = 32
    length: int = 128
    masked: int = 20


QUICK = Size(1000, d_model=32, layers=1, heads=2, d_ff=64, batch=4, length=16, masked=3)


def make_batches(size: Size, count: int) -> list[dict[str, np.ndarray]]:
    """Full rows of random tokens, the same for every contestant."""
    rng = np.random.default_rng(0)
    shape, slots = (size.batch, size.length), (size.batch, size.masked)
    return [
        {
            "token_ids": rng.integers(5, size.vocabulary_size, shape).astype(np.int32),
            "segment_ids": np.zeros(shape, np.int32),
            "positions": np.argsort(rng.random(shape))[:, : size.masked].astype(np.int32),
            "targets": rng.integers(5, size.vocabulary_size, slots).astype(np.int32),
        }
        for _ in range(count)
    ]


# --- The contestants: each builds its model and returns (number of parameters, train) -----------


def build_kerasbert(size: Size, default: bool) -> tuple[int, Train]:
    """Ours. The default setting is pre-norm without dropout inside the attention."""
    from kerasbert.config import TransformerConfig
    from kerasbert.models import (
        build_embedding,
        build_encoder,
        build_pretrain_model,
        compile_pretrain,
    )
    from kerasbert.tasks import MaskedLM

    config = (TransformerConfig if default else TransformerConfig.bert)(
        vocabulary_size=size.vocabulary_size, d_model=size.d_model, layers=size.layers,
        heads=size.heads, d_ff=size.d_ff, dropout=size.dropout, max_positions=size.length,
    )  # fmt: skip
    tasks = [MaskedLM(vocabulary_size=size.vocabulary_size, max_predictions=size.masked)]
    model = build_pretrain_model(build_embedding(config), build_encoder(config), tasks)
    compile_pretrain(model, tasks, _keras_adamw())

    def train(batches: list[dict[str, np.ndarray]]) -> float:
        data = _stack(batches)
        inputs = {name: data[name] for name in ("token_ids", "segment_ids")}
        inputs["masked_positions"] = data["positions"]
        weights = {"masked_lm": np.ones(data["targets"].shape, np.float32)}
        return _fit(model, inputs, {"masked_lm": data["targets"]}, weights, size.batch)

    return _keras_parameters(model), train


def build_kerashub(size: Size) -> tuple[int, Train]:
    """KerasHub's model from its backbone, random weights, without its preprocessor."""
    import keras
    from keras_hub.models import BertBackbone, BertMaskedLM

    backbone = BertBackbone(
        vocabulary_size=size.vocabulary_size, num_layers=size.layers, num_heads=size.heads,
        hidden_dim=size.d_model, intermediate_dim=size.d_ff, dropout=size.dropout,
        max_sequence_length=size.length,
    )  # fmt: skip
    model = BertMaskedLM(backbone)
    loss = keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, reduction="mean_with_sample_weight"
    )
    model.compile(optimizer=_keras_adamw(), loss=loss, weighted_metrics=[])

    def train(batches: list[dict[str, np.ndarray]]) -> float:
        data = _stack(batches)
        inputs = {name: data[name] for name in ("token_ids", "segment_ids")}
        inputs["padding_mask"] = np.ones_like(data["token_ids"])
        inputs["mask_positions"] = data["positions"]
        weights = np.ones(data["targets"].shape, np.float32)
        return _fit(model, inputs, data["targets"], weights, size.batch)

    return _keras_parameters(model), train


def build_huggingface(size: Size, masked_only: bool) -> tuple[int, Train]:
    """Hugging Face's model in eager PyTorch, as its own forward() computes the loss."""
    import torch
    from transformers import BertConfig, BertForMaskedLM

    torch.manual_seed(0)
    model = BertForMaskedLM(
        BertConfig(
            vocab_size=size.vocabulary_size, hidden_size=size.d_model,
            num_hidden_layers=size.layers, num_attention_heads=size.heads,
            intermediate_size=size.d_ff, max_position_embeddings=size.length,
            hidden_dropout_prob=size.dropout, attention_probs_dropout_prob=size.dropout,
        )
    )  # fmt: skip
    optimizer = torch.optim.AdamW(model.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    model.train()

    def loss_of(batch: dict[str, np.ndarray]) -> Any:
        tokens, segments, positions, targets = (
            torch.from_numpy(batch[name].astype(np.int64))
            for name in ("token_ids", "segment_ids", "positions", "targets")
        )
        inputs = {"input_ids": tokens, "token_type_ids": segments}
        inputs["attention_mask"] = torch.ones_like(tokens)
        if not masked_only:
            labels = torch.full_like(tokens, -100).scatter(1, positions, targets)
            return model(**inputs, labels=labels).loss
        states = model.bert(**inputs).last_hidden_state
        index = positions[..., None].expand(-1, -1, states.shape[-1])
        logits = model.cls(states.gather(1, index))
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())

    def train(batches: list[dict[str, np.ndarray]]) -> float:
        total = 0.0
        for batch in batches:
            optimizer.zero_grad()
            loss = loss_of(batch)
            loss.backward()
            optimizer.step()
            total += loss.item()
        return total / len(batches)

    return sum(p.numel() for p in model.parameters() if p.requires_grad), train


def _keras_adamw() -> Any:
    import keras

    return keras.optimizers.AdamW(LEARNING_RATE, weight_decay=WEIGHT_DECAY)


def _keras_parameters(model: Any) -> int:
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def _stack(batches: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def _fit(model: Any, inputs: Any, targets: Any, weights: Any, batch_size: int) -> float:
    """One step a batch, through fit(), as a user trains; its overhead is part of the time."""
    history = model.fit(
        inputs, targets, sample_weight=weights, batch_size=batch_size, shuffle=False, verbose=0
    )
    return float(history.history["loss"][0])


def build(name: str, size: Size) -> tuple[int, Train]:
    """Build a contestant by its name."""
    if name.startswith("kerasbert"):
        return build_kerasbert(size, default=name == "kerasbert-default")
    if name == "kerashub":
        return build_kerashub(size)
    return build_huggingface(size, masked_only=name == "huggingface-masked-only")


def work(name: str, size: Size, commands: TextIO, replies: TextIO) -> None:
    """A worker: says what it built, then trains the number of steps on each line it reads."""
    if os.environ["KERAS_BACKEND"] == "torch":
        import torch

        torch.set_num_threads(len(os.sched_getaffinity(0)))
    parameters, train = build(name, size)
    first = make_batches(size, 1)
    loss = train(first)  # before the first update; compiles
    digest = zlib.crc32(b"".join(value.tobytes() for value in first[0].values()))

    def reply(**values: Any) -> None:
        print(json.dumps(values), file=replies, flush=True)

    reply(parameters=parameters, first_loss=loss, batch=digest)
    slept, used = time.perf_counter(), time.process_time()
    for line in commands:
        idle = (time.process_time() - used) / max(time.perf_counter() - slept, 1e-9)
        batches = make_batches(size, int(line))
        began = time.perf_counter()
        train(batches)
        reply(seconds=(time.perf_counter() - began) / len(batches), idle_load=idle)
        slept, used = time.perf_counter(), time.process_time()


# --- The parent ---------------------------------------------------------------------------------


# PyTorch's OpenMP threads by default spin while they wait for each other. Beside any other load
# that cost it a factor of three here, and only it. Who sets the variable keeps his own choice.
WAITING = {"OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "PASSIVE")}


class Worker:
    """A contestant's process."""

    def __init__(self, name: str, backend: str, size: Size):
        self.name, self.backend = name, backend
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.masked_lm_step", "--worker", name,
             "--size", json.dumps(asdict(size))],
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


def check_same_work(workers: Sequence[Worker], size: Size) -> None:
    """Stop unless all got the same batch, have about as many weights, and begin at chance.

    Raises:
        SystemExit: naming what differs.
    """
    chance = math.log(size.vocabulary_size)
    usual = statistics.median(worker.built["parameters"] for worker in workers)
    wrong = []
    for worker in workers:
        built, who = worker.built, f"{worker.name} on {worker.backend}"
        if built["batch"] != workers[0].built["batch"]:
            wrong.append(f"{who}: another batch than the first contestant")
        if abs(built["parameters"] / usual - 1) > 0.04:
            wrong.append(f"{who}: {built['parameters']:,} parameters, expected about {usual:,.0f}")
        if not abs(built["first_loss"] - chance) < 0.6:
            wrong.append(
                f"{who}: first loss {built['first_loss']:.3f}, expected about {chance:.3f}"
            )
    if wrong:
        raise SystemExit("The contestants don't do the same work:\n" + "\n".join(wrong))


def contestants(names: Sequence[str], backends: Sequence[str]) -> list[tuple[str, str]]:
    """The (name, backend) pairs that are installed; Hugging Face's run on torch alone."""
    pairs = [
        (name, backend)
        for name in names
        for backend in (("torch",) if name.startswith("huggingface") else backends)
    ]
    found = []
    for name, backend in pairs:
        missing = [m for m in (NEEDS[name], backend) if importlib.util.find_spec(m) is None]
        if missing:
            print(f"left out: {name} on {backend} ({', '.join(missing)} is not installed)")
        else:
            found.append((name, backend))
    return found


def run(
    size: Size,
    names: Sequence[str] = tuple(NEEDS),
    backends: Sequence[str] = BACKENDS,
    rounds: int = 5,
    steps: int = 8,
) -> dict[str, Any]:
    """Run all contestants; return sizes, machine and, for each contestant, its seconds a step.

    Raises:
        SystemExit: nothing is installed, a contestant failed, or the work isn't the same.
    """
    workers = []
    load = os.getloadavg()[0]
    pairs = contestants(names, backends)
    if not pairs:
        raise SystemExit("no contestant is installed here")
    try:
        for name, backend in pairs:
            workers.append(Worker(name, backend, size))
            workers[-1].built = workers[-1].read()  # one after the other: compiling needs memory
            print(f"built {name} on {backend}", file=sys.stderr)
        check_same_work(workers, size)
        for worker in workers:
            worker.train(steps)  # warm-up, not counted
        for turn in range(rounds):
            start = turn % len(workers)
            for worker in workers[start:] + workers[:start]:
                worker.rounds.append(worker.train(steps))
            print(f"round {turn + 1} of {rounds}", file=sys.stderr)
    finally:
        for worker in workers:
            worker.stop()
    return {
        "size": asdict(size),
        "rounds": rounds,
        "steps": steps,
        "machine": {"cores": len(os.sched_getaffinity(0)), "processor": platform.machine()}
        | {"load_before": load, "load_after": os.getloadavg()[0]},
        "contestants": [
            {
                "name": worker.name,
                "backend": worker.backend,
                **worker.built,
                "seconds": [round_["seconds"] for round_ in worker.rounds],
                "idle_load": max(round_["idle_load"] for round_ in worker.rounds),
            }
            for worker in workers
        ],
    }


def ratios(result: dict[str, Any], row: dict[str, Any], name: str, backend: str) -> str:
    """Time of `row` over that of another contestant, round by round: the median and the range."""
    for other in result["contestants"]:
        if (other["name"], other["backend"]) == (name, backend):
            by_round = [a / b for a, b in zip(row["seconds"], other["seconds"], strict=True)]
            middle = statistics.median(by_round)
            return f"{middle:.2f} ({min(by_round):.2f}–{max(by_round):.2f})"
    return "–"


def show(result: dict[str, Any]) -> None:
    """Print the table."""
    machine, size = result["machine"], result["size"]
    print(", ".join(f"{name} {value}" for name, value in size.items()))
    print(
        f"{machine['cores']} cores, load {machine['load_before']:.1f} before; medians of "
        f"{result['rounds']} rounds of {result['steps']} steps, range in brackets; "
        "ratios of times, under 1 is faster"
    )
    table = Table()
    heads = ("contestant", "backend", "parameters", "first loss", "ms a step",
             "/ kerasbert, same backend", "/ Hugging Face")  # fmt: skip
    for head in heads:
        table.add_column(head, justify="left" if head in heads[:2] else "right")
    for row in result["contestants"]:
        ms = [1000 * seconds for seconds in row["seconds"]]
        table.add_row(
            TITLES[row["name"]], row["backend"], f"{row['parameters']:,}",
            f"{row['first_loss']:.2f}",
            f"{statistics.median(ms):.0f} ({min(ms):.0f}–{max(ms):.0f})",
            ratios(result, row, "kerasbert", row["backend"]),
            ratios(result, row, "huggingface", "torch"),
        )  # fmt: skip
    # Where output is no terminal, rich would cut the table at 80 columns.
    Console(width=None if sys.stdout.isatty() else 150).print(table)
    for row in result["contestants"]:
        if row["idle_load"] > 0.05:
            print(f"note: {row['name']} on {row['backend']} used {row['idle_load']:.0%} of a core "
                  "while the others were timed")  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line; be the parent, or, with --worker, one contestant."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tiny size, to test the program")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=8, help="steps of each contestant in a round")
    parser.add_argument("--contestants", nargs="+", choices=list(NEEDS), default=list(NEEDS))
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, default=list(BACKENDS))
    parser.add_argument("--batch", type=int, help="another batch size")
    parser.add_argument("--out", metavar="FILE.json", help="write the result as JSON, too")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--size", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.worker:
        # Libraries print to standard output as they please: keep it for the replies.
        replies = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        work(options.worker, Size(**json.loads(options.size)), sys.stdin, replies)
        return 0
    size = QUICK if options.quick else Size()
    if options.batch:
        size = replace(size, batch=options.batch)
    result = run(size, options.contestants, options.backends, options.rounds, options.steps)
    show(result)
    if options.out:
        write_json(options.out, result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
