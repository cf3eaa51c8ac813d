"""Does a run pre-trained on short rows fine-tune on long documents, and is that worth it?

    python -m benchmarks.quality.lengths --pretrained RUN --train train.txt --valid valid.txt
        --test test.txt --out DIR [--lengths 128 512] [--seeds 3] [--epochs 4]

Takes the documents that are longer than the shortest of the lengths, fine-tunes on them at each
length with each seed (a longer document is cut there), and prints test F1 by the threshold that was
fitted on validation data. After a stop, the same command goes on where it was.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.quality.fine_tuning import NETWORK_ALONE, fine_tune, mean_and_deviation
from kerasbert.errors import InputError
from kerasbert.files import write_json, write_text
from kerasbert.runs.folder import RunFolder
from kerasbert.text import read_labeled

SPECIALS = 2  # [CLS] and [SEP]


def write_long_documents(source: Path, target: Path, tokenizer, length: int) -> int:
    """Copy the documents that do not fit into `length` positions; returns how many."""
    documents = read_labeled(source)
    texts = [" ".join(document.texts) for document in documents]
    sizes = [len(ids) for ids in tokenizer.encode(texts)]
    lines = [
        "\t".join(document.texts) + "".join(f" __label__{label}" for label in document.labels)
        for document, size in zip(documents, sizes, strict=True)
        if size + SPECIALS > length
    ]
    write_text(target, "\n".join(lines) + "\n")
    return len(lines)


def fine_tuned(options: argparse.Namespace, length: int, seed: int) -> dict[str, Any]:
    """One fine-tuning at one length: metrics.json."""
    return fine_tune(
        options,
        options.out / f"length-{length}-seed{seed}",
        **{part: options.out / f"{part}.txt" for part in ("train", "valid", "test")},
        pretrained=options.pretrained,
        max_length=length,
        batch_size=options.batch_size,
        seed=seed,
        **NETWORK_ALONE,
    )


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: a length a row."""
    lines = ["| length | test F1 | seconds |", "| ---: | ---: | ---: |"]
    for row in rows:
        scores = [run["test"]["f1"] for run in row["runs"]]
        seconds = statistics.mean(run["seconds"] for run in row["runs"])
        lines.append(f"| {row['length']} | {mean_and_deviation(scores)} | {seconds:.0f} |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Compare the lengths; DIR/lengths.md and .json hold what it found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    for name in ("pretrained", "train", "valid", "test", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--lengths", type=int, nargs="+", default=[128, 512])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=None)
    options = parser.parse_args(argv)
    try:
        tokenizer = RunFolder.open(options.pretrained).tokenizer()
        counts = {
            part: write_long_documents(
                getattr(options, part), options.out / f"{part}.txt", tokenizer, min(options.lengths)
            )
            for part in ("train", "valid", "test")
        }
        print(f"documents of more than {min(options.lengths)} positions: {counts}")
        rows = [
            {
                "length": length,
                "runs": [fine_tuned(options, length, seed) for seed in range(options.seeds)],
            }
            for length in options.lengths
        ]
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    write_json(options.out / "lengths.json", {"documents": counts, "rows": rows})
    write_text(options.out / "lengths.md", table(rows))
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
