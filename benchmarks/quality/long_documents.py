"""Documents of a thousand words and more: cut, or split into overlapping windows?

    python -m benchmarks.quality.long_documents --out DIR [--words 1000] [--megabytes 200]
        [--seeds 3] [--epochs 6] [--pretrained RUN] [--variants NAME ...]

A document is all the docstrings of one Python module of this machine; its labels are its package
and its topic. Fine-tunes with each way of reading a long text and each seed, and prints test F1 by
the threshold that was fitted on validation data. After a stop, the same command goes on.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.quality.fine_tuning import NETWORK_ALONE, fine_tune, mean_and_deviation
from kerasbert.data import docstrings
from kerasbert.data.splits import (
    SPLITS,
    Document,
    keep_frequent_labels,
    leave_out_near_duplicates,
    split_of,
    write_set,
)
from kerasbert.errors import InputError
from kerasbert.files import write_json, write_text

LEAST_DOCUMENTS = 10  # of a label in train
VARIANTS: dict[str, dict[str, Any]] = {
    "cut at 200": {},
    "cut at 512": {"max_length": 512},
    "cut at 2,048": {"max_length": 2048},
    "windows of 200, max": {"long": "windows", "window_pooling": "max"},
    "windows of 200, mean": {"long": "windows"},
    "windows of 200, attention": {"long": "windows", "window_pooling": "attention"},
}


def build(out: Path, least_words: int, megabytes: int) -> dict[str, int]:
    """Write the data set, and return what `write_set` counts."""
    texts: dict[tuple[str, str], list[str]] = {}
    for found in docstrings.read_packages((), megabytes * 1_000_000):
        texts.setdefault((found.package, found.module), []).append(found.text)
    splits: dict[str, list[Document]] = {name: [] for name in SPLITS}
    for (package, module), parts in texts.items():
        text = " ".join(part for part in parts if part)
        if len(text.split()) < least_words:
            continue
        labels = {f"package::{package}"}
        if topic := docstrings.topic_of(package, module):
            labels.add(f"topic::{topic}")
        group = f"{package}.{module}"
        splits[split_of(group)].append(Document(text, frozenset(labels), group))
    raw = [document.text for document in splits["train"]]
    for name in ("valid", "test"):
        splits[name] = leave_out_near_duplicates(splits[name], raw)
    return write_set(out, keep_frequent_labels(splits, LEAST_DOCUMENTS), raw)


def fine_tuned(options: argparse.Namespace, name: str, seed: int) -> dict[str, Any]:
    """One run: metrics.json."""
    folder = "".join(letter if letter.isalnum() else "-" for letter in name)
    return fine_tune(
        options,
        options.out / f"{folder}-seed{seed}",
        **{part: options.out / f"{part}.txt" for part in SPLITS},
        pretrained=options.pretrained,
        seed=seed,
        **NETWORK_ALONE | VARIANTS[name],
    )


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown: a way of reading a row."""
    lines = ["| | test F1 | micro | macro | seconds |", "| --- | ---: | ---: | ---: | ---: |"]
    for row in rows:
        scores = [
            mean_and_deviation([run["test"][name] for run in row["runs"]])
            for name in ("f1", "micro_f1", "macro_f1")
        ]
        seconds = statistics.mean(run["seconds"] for run in row["runs"])
        lines.append(f"| {row['name']} | {' | '.join(scores)} | {seconds:.0f} |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Build what is missing, compare, and leave DIR/long_documents.md and .json."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--words", type=int, default=1000, help="of the shortest document")
    parser.add_argument("--megabytes", type=int, default=200, help="of Python source to read")
    parser.add_argument("--pretrained", type=Path, help="a run to start from")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    options = parser.parse_args(argv)
    try:
        if not (options.out / "labels.tsv").exists():
            print(build(options.out, options.words, options.megabytes))
        rows = [
            {"name": name, "runs": [fine_tuned(options, name, s) for s in range(options.seeds)]}
            for name in options.variants
        ]
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    write_json(options.out / "long_documents.json", rows)
    write_text(options.out / "long_documents.md", table(rows))
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
