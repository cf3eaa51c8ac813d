"""What one would use instead: TF-IDF + LinearSVC and fastText, on any labelled files.

    python -m benchmarks.quality.baselines --train train.txt --valid valid.txt --test test.txt

Both get the same documents and are scored by the same code as every model of kerasbert
(`kerasbert.evaluation`). Whatever is chosen (the threshold; for fastText also one of a few fixed
settings) is chosen on valid. A program that isn't installed is left out, and that is said.
"""

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from kerasbert.errors import InputError
from kerasbert.evaluation.f1 import f1_scores
from kerasbert.evaluation.thresholds import GRID, fit_threshold
from kerasbert.files import write_json
from kerasbert.heads.classification.decision import predict_labels
from kerasbert.heads.classification.linear_svc import NAME, TOKEN_PATTERN, linear_svc_baseline
from kerasbert.text import LabeledDocument, read_labeled
from kerasbert.text.kinds import infer_kind
from kerasbert.text.labels import LabelSet

# With one thread fastText 0.9.3 sometimes stops with "Encountered NaN", with ten it never did here.
# Ten threads write to one model, so the last digits vary.
FASTTEXT_THREADS = 10

FASTTEXT_SETTINGS: tuple[dict[str, Any], ...] = (
    {"lr": 0.5, "epoch": 25, "dim": 100, "wordNgrams": 1},
    {"lr": 0.5, "epoch": 25, "dim": 100, "wordNgrams": 2},
    {"lr": 0.5, "epoch": 50, "dim": 100, "wordNgrams": 2},
    {"lr": 1.0, "epoch": 25, "dim": 100, "wordNgrams": 2},
    {"lr": 1.0, "epoch": 50, "dim": 100, "wordNgrams": 2},
)
# After many epochs its probabilities lie near 0 and 1: the best threshold can be a small one.
FASTTEXT_GRID = np.concatenate([[0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015], GRID])


class Split(NamedTuple):
    """The texts of one file, their labels (N, K), and gold occurrences outside the label set."""

    texts: list[str]
    gold: np.ndarray
    unseen: int


def read_splits(
    train: str, valid: str, test: str, limit: int | None
) -> tuple[str, Split, Split, Split]:
    """Read the kind of the task and its three splits; `limit` takes the first lines of train."""
    documents = read_labeled(train, limit=limit)
    labels = LabelSet.from_documents(documents)
    learn, choose, judge = (
        _split(part, labels) for part in (documents, read_labeled(valid), read_labeled(test))
    )
    return infer_kind(documents), learn, choose, judge


def _split(documents: Sequence[LabeledDocument], labels: LabelSet) -> Split:
    texts = [" ".join(document.texts) for document in documents]
    return Split(texts, labels.encode(documents), labels.unseen(documents).total())


def fasttext_baseline(
    train: Split,
    valid: Split,
    test: Split,
    kind: str,
    settings: Sequence[dict[str, Any]] = FASTTEXT_SETTINGS,
    say: Any = print,
) -> dict[str, Any] | None:
    """Train fastText once for each of the settings and score the one that is best on valid.

    Multi-label trains one-vs-all ("ova") with one threshold fitted on valid; otherwise softmax.

    Returns:
        As `linear_svc_baseline`, and `settings`, `tried` (the F1 on valid of each) and
        `seconds_of_best`; None when fastText isn't installed or diverged with every setting.
    """
    try:
        import fasttext
    except ImportError:
        return None
    results = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "train.txt")
        path.write_text("".join(_fasttext_lines(train)), encoding="utf-8")
        for choice in settings:
            began = time.perf_counter()
            try:
                model = fasttext.train_supervised(
                    str(path), loss="ova" if kind == "multi-label" else "softmax", seed=0,
                    thread=FASTTEXT_THREADS, bucket=500_000, verbose=0, **choice,
                )  # fmt: skip
            except RuntimeError as error:  # it diverged
                say(f"fastText {choice}: {error}")
                continue
            labels = train.gold.shape[1]
            scores = [_probabilities(model, part.texts, labels) for part in (valid, test)]
            threshold = 0.5
            if kind == "multi-label":
                threshold = fit_threshold(scores[0], valid.gold, valid.unseen, grid=FASTTEXT_GRID)
            figures = [
                f1_scores(predict_labels(score, kind, threshold), part.gold, part.unseen)
                for score, part in zip(scores, (valid, test), strict=True)
            ]
            seconds = time.perf_counter() - began
            say(f"fastText {choice}: F1 {figures[0]['f1']:.3f} on valid, {seconds:.0f} s")
            results.append((figures[0]["f1"], choice, figures, threshold, seconds))
    if not results:
        return None
    _, choice, (on_valid, on_test), threshold, seconds = max(results, key=lambda result: result[0])
    return {
        "name": "fastText",
        "valid": on_valid,
        "test": on_test,
        "seconds": sum(result[-1] for result in results),
        "seconds_of_best": seconds,
        "threshold": threshold if kind == "multi-label" else None,
        "settings": choice,
        "tried": [{**result[1], "valid_f1": result[0]} for result in results],
    }


def _fasttext_lines(split: Split) -> list[str]:
    """The lines fastText trains on: labels by number, because theirs may not hold any text."""
    return [
        " ".join(f"__label__{label}" for label in np.flatnonzero(row)) + f" {_words(text)}\n"
        for text, row in zip(split.texts, split.gold, strict=True)
        if row.any()
    ]


def _words(text: str) -> str:
    """Lower-cased words parted from punctuation, the same words that TF-IDF counts."""
    return " ".join(re.findall(TOKEN_PATTERN, text.lower()))


def _probabilities(model: Any, texts: list[str], labels: int) -> np.ndarray:
    """Probabilities (N, K) of `labels` labels, 0 for one that no training document had."""
    probabilities = np.zeros((len(texts), labels))
    # A list of texts, because predict() of a single one fails under numpy 2 (fastText 0.9.3).
    names, values = model.predict([_words(text) for text in texts], k=-1)
    for row, (found, value) in enumerate(zip(names, values, strict=True)):
        probabilities[row, [int(name.removeprefix("__label__")) for name in found]] = value
    return probabilities


def run(
    train: str,
    valid: str,
    test: str,
    limit: int | None = None,
    settings: Sequence[dict[str, Any]] = FASTTEXT_SETTINGS,
    say: Any = print,
) -> dict[str, Any]:
    """Run every baseline that is installed; return the sizes and the result of each."""
    kind, learn, choose, judge = read_splits(train, valid, test, limit)
    found = {
        NAME: linear_svc_baseline(
            learn.texts, learn.gold, choose.texts, choose.gold, judge.texts, judge.gold,
            kind, choose.unseen, judge.unseen,
        ),
        "fastText": fasttext_baseline(learn, choose, judge, kind, settings, say),
    }  # fmt: skip
    for name, result in found.items():
        if result is None:
            say(f"{name} is left out: not installed (scikit-learn, fasttext) or no result")
    return {
        "kind": kind,
        "documents": [len(split.texts) for split in (learn, choose, judge)],
        "labels": learn.gold.shape[1],
        "unseen": [split.unseen for split in (learn, choose, judge)],
        "baselines": [result for result in found.values() if result is not None],
    }


def show(result: dict[str, Any]) -> None:
    """Print the table."""
    train, valid, test = result["documents"]
    table = Table(
        title=f"{result['kind']}: {train} documents to train on, {valid} valid, {test} test, "
        f"{result['labels']} labels"
    )
    for name in ("baseline", "valid F1", "test F1", "micro", "macro", "threshold", "seconds"):
        table.add_column(name, justify="left" if name == "baseline" else "right")
    for row in result["baselines"]:
        scores = (row["valid"]["f1"], *(row["test"][key] for key in ("f1", "micro_f1", "macro_f1")))
        threshold = "–" if row["threshold"] is None else f"{row['threshold']:.3g}"
        cells = [f"{score:.3f}" for score in scores]
        table.add_row(row["name"], *cells, threshold, f"{row['seconds']:.0f}")
    # Where output is no terminal, rich would fold the table at 80 columns.
    Console(width=None if sys.stdout.isatty() else 110).print(table)


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line, run, print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    for name in ("train", "valid", "test"):
        parser.add_argument(f"--{name}", required=True, metavar="FILE", help="labelled lines")
    parser.add_argument("--limit", type=int, metavar="N", help="the first N documents of train")
    parser.add_argument("--out", metavar="FILE.json", help="write the result as JSON, too")
    options = parser.parse_args(argv)
    try:
        result = run(options.train, options.valid, options.test, options.limit)
        if options.out:
            write_json(options.out, result)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    show(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
