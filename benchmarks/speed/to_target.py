"""Seconds of fine-tuning until validation F1 reaches a target, against what peers take in all.

    python -m benchmarks.speed.to_target --pretrained RUN --train train.txt --valid valid.txt
        --test test.txt [--targets 0.469 0.522] [--epochs 6] [--seeds 3] [--backends jax ...]
        [--peer --store STORE --minutes M] --out FILE.json

Ours is `kerasbert finetune --pretrained RUN` on each backend. The clock runs from the start of the
process to the first epoch whose validation F1 (at threshold 0.5) has reached the target: starting
up, reading, compiling and validating are in it. The pre-training of RUN is not.

fastText and TF-IDF + LinearSVC are `benchmarks.quality.baselines`: their seconds in all, with the
F1 that they reach on the same validation data by a threshold fitted on it.

With --peer: a BERT of Hugging Face's with the dimensions of our small Transformer, pre-trained on
the store for --minutes (`masked_lm_minutes`), then fine-tuned in PyTorch as its example does:
AdamW, linear decay, the same documents and tokens, each of --peer-learning-rates tried. The best
counts, and its clock includes neither its pre-training nor starting up.
"""

import argparse
import csv
import json
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
    use_all_cores,
)
from benchmarks.speed.tables import markdown, publish, spread

COMMAND = "import sys; from kerasbert.cli import main; sys.exit(main())"
PAUSE = 0.1  # seconds between two looks at history.csv
Reached = dict[str, float]  # seconds by target


def note_reached(reached: Reached, f1: float, seconds: float, targets: Sequence[float]) -> None:
    """Remember the seconds of each target that `f1` is the first to reach."""
    for target in targets:
        if f1 >= target:
            reached.setdefault(f"{target:g}", seconds)


def fine_tune(options: argparse.Namespace, backend: str, seed: int, out: Path) -> dict[str, Any]:
    """Ours, watched through its history.csv, which is whole whenever it is there."""
    line = ["finetune", "--pretrained", options.pretrained, "--train", options.train]
    line += ["--valid", options.valid, "--out", out, "--epochs", options.epochs, "--seed", seed]
    if options.learning_rate is not None:
        line += ["--learning-rate", options.learning_rate]
    reached: Reached = {}
    best = 0.0
    with tempfile.TemporaryFile("w+") as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, *map(str, line)],
            env=environment(backend), stdout=subprocess.DEVNULL, stderr=errors,
        )  # fmt: skip
        running = True
        while running:
            running = process.poll() is None
            seconds = time.perf_counter() - began
            if (out / "history.csv").exists():
                rows = list(csv.DictReader((out / "history.csv").open(encoding="utf-8")))
                best = max(float(row["val_f1"]) for row in rows)
                note_reached(reached, best, seconds, options.targets)
            time.sleep(PAUSE if running else 0)
        if process.returncode:
            errors.seek(0)
            raise SystemExit(f"finetune on {backend} failed:\n{errors.read()[-2000:]}")
    return {"valid_f1": best, "reached": reached, "seconds": seconds}


def baselines(options: argparse.Namespace, out: Path) -> list[dict[str, Any]]:
    """fastText and LinearSVC: their F1 on validation data, and all of their seconds."""
    line = ["-m", "benchmarks.quality.baselines", "--out", out]
    for part in ("train", "valid", "test"):
        line += [f"--{part}", getattr(options, part)]
    subprocess.run([sys.executable, *map(str, line)], check=True, stdout=subprocess.DEVNULL)
    rows = []
    for row in json.loads(out.read_text(encoding="utf-8"))["baselines"]:
        reached: Reached = {}
        note_reached(reached, row["valid"]["f1"], row["seconds"], options.targets)
        rows.append(
            {
                "name": row["name"], "backend": "–", "valid_f1": [row["valid"]["f1"]],
                "reached": [reached], "seconds": [row["seconds"]],
            }
        )  # fmt: skip
    return rows


def pretrain_peer(options: argparse.Namespace, out: Path) -> None:
    """BertForMaskedLM on the store, for so many minutes; its weights are kept."""
    line = ["-m", "benchmarks.quality.masked_lm_minutes", "--worker", "--store", options.store]
    line += ["--minutes", options.minutes, "--learning-rate", 5e-4, "--save", out]
    subprocess.run(
        [sys.executable, *map(str, line), "--out", f"{out}.json"], check=True,
        env=environment("torch"), stdout=subprocess.DEVNULL,
    )  # fmt: skip


def fine_tune_peer(options: argparse.Namespace) -> dict[str, Any]:
    """The peer with one learning rate and seed, in a process of its own (--worker)."""
    import numpy as np
    import torch
    from transformers import BertForSequenceClassification, get_linear_schedule_with_warmup

    from kerasbert import LabeledBatches, LabelSet, TokenStore, read_labeled
    from kerasbert.batches.labeled import in_order

    use_all_cores()
    torch.manual_seed(options.seed)
    tokenizer = TokenStore.open(options.store, verify=False).tokenizer
    documents = {part: read_labeled(getattr(options, part)) for part in ("train", "valid")}
    labels = LabelSet.from_documents(documents["train"])
    data = {
        part: LabeledBatches(
            documents[part], tokenizer, labels, "multi-label", max_length=200, seed=options.seed
        )
        for part in documents
    }
    train, valid = data["train"], data["valid"]
    model = BertForSequenceClassification.from_pretrained(
        options.pretrained, num_labels=len(labels), problem_type="multi_label_classification"
    )
    optimizer = torch.optim.AdamW(model.parameters(), options.learning_rate)
    steps = options.epochs * train.steps_per_epoch
    schedule = get_linear_schedule_with_warmup(optimizer, 0, steps)

    def logits_of(inputs: dict[str, np.ndarray], targets: Any = None) -> Any:
        ids = torch.from_numpy(inputs["token_ids"].astype(np.int64))
        return model(input_ids=ids, attention_mask=(ids != tokenizer.pad_id).long(), labels=targets)

    reached: Reached = {}
    best, began = 0.0, time.perf_counter()
    for epoch in range(options.epochs):
        model.train()
        for step in range(epoch * train.steps_per_epoch, (epoch + 1) * train.steps_per_epoch):
            inputs, target = train.batch(step)
            optimizer.zero_grad()
            logits_of(inputs, torch.from_numpy(target)).loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        model.eval()
        logits = np.zeros(valid.gold.shape, np.float32)
        with torch.inference_mode():
            for indices, inputs in in_order(valid.texts, 64):
                logits[indices] = logits_of(inputs).logits.numpy()[: len(indices)]
        best = max(best, valid.head.score(logits, valid)["f1"])
        note_reached(reached, best, time.perf_counter() - began, options.targets)
    return {"valid_f1": best, "reached": reached, "seconds": time.perf_counter() - began}


def run_peer(options: argparse.Namespace, weights: Path, rate: float, seed: int) -> dict[str, Any]:
    """`fine_tune_peer` in a process of its own."""
    line = ["-m", "benchmarks.speed.to_target", "--worker", "--pretrained", weights, "--seed", seed]
    line += ["--store", options.store, "--learning-rate", rate, "--epochs", options.epochs]
    for part in ("train", "valid", "test"):
        line += [f"--{part}", getattr(options, part)]
    done = subprocess.run(
        [sys.executable, *map(str, line), "--targets", *map(str, options.targets)],
        env=environment("torch"), capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"the peer failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Every seed a round: ours on each backend and the peer, in an order that rotates."""
    load = os.getloadavg()[0]
    ours = [("kerasbert", backend) for backend in options.backends]
    peers = [(f"Hugging Face BERT, rate {rate:g}", "torch") for rate in options.peer_learning_rates]
    turns = ours + (peers if options.peer else [])
    found: dict[tuple[str, str], list[dict[str, Any]]] = {turn: [] for turn in turns}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = baselines(options, folder / "baselines.json")
        if options.peer:
            pretrain_peer(options, folder / "bert")
        for seed in range(options.seeds):
            for number, turn in enumerate(
                [*turns[seed % len(turns) :], *turns[: seed % len(turns)]]
            ):
                if turn in ours:
                    done = fine_tune(options, turn[1], seed, folder / f"{seed}-{number}")
                else:
                    rate = options.peer_learning_rates[peers.index(turn)]
                    done = run_peer(options, folder / "bert", rate, seed)
                found[turn].append(done)
                print(f"seed {seed}, {turn[0]} on {turn[1]}: {done}", file=sys.stderr)
    for (title, backend), runs in found.items():
        columns = {key: [run[key] for run in runs] for key in ("valid_f1", "reached", "seconds")}
        rows.append({"name": title, "backend": backend, **columns})
    return {
        "targets": options.targets,
        "epochs": options.epochs,
        "machine": machine(load),
        "contestants": rows,
    }


def seconds_to(row: dict[str, Any], target: float) -> str:
    """Seconds to a target, of the seeds that reached it."""
    seconds = [reached[f"{target:g}"] for reached in row["reached"] if f"{target:g}" in reached]
    if not seconds:
        return "not reached"
    missed = len(row["reached"]) - len(seconds)
    return spread(seconds) + (f", {missed} not" if missed else "")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--pretrained", type=Path, required=True, help="the run to start from")
    for part in ("train", "valid", "test"):
        parser.add_argument(f"--{part}", type=Path, required=True, help="labelled lines")
    parser.add_argument("--targets", type=float, nargs="+", default=[0.469, 0.522])
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--learning-rate", type=float, help="of ours; the command's unless given")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, default=list(BACKENDS))
    parser.add_argument("--peer", action="store_true", help="Hugging Face's BERT, too")
    parser.add_argument("--store", type=Path, help="what the peer is pre-trained on")
    parser.add_argument("--minutes", type=float, default=10, help="of its pre-training")
    parser.add_argument("--peer-learning-rates", type=float, nargs="+", default=[5e-5, 3e-4, 1e-3])
    add_out(parser)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.peer and options.store is None:
        parser.error("--peer: expected beside --store STORE, the text it is pre-trained on")
    if options.worker:
        print(json.dumps(fine_tune_peer(options)))
        return 0
    options.backends = installed_backends(options.backends)
    result = measure(options)
    rows = [
        [
            row["name"], row["backend"], *(seconds_to(row, target) for target in options.targets),
            spread(row["valid_f1"], digits=3), spread(row["seconds"]),
        ]
        for row in result["contestants"]
    ]  # fmt: skip
    heads = ["what", "backend", *(f"seconds to {target:g}" for target in options.targets)]
    publish(
        options.out,
        f"Seconds to a validation F1; medians and range of {options.seeds} seeds",
        [describe(result["machine"])],
        markdown([*heads, "best validation F1", "seconds in all"], rows),
        result,
        f"seconds to {options.targets[0]:g}",
        lambda: [
            (f"{row['name']}, {row['backend']}", seconds)
            for row in result["contestants"]
            if (
                seconds := [
                    reached[f"{options.targets[0]:g}"]
                    for reached in row["reached"]
                    if f"{options.targets[0]:g}" in reached
                ]
            )
        ],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
