"""Masked-LM validation loss after equal minutes: our encoders and Hugging Face's BertForMaskedLM.

    python -m benchmarks.quality.masked_lm_minutes --store STORE --out DIR [--minutes 15]
        [--backend jax]

Every contestant has the same tokenizer, training batches, validation batches, minutes (compilation
and validation included) and schedule, on this machine alone; each is a process of its own, one
after the other. Ours are trained by `kerasbert pretrain` as a user would. BertForMaskedLM (PyTorch)
has the dimensions of our Transformer and its own architecture, initialization and dropout; it tries
each of --peer-learning-rates for the whole time, and the best counts.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from kerasbert.files import write_json, write_text

PEER = "Hugging Face BertForMaskedLM"


class TorchModel:
    """What `TimePlan` and `ObjectiveValidation` need of a model: a rate and a stop."""

    def __init__(self, model, optimizer):
        self.model, self.torch_optimizer = model, optimizer
        self.optimizer = self
        self.stop_training = False

    @property
    def learning_rate(self) -> float:
        return self.torch_optimizer.param_groups[0]["lr"]

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        for group in self.torch_optimizer.param_groups:
            group["lr"] = rate


def train_peer(options: argparse.Namespace) -> dict[str, Any]:
    """BertForMaskedLM on our batches: the figures of its last validation."""
    import numpy as np
    import torch
    from transformers import BertConfig, BertForMaskedLM

    from kerasbert import MaskedLM, PretrainingBatches, TokenStore, TransformerConfig
    from kerasbert.config import SIZES
    from kerasbert.training import ObjectiveValidation, TimePlan

    store = TokenStore.open(options.store)
    pad = store.tokenizer.pad_id
    sizes = TransformerConfig(vocabulary_size=store.tokenizer.vocabulary_size)
    d_model = SIZES[options.size]
    torch.manual_seed(0)
    bert = BertForMaskedLM(
        BertConfig(
            vocab_size=sizes.vocabulary_size,
            hidden_size=d_model,
            num_hidden_layers=sizes.layers,
            num_attention_heads=sizes.heads,
            intermediate_size=4 * d_model,
            max_position_embeddings=sizes.max_positions,
        )
    )
    plain = ("bias", "LayerNorm.weight")
    decay = [p for name, p in bert.named_parameters() if not name.endswith(plain)]
    rest = [p for name, p in bert.named_parameters() if name.endswith(plain)]
    optimizer = torch.optim.AdamW([{"params": decay}, {"params": rest, "weight_decay": 0.0}])
    tasks = [MaskedLM(sizes.vocabulary_size)]
    train = PretrainingBatches(store, tasks, batch_size=32)
    valid = PretrainingBatches(store, tasks, batch_size=64, part="valid")
    model = TorchModel(bert, optimizer)
    plan = TimePlan(options.minutes, options.learning_rate, say=print)
    plan.set_model(model)

    def tensors(inputs, targets, weights):
        ids = torch.from_numpy(inputs["token_ids"].astype(np.int64))
        labels = torch.full_like(ids, -100)
        row, slot = np.nonzero(weights["masked_lm"])
        labels[row, inputs["masked_positions"][row, slot].astype(np.int64)] = torch.from_numpy(
            targets["masked_lm"][row, slot].astype(np.int64)
        )
        return {"input_ids": ids, "attention_mask": (ids != pad).long(), "labels": labels}

    def scored(batch):
        """In place of the Keras model that ObjectiveValidation makes for itself."""
        inputs = {name: value for name, value in batch.items() if name != "masked_lm_target"}
        ids = torch.from_numpy(inputs["token_ids"].astype(np.int64))
        with torch.no_grad():
            logits = bert(input_ids=ids, attention_mask=(ids != pad).long()).logits
        positions = torch.from_numpy(inputs["masked_positions"].astype(np.int64))
        target = torch.from_numpy(batch["masked_lm_target"].astype(np.int64))
        logits = torch.take_along_dim(logits, positions[..., None], dim=1)
        nats = -torch.take_along_dim(logits.log_softmax(-1), target[..., None], dim=-1)[..., 0]
        return {"nats": nats.numpy(), "correct": (logits.argmax(-1) == target).numpy()}

    validation = ObjectiveValidation({tasks[0]: valid})
    validation._scorers["masked_lm"] = SimpleNamespace(predict_on_batch=scored)
    rows = []
    for number, _ in plan.reports(0):
        model.stop_training = False
        bert.train()
        plan.on_epoch_begin(number)
        while not model.stop_training:
            loss = bert(**tensors(*train.batch(plan.step))).loss
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(bert.parameters(), 1.0)
            optimizer.step()
            plan.on_train_batch_end(0)
        bert.eval()
        plan.on_epoch_end(number)
        rows.append({"step": plan.step, **validation.scores(SimpleNamespace(input={}))})
        print(rows[-1], flush=True)
    if options.save is not None:
        bert.save_pretrained(options.save)
    return rows[-1]


def run_ours(options: argparse.Namespace, encoder: str) -> dict[str, Any]:
    """`kerasbert pretrain`, in a process of its own."""
    out = options.out / encoder
    line = ["pretrain", "--store", str(options.store), "--out", str(out), "--encoder", encoder]
    line += ["--size", options.size, "--tasks", "masked-lm", "--minutes", str(options.minutes)]
    program = "import sys; from kerasbert.cli import main; sys.exit(main())"
    environment = os.environ | {"KERAS_BACKEND": options.backend, "OMP_WAIT_POLICY": "PASSIVE"}
    subprocess.run([sys.executable, "-c", program, *line], env=environment, check=True)
    return json.loads((out / "metrics.json").read_text(encoding="utf-8"))


def run_peer(options: argparse.Namespace, learning_rate: float) -> dict[str, Any]:
    """The peer, in a process of its own."""
    result = options.out / f"peer-{learning_rate:g}.json"
    line = ["--store", str(options.store), "--out", str(result), "--size", options.size]
    line += ["--minutes", str(options.minutes), "--learning-rate", str(learning_rate)]
    environment = os.environ | {"KERAS_BACKEND": "torch", "OMP_WAIT_POLICY": "PASSIVE"}
    subprocess.run(
        [sys.executable, "-m", "benchmarks.quality.masked_lm_minutes", "--worker", *line],
        env=environment, check=True,
    )  # fmt: skip
    return json.loads(result.read_text(encoding="utf-8"))


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: a contestant a row, the unigram loss last."""
    lines = ["| | steps | validation loss | on [MASK] alone |", "| --- | ---: | ---: | ---: |"]
    for row in rows:
        lines.append(
            f"| {row['name']} | {row['step']:,} | {row['val_loss']:.3f} | "
            f"{row['val_loss_masked_lm_mask']:.3f} |"
        )
    first = rows[0]
    known = (first[f"unigram_loss_masked_lm{where}"] for where in ("", "_mask"))
    lines.append(f"| unigram | | {' | '.join(f'{loss:.3f}' for loss in known)} |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Train all, and print the table; DIR/masked_lm_minutes.md and .json hold it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--size", default="small", choices=["tiny", "small", "base"])
    parser.add_argument("--backend", default="jax", help="of ours")
    parser.add_argument("--peer-learning-rates", type=float, nargs="+", default=[5e-4, 1e-3])
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--learning-rate", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--save", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.worker:
        began = time.monotonic()
        figures = train_peer(options)
        write_json(options.out, {**figures, "seconds": time.monotonic() - began})
        return 0
    rows = [
        {"name": f"kerasbert, {encoder}", **run_ours(options, encoder)}
        for encoder in ("transformer", "text-cnn")
    ]
    for rate in options.peer_learning_rates:
        rows.append({"name": f"{PEER}, learning rate {rate:g}", **run_peer(options, rate)})
    write_json(options.out / "masked_lm_minutes.json", {"minutes": options.minutes, "rows": rows})
    write_text(options.out / "masked_lm_minutes.md", table(rows))
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
