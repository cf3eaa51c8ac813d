"""Time one masked-LM training step against Hugging Face and KerasHub, side by side in one run.

    python -m benchmarks.masked_lm_step [--rounds 5 --steps 8] [--out result.json]

Each contestant is a process of its own; they train in turns (`side_by_side.py`). The same batches
go to all. Before anything is timed, the program checks that the work is the same, and stops if it
isn't.

What differs by design: Hugging Face's model computes logits at all positions, the others at the
masked ones only; "masked only" is its encoder and head with the states gathered by hand first.
"""

import argparse
import json
import math
import os
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.side_by_side import (
    BACKENDS,
    Train,
    Worker,
    installed,
    machine,
    ratios,
    take_turns,
    work,
)
from kerasbert.files import write_json

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
    load = os.getloadavg()[0]
    pairs = installed(names, backends, NEEDS)
    if not pairs:
        raise SystemExit("no contestant is installed here")
    workers: list[Worker] = []
    flags = ["--size", json.dumps(asdict(size))]
    try:
        for name, backend in pairs:
            workers.append(Worker("masked_lm_step", name, backend, flags))
            workers[-1].built = workers[-1].read()  # one after the other: compiling needs memory
            print(f"built {name} on {backend}", file=sys.stderr)
        check_same_work(workers, size)
        take_turns(workers, rounds, steps)
    finally:
        for worker in workers:
            worker.stop()
    return {
        "size": asdict(size),
        "rounds": rounds,
        "steps": steps,
        "machine": machine(load),
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


def show(result: dict[str, Any]) -> None:
    """Print the table."""
    where, size = result["machine"], result["size"]
    print(", ".join(f"{name} {value}" for name, value in size.items()))
    print(
        f"{where['cores']} cores, load {where['load_before']:.1f} before; medians of "
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
        size = Size(**json.loads(options.size))
        work(partial(build, options.worker, size), partial(make_batches, size), sys.stdin, replies)
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
