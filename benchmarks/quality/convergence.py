"""How fast masked LM converges: encoders, widths and learning rates, loss against steps.

    python -m benchmarks.quality.convergence --store STORE --out DIR
        [--encoders text-cnn transformer] [--d-models 64 128 256] [--learning-rates 1e-3 2e-3 4e-3]
        [--steps 2000] [-- FLAG...]

Trains each combination by `kerasbert pretrain`, one after the other, with the same batches; what
follows `--` goes to every one of them. Prints the validation loss at a tenth, three tenths, half
and all of the steps beside the unigram loss, and draws the curves. After a stop, the same command
goes on where it was.
"""

import argparse
import csv
import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

from kerasbert.files import write_json, write_text

MOMENTS = (0.1, 0.3, 0.5, 1.0)


def train(options: argparse.Namespace, encoder: str, d_model: int, rate: str) -> dict[str, Any]:
    """One run, and what its history says.

    Raises:
        SystemExit: it failed.
    """
    out = options.out / f"{encoder}-{d_model}-{rate}"
    line = [
        sys.executable, "-c", "import sys; from kerasbert.cli import main; sys.exit(main())",
        "pretrain", "--store", str(options.store), "--out", str(out), "--encoder", encoder,
        "--d-model", str(d_model), "--learning-rate", rate, "--steps", str(options.steps),
        "--seed", str(options.seed), "--tasks", "masked-lm", "--resume", *options.flags,
    ]  # fmt: skip
    environment = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ}
    if subprocess.run(line, env=environment).returncode:
        raise SystemExit(f"{out}: the run failed, see above.")
    with (out / "history.csv").open(newline="", encoding="utf-8") as file:
        history = list(csv.DictReader(file))
    return {
        "encoder": encoder,
        "d_model": d_model,
        "learning_rate": float(rate),
        "steps": [int(row["step"]) for row in history],
        "val_loss": [float(row["val_loss"]) for row in history],
        "unigram_loss": float(history[-1]["unigram_loss_masked_lm"]),
        "seconds": sum(float(row["seconds"]) for row in history),
    }


def at(row: dict[str, Any], share: float) -> float:
    """The loss at a share of the steps, or at the first validation after it."""
    wanted = share * row["steps"][-1]
    reports = zip(row["steps"], row["val_loss"], strict=True)
    return next(loss for step, loss in reports if step >= wanted)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """As Markdown; the best of an encoder's width in bold."""
    last = rows[0]["steps"][-1]
    moments = [f"step {round(share * last)}" for share in MOMENTS]
    lines = [
        f"| encoder | d_model | learning rate | {' | '.join(moments)} | seconds |",
        f"| --- | ---: | ---: | {'---: | ' * len(MOMENTS)}---: |",
    ]
    for row in rows:
        same = [r for r in rows if (r["encoder"], r["d_model"]) == (row["encoder"], row["d_model"])]
        best = min(r["val_loss"][-1] for r in same) == row["val_loss"][-1]
        losses = [f"{at(row, share):.3f}" for share in MOMENTS]
        if best:
            losses[-1] = f"**{losses[-1]}**"
        lines.append(
            f"| {row['encoder']} | {row['d_model']} | {row['learning_rate']:g} |"
            f" {' | '.join(losses)} | {row['seconds']:.0f} |"
        )
    lines.append(f"\nTokens drawn by their frequency: {rows[0]['unigram_loss']:.3f}.")
    return "\n".join(lines)


def draw(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Loss against steps, a panel for each encoder."""
    from matplotlib.figure import Figure

    encoders = list(dict.fromkeys(row["encoder"] for row in rows))
    figure = Figure(figsize=(5 * len(encoders), 4), layout="constrained")
    panels = figure.subplots(1, len(encoders), sharey=True, squeeze=False)[0]
    for panel, encoder in zip(panels, encoders, strict=True):
        for row in rows:
            if row["encoder"] == encoder:
                label = f"d_model {row['d_model']}, rate {row['learning_rate']:g}"
                panel.plot(row["steps"], row["val_loss"], label=label)
        panel.axhline(rows[0]["unigram_loss"], color="gray", linestyle=":", label="unigram")
        panel.set(title=encoder, xlabel="steps", ylabel="masked-LM validation loss")
        panel.legend(fontsize="x-small")
    figure.savefig(path, dpi=120)


def main(argv: Sequence[str] | None = None) -> int:
    """Run what is missing, and print the table."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--store", type=Path, required=True, help="a token store")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--encoders", nargs="+", default=["text-cnn", "transformer"])
    parser.add_argument("--d-models", nargs="+", type=int, default=[64, 128, 256])
    parser.add_argument("--learning-rates", nargs="+", default=["1e-3", "2e-3", "4e-3"])
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments[:cut])
    options.flags = arguments[cut + 1 :]
    options.out.mkdir(parents=True, exist_ok=True)
    rows = []
    combinations = product(options.encoders, options.d_models, options.learning_rates)
    for encoder, d_model, rate in combinations:
        rows.append(train(options, encoder, d_model, rate))
        write_json(options.out / "convergence.json", rows)
        write_text(options.out / "convergence.md", table(rows) + "\n")
        draw(rows, options.out / "convergence.png")
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
