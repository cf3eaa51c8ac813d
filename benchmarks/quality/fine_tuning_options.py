"""What is each option of fine-tuning worth? The full recipe, and the same with one thing changed.

    python -m benchmarks.quality.fine_tuning_options --pretrained RUN --train train.txt
        --valid valid.txt --test test.txt --out DIR [--fraction 0.2] [--seeds 3]
        [--epochs 4] [--variants NAME ...]

One table: the best F1 of an epoch on valid at threshold 0.5, and on test by the rule fitted on
valid; the difference from the full recipe is that of runs with the same seed. Another choice of
thresholds needs no training: it is tried on the runs of the full recipe. After a stop, the same
command goes on where it was.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.quality.fine_tuning import fine_tune, mean_and_deviation, valid_f1
from kerasbert.errors import InputError
from kerasbert.files import write_json, write_text

FULL = "full recipe"
# Without what the recipe has; then with what it has not.
VARIANTS: dict[str, dict[str, Any]] = {
    FULL: {},
    "without --linear-svm": {"linear_svm": False},
    "without --lead": {"lead": 0},
    "without pre-trained weights": {"from_scratch": True},
    "without averaged weights": {"average": 0.0},
    "one threshold for all labels": {"thresholds": "common"},
    "threshold 0.5": {"thresholds": "half"},
    "with --loss weighted": {"loss": "weighted"},
    "with --loss asymmetric": {"loss": "asymmetric"},
    "with --label-smoothing 0.05": {"label_smoothing": 0.05},
    "with --layer-decay 0.7": {"layer_decay": 0.7},
    "with --freeze-epochs 0.5": {"freeze_epochs": 0.5},
    "with --masked-lm 0.01": {"masked_lm": 0.01},
}


def first_lines(options: argparse.Namespace) -> Path:
    """The part of the training file that is learned from."""
    if options.fraction == 1:
        return options.train
    with options.train.open(encoding="utf-8") as file:
        lines = file.readlines()
    path = options.out / "train.txt"
    write_text(path, "".join(lines[: max(1, round(options.fraction * len(lines)))]))
    return path


def fine_tuned(options: argparse.Namespace, train: Path, name: str, seed: int) -> dict[str, Any]:
    """One run: its best F1 on valid, and the figures of test."""
    changes = dict(VARIANTS[name])
    thresholds = changes.pop("thresholds", None)
    trained = FULL if thresholds is not None else name
    folder = "".join(letter if letter.isalnum() or letter == "." else "-" for letter in trained)
    out = options.out / f"{folder}-seed{seed}"
    metrics = fine_tune(
        options,
        out,
        train=train,
        valid=options.valid,
        test=options.test,
        pretrained=options.pretrained,
        seed=seed,
        **changes,
    )
    test = metrics["test"] if thresholds is None else judge(options, train, out, thresholds)
    figures = {"seed": seed, "valid": max(valid_f1(out)), "seconds": metrics["seconds"]}
    return figures | {name: test[name] for name in ("f1", "micro_f1", "macro_f1")}


def judge(options: argparse.Namespace, train: Path, out: Path, thresholds: Any) -> dict[str, Any]:
    """The figures of test of a finished run, by other thresholds than it has."""
    from kerasbert.batches import LabeledBatches
    from kerasbert.heads.classification.head import Classification
    from kerasbert.runs.folder import RunFolder
    from kerasbert.text import LabelSet, read_labeled
    from kerasbert.training.assessment import assess_best

    run = RunFolder.open(out)
    about, tokenizer = run.read_json("config.json"), run.tokenizer()
    labels = LabelSet.load(run.file("labels.txt"))
    head = Classification(labels, about["kind"], thresholds=thresholds)
    documents = {
        part: read_labeled(path)
        for part, path in (("train", train), ("valid", options.valid), ("test", options.test))
    }
    data = {
        part: LabeledBatches(read, tokenizer, head, max_length=about["max_length"])
        for part, read in documents.items()
    }
    return assess_best(run, data, documents["valid"]).figures["test"]


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: a variant a row, in the order given."""
    head = ["", "seconds", "valid, at 0.5", "test F1", "micro", "macro", "beside the full recipe"]
    lines = [f"| {' | '.join(head)} |", f"| --- |{' ---: |' * (len(head) - 1)}"]
    full = {run["seed"]: run["f1"] for row in rows if row["name"] == FULL for run in row["runs"]}
    for row in rows:
        runs = row["runs"]
        cells = [row["name"], f"{statistics.mean(run['seconds'] for run in runs):.0f}"]
        for figure in ("valid", "f1", "micro_f1", "macro_f1"):
            cells.append(mean_and_deviation([run[figure] for run in runs]))
        gains = [run["f1"] - full[run["seed"]] for run in runs if run["seed"] in full]
        cells.append("" if row["name"] == FULL or not gains else mean_and_deviation(gains))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Compare; DIR/fine_tuning_options.md and .json hold what is known so far."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    for name in ("pretrained", "train", "valid", "test", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--fraction", type=float, default=1.0, help="of the training lines")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--learning-rate", type=float, default=None)
    options = parser.parse_args(argv)
    if not 0 < options.fraction <= 1:
        parser.error(f"--fraction: expected 0 < share <= 1, received {options.fraction}")
    options.out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = [{"name": name, "runs": []} for name in options.variants]
    try:
        train = first_lines(options)
        for seed in range(options.seeds):  # a table of few seeds is there early
            for row in rows:
                row["runs"].append(fine_tuned(options, train, row["name"], seed))
                known = [row for row in rows if row["runs"]]
                shown = {"fraction": options.fraction, "epochs": options.epochs, "rows": known}
                write_json(options.out / "fine_tuning_options.json", shown)
                write_text(options.out / "fine_tuning_options.md", table(known))
    except (InputError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
