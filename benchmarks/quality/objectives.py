"""Which pre-training objective is worth most to the classifier that follows?

    python -m benchmarks.quality.objectives --store STORE --train train.txt --valid valid.txt
        --test test.txt --out DIR [--steps 3000] [--seeds 3] [--epochs 5]

The same encoder is pre-trained once with each objective, for the same number of steps over the same
number of tokens, and fine-tuned with each seed; once more from random weights. One table: the F1 on
valid after each epoch at threshold 0.5, and on test by the threshold fitted on valid. After a stop,
the same command goes on where it was.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.quality.fine_tuning import NETWORK_ALONE, fine_tune, mean_and_deviation, valid_f1
from kerasbert.errors import InputError
from kerasbert.files import write_json, write_text
from kerasbert.settings import PretrainSettings
from kerasbert.training.pretraining import pretrain

MASKED, PAIRS, WORDS = "masked-lm", "next-sentence", "document-words"
# The predecessor showed short windows with one hidden word; a batch holds as many tokens as others.
OBJECTIVES: dict[str, dict[str, Any]] = {
    "masked LM": {"tasks": (MASKED,)},
    "masked LM, whole words": {"tasks": (MASKED,), "masking": "whole-word"},
    "masked LM, spans": {"tasks": (MASKED,), "masking": "span"},
    "masked LM + next sentence": {"tasks": (MASKED, PAIRS)},
    "one word of a short window": {
        "tasks": (MASKED,),
        "max_predictions": 1,
        "max_length": 32,
        "batch_size": 128,
    },
    "masked LM + document words": {"tasks": (MASKED, WORDS)},
    "document words": {"tasks": (WORDS,)},
}
SCRATCH = "from scratch"


def fine_tuned(options: argparse.Namespace, name: str, source: Path, seed: int) -> dict[str, Any]:
    """One fine-tuning: its F1 after each epoch on valid, and in the end on test."""
    out = options.out / "finetuned" / f"{name.replace(' ', '-').replace(',', '')}-seed{seed}"
    metrics = fine_tune(
        options,
        out,
        train=options.train,
        valid=options.valid,
        test=options.test,
        pretrained=source,
        from_scratch=name == SCRATCH,
        seed=seed,
        **NETWORK_ALONE,
    )
    return {"seed": seed, "valid": valid_f1(out), "test": metrics["test"]["f1"]}


def pre_train(options: argparse.Namespace, name: str) -> tuple[Path, dict[str, Any]]:
    """One pre-training: its run, and the figures of metrics.json."""
    import keras

    keras.utils.clear_session()
    out = options.out / "pretrained" / name.replace(" ", "-").replace(",", "")
    settings = PretrainSettings(
        store=options.store,
        out=out,
        encoder=options.encoder,
        size=options.size,
        steps=options.steps,
        resume=True,
    )
    return out, pretrain(replace(settings, **OBJECTIVES[name]))


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: an objective a row, best on test first."""
    epochs = len(rows[0]["runs"][0]["valid"])
    head = ["objective", "s of pre-training", *(f"epoch {n + 1}" for n in range(epochs)), "test"]
    lines = [f"| {' | '.join(head)} |", f"| --- |{' ---: |' * (len(head) - 1)}"]
    for row in sorted(rows, key=lambda row: -statistics.mean(run["test"] for run in row["runs"])):
        by_epoch = zip(*(run["valid"] for run in row["runs"]), strict=True)
        cells = [
            row["objective"],
            f"{row['seconds']:.0f}",
            *(f"{statistics.mean(values):.3f}" for values in by_epoch),
            mean_and_deviation([run["test"] for run in row["runs"]]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Compare; DIR/objectives.md and .json hold what it found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    for name in ("store", "train", "valid", "test", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--encoder", default="text-cnn", choices=["text-cnn", "transformer"])
    parser.add_argument("--size", default="small", choices=["tiny", "small", "base"])
    parser.add_argument("--objectives", nargs="+", choices=OBJECTIVES, default=list(OBJECTIVES))
    parser.add_argument("--steps", type=int, default=3000, help="of each pre-training")
    parser.add_argument("--seeds", type=int, default=3, help="of the fine-tuning")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--learning-rate", type=float, default=None, help="of the fine-tuning")
    options = parser.parse_args(argv)
    rows: list[dict[str, Any]] = []
    try:
        for name in options.objectives:
            source, metrics = pre_train(options, name)
            runs = [fine_tuned(options, name, source, seed) for seed in range(options.seeds)]
            rows.append({"objective": name, "seconds": metrics["seconds"], "runs": runs})
        runs = [fine_tuned(options, SCRATCH, source, seed) for seed in range(options.seeds)]
        rows.append({"objective": SCRATCH, "seconds": 0.0, "runs": runs})
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    write_json(options.out / "objectives.json", {"steps": options.steps, "rows": rows})
    write_text(options.out / "objectives.md", table(rows))
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
