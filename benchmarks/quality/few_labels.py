"""What is pre-training worth where labels are few? The table of the README.

    python -m benchmarks.quality.few_labels --corpus raw.txt --train train.txt --valid valid.txt
        --test test.txt --out DIR [--minutes 10] [--documents 468] [--seeds 3] [--publish]

Pre-trains a TextCNN of size small on the raw text, and fine-tunes it on the first so many labelled
documents, with each seed; beside it the same model without pre-trained weights, TF-IDF + LinearSVC
and, where it is installed, fastText on the same documents (`baselines.py`). One table: F1 on test,
the mean of micro and macro, by what was chosen on valid. After a stop the same command goes on.
With --publish the figures go to benchmarks/results, and from there into README and docs.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.quality import baselines
from benchmarks.quality.fine_tuning import fine_tune, mean_and_deviation
from benchmarks.results import write_result
from kerasbert.errors import InputError
from kerasbert.files import write_json, write_text
from kerasbert.settings.pretrain import PretrainSettings
from kerasbert.training.pretraining import pretrain

NAMES = {"pretrained": "kerasbert", "scratch": "the same from scratch"}


def first_lines(options: argparse.Namespace, documents: int) -> Path:
    """A file with the first so many labelled documents."""
    with options.train.open(encoding="utf-8") as file:
        lines = [line for line, _ in zip(file, range(documents), strict=False)]
    if len(lines) < documents:
        raise InputError(f"{options.train}: has {len(lines)} lines, --documents asks for more.")
    path = options.out / f"train-{documents}.txt"
    write_text(path, "".join(lines))
    return path


def measure(options: argparse.Namespace, documents: int) -> dict[str, Any]:
    """Ours by seed, with and without pre-training, and the rivals, from so many documents."""
    train = first_lines(options, documents)
    row: dict[str, Any] = {"documents": documents, "pretrained": [], "scratch": []}
    for seed in range(options.seeds):
        for name in NAMES:
            began = time.monotonic()
            metrics = fine_tune(
                options,
                options.out / f"{name}-{documents}-seed{seed}",
                train=train,
                valid=options.valid,
                test=options.test,
                pretrained=options.out / "lm",
                from_scratch=name == "scratch",
                seed=seed,
            )
            seconds = time.monotonic() - began
            row[name].append({"seed": seed, "test": metrics["test"], "seconds": seconds})
    row["rivals"] = baselines.run(str(train), str(options.valid), str(options.test))["baselines"]
    return row


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: a number of labelled documents a row, the best in bold."""
    rivals = [rival["name"] for rival in rows[0]["rivals"]]
    lines = [
        f"| {' | '.join(['labelled documents', *NAMES.values(), *rivals])} |",
        f"| ---: |{' ---: |' * (len(NAMES) + len(rivals))}",
    ]
    for row in rows:
        scores = [[run["test"]["f1"] for run in row[name]] for name in NAMES]
        scores += [[rival["test"]["f1"]] for rival in row["rivals"]]
        best = max(statistics.mean(values) for values in scores)
        cells = [
            f"**{mean_and_deviation(values)}**"
            if statistics.mean(values) == best
            else mean_and_deviation(values)
            for values in scores
        ]
        lines.append(" | ".join([f"| {row['documents']:,}", *cells]) + " |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure; DIR/few_labels.json and .md hold what came out."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    for name in ("corpus", "train", "valid", "test", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=10, help="of pre-training")
    parser.add_argument("--size", default="small", choices=["tiny", "small", "base"])
    parser.add_argument("--documents", type=int, nargs="+", default=[468], metavar="N")
    parser.add_argument("--seeds", type=int, default=3, help="of the fine-tuning")
    parser.add_argument("--epochs", type=int, default=7, help="of the fine-tuning")
    parser.add_argument("--learning-rate", type=float, default=None, help="of the fine-tuning")
    parser.add_argument("--publish", action="store_true", help="into benchmarks/results and docs")
    options = parser.parse_args(argv)
    try:
        source = pretrain(
            PretrainSettings(
                corpus=(options.corpus,),
                out=options.out / "lm",
                size=options.size,
                minutes=options.minutes,
                resume=True,
            )
        )
        rows = [measure(options, documents) for documents in options.documents]
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    figures = {"pretraining": source, "rows": rows}
    write_json(options.out / "few_labels.json", figures)
    write_text(options.out / "few_labels.md", table(rows))
    print(table(rows))
    if options.publish:
        words = ["python", "-m", "benchmarks.quality.few_labels", *(argv or sys.argv[1:])]
        write_result("few_labels", figures, words, table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
