"""Numbers, spans and answers to questions: ours beside the rivals and beside transformers.

    python -m benchmarks.quality.heads NAME --data DIR --model FOLDER --out DIR [--lm RUN]
        [--seeds 3] [--rows ROW ...] [--precision bfloat16] [--publish]

NAME is one of stsb, wnut17, xquad and cmrc2018; DIR has the train and dev files of that name. Each
row of its table is trained once a seed, on the same data: from a public model (FOLDER), from a run
that was pre-trained on raw text of another field (RUN), from one that is pre-trained here on the
contexts, or from nothing. Beside them what one would use instead, and transformers' own fine-tuning
of the same public model for as many epochs (`transformers_heads.py`). The epoch is chosen on dev,
and dev is what the figures are of: the test parts are not here. Seconds are the processor's. After
a stop the same command goes on; --publish writes benchmarks/results and docs.
"""

import argparse
import functools
import json
import shlex
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.quality.fine_tuning import mean_and_deviation
from benchmarks.quality.transformers_heads import Peer
from benchmarks.results import write_result
from kerasbert.errors import InputError
from kerasbert.files import write_json, write_text
from kerasbert.settings import FineTuneSettings
from kerasbert.settings.pretrain import PretrainSettings

PEER = "transformers, the same public model"
LIKE_BERT = {"max_length": 128}


@dataclass(frozen=True)
class Row:
    """What is trained: from where, and with which settings beside those of the table."""

    start: str | None  # "model", "lm" or "contexts"; None for nothing
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """The rows of a data set, and what their figures are called."""

    train: str
    valid: str
    head: str
    figures: Mapping[str, str]
    settings: Mapping[str, Any]
    rows: Mapping[str, Row]
    epochs: int | None = None  # of transformers; None where nothing begins with a public model
    pretraining: Mapping[str, Any] = field(default_factory=dict)


PAIRS = {
    "columns": ("genre", "file", "year", "id", "score", "sentence1", "sentence2", "..."),
    "label_field": ("score",),
    "max_length": 64,
}
TABLES = {
    "stsb": Table(
        "train.tsv",
        "dev.tsv",
        "regression",
        {"pearson": "Pearson", "spearman": "Spearman", "mae": "MAE"},
        PAIRS,
        {
            "public model, apart": Row("model", {"pair": "apart", "epochs": 2}),
            "public model, together": Row("model", {"epochs": 2}),
            "TextCNN from nothing, apart": Row(None, {"pair": "apart"}),
        },
        epochs=2,
    ),
    "wnut17": Table(
        "train.conll",
        "dev.conll",
        "tagging",
        {"entity_f1": "entity F1", "precision": "precision", "recall": "recall"},
        LIKE_BERT,
        {
            "public model": Row("model", {"epochs": 4}),
            "TextCNN, pre-trained": Row("lm"),
            "TextCNN, pre-trained, --crf": Row("lm", {"crf": True}),
            "TextCNN from nothing": Row(None),
            "TextCNN from nothing, --crf": Row(None, {"crf": True}),
        },
        epochs=4,
    ),
    "xquad": Table(
        "train.json",
        "dev.json",
        "answering",
        {"f1": "F1", "exact_match": "exact match"},
        {"max_length": 256, "batch_size": 8},
        {"public model": Row("model", {"epochs": 5})},
        epochs=5,
    ),
    "cmrc2018": Table(
        "train.json",
        "dev.json",
        "answering",
        {"f1": "F1 by characters", "exact_match": "exact match"},
        {"max_length": 256},
        {"TextCNN, masked LM on its contexts": Row("contexts")},
        pretraining={"tasks": ("masked-lm",), "max_length": 256, "minutes": 5.0},
    ),
}


class Bench:
    """A table that is measured, what is there of it already left out.

    Args:
        name: of the table.
        options: of the command line.
    """

    def __init__(self, name: str, options: argparse.Namespace):
        self.table, self.options = TABLES[name], options
        self.out = options.out / name
        self.files = {
            part: options.data / file
            for part, file in (("train", self.table.train), ("valid", self.table.valid))
        }

    def once(self, name: str, measure: Any) -> Any:
        """What was measured under this name, now or before a stop."""
        path = self.out / f"{name}.json"
        if not path.exists():
            write_json(path, measure())
        return json.loads(path.read_text(encoding="utf-8"))

    def settings(self, title: str, seed: int) -> FineTuneSettings:
        """Those of a row's run."""
        row = self.table.rows[title]
        values: dict[str, Any] = {"head": self.table.head, **self.table.settings, **row.settings}
        values["precision"] = self.options.precision
        if (start := self.start(row)) is not None:
            values["pretrained"] = str(start)
        out = self.out / f"{slug(title)}-seed{seed}"
        return FineTuneSettings(
            **self.files, **values, out=out, seed=seed, rival=False, resume=True
        )

    def start(self, row: Row) -> Path | None:
        """The run or public model that a row begins with; it is made where it can be."""
        if row.start != "contexts":
            return getattr(self.options, row.start) if row.start is not None else None
        from kerasbert.training.pretraining import pretrain

        corpus = self.out / "contexts.txt"
        if not corpus.exists():
            contexts = dict.fromkeys(one.context for one in self.documents()["train"])
            write_text(corpus, "".join(f"{' '.join(text.split())}\n" for text in contexts))
        run = self.out / "lm"
        values = {**self.table.pretraining, "corpus": (str(corpus),), "out": run, "resume": True}
        pretrain(PretrainSettings(**values))
        return run

    def documents(self) -> dict[str, list]:
        """The parts of the data, as every row reads them."""
        return self.read()[0]

    def read(self) -> tuple[dict[str, list], Any]:
        from kerasbert.training.parts import read_parts

        values: Any = {"head": self.table.head, **self.table.settings}
        return read_parts(FineTuneSettings(**self.files, **values, out=self.out / "unused"))

    def ours(self, title: str, seed: int) -> dict[str, Any]:
        """A run of `kerasbert finetune`."""
        import keras

        from kerasbert.training.fine_tuning import fine_tune

        keras.utils.clear_session()  # of the runs before
        settings = self.settings(title, seed)
        whole, began = not settings.out.exists(), time.process_time()
        metrics = fine_tune(settings)
        seconds = time.process_time() - began
        return {
            "seed": seed,
            "valid": metrics["valid"],
            "learning_rate": metrics["learning_rate"],
            "best_epoch": metrics["best_epoch"],
            "epochs": metrics["epochs"],
            "processor_seconds": seconds if whole else None,  # after a stop nobody knows
        }

    def peer(self, seed: int) -> dict[str, Any]:
        """transformers from the same model, with the settings of our row that reads alike."""
        from kerasbert.heads.registry import HEADS
        from kerasbert.runs.folder import RunFolder

        settings = self.settings(own_title(self.table), seed)
        folder = RunFolder.open(settings.out)  # it knows the rate, and the longest answer
        config = folder.config()
        head = HEADS[self.table.head].load(folder.path, config)
        assert self.table.epochs is not None
        peer = Peer(
            self.options.model, head, self.documents(), settings.max_length, settings.batch_size,
            config["settings"]["learning_rate"], self.table.epochs, seed,
            half=settings.precision != "float32",
        )  # fmt: skip
        return {"seed": seed, **peer.fine_tune()}

    def rivals(self) -> list[dict[str, Any]]:
        """What one would use instead."""
        documents, head = self.read()
        found = head.rivals(documents)
        if self.options.model is not None:
            from kerasbert.checkpoints.convert import open_source
            from kerasbert.inference.embedder import Embedder

            length = self.table.settings["max_length"]

            source = open_source(str(self.options.model))

            @functools.cache  # loaded where a head asks for vectors
            def embedder() -> Embedder:
                return Embedder(source.path, "mean", length)

            found += head.vector_rivals(
                documents, "the public model", lambda texts: embedder().pooled(texts)
            )
        return found


def own_title(table: Table) -> str:
    """Our row that reads what transformers reads: from the public model, pairs together."""
    return next(
        title
        for title, row in table.rows.items()
        if row.start == "model" and "pair" not in row.settings
    )


def slug(title: str) -> str:
    """A title as the name of a folder."""
    return "-".join("".join(c if c.isalnum() else " " for c in title).split()).lower()


def measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """All rows of a table that can be measured with these options."""
    bench = Bench(name, options)
    bench.out.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[dict[str, Any]]] = {}
    for title, row in bench.table.rows.items():
        if row.start in ("model", "lm") and getattr(options, row.start) is None:
            continue
        if options.rows and title not in options.rows:
            continue
        rows[title] = [
            bench.once(f"{slug(title)}-{seed}", lambda t=title, s=seed: bench.ours(t, s))
            for seed in range(options.seeds)
        ]
    if bench.table.epochs and options.model is not None and (PEER in (options.rows or [PEER])):
        rows[PEER] = [
            bench.once(f"{slug(PEER)}-{seed}", lambda s=seed: bench.peer(s))
            for seed in range(options.seeds)
        ]
    return {"rows": rows, "rivals": bench.once("rivals", bench.rivals)}


def table(name: str, figures: Mapping[str, Any]) -> str:
    """Markdown: what was trained a row, then the rivals."""
    wanted = TABLES[name].figures
    heads = ["", *wanted.values(), "epochs", "seeds", "processor's seconds of a run"]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    for title, runs in figures["rows"].items():
        cells = [mean_and_deviation([run["valid"][key] for run in runs]) for key in wanted]
        epochs = [run["epochs"] for run in runs]
        epochs = [len(one) if isinstance(one, list) else one for one in epochs]
        seconds = [s for run in runs if (s := run["processor_seconds"]) is not None]
        taken = f"{statistics.mean(seconds):.0f}" if seconds else "–"
        lines.append([title, *cells, str(max(epochs)), str(len(runs)), taken])
    for rival in figures["rivals"]:
        if "reason" not in rival:
            cells = [f"{rival['valid'][key]:.3f}" for key in wanted]
            lines.append([rival["name"], *cells, "–", "–", "–"])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure a table; DIR/NAME.json and .md hold what came out."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("name", choices=list(TABLES))
    parser.add_argument("--data", type=Path, required=True, help="the folder of the data set")
    parser.add_argument("--out", type=Path, required=True, help="where all runs lie")
    parser.add_argument("--model", type=Path, help="the folder of a public model")
    parser.add_argument("--lm", type=Path, help="a pre-trained TextCNN's run")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--precision", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--rows", nargs="+", help="these alone")
    parser.add_argument("--publish", action="store_true", help="into benchmarks/results and docs")
    options = parser.parse_args(argv)
    try:
        figures = measure(options.name, options)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    made = table(options.name, figures)
    write_json(options.out / f"{options.name}.json", figures)
    write_text(options.out / f"{options.name}.md", made)
    print(made)
    if options.publish:
        given = [shlex.quote(word) if " " in word else word for word in argv or sys.argv[1:]]
        words = ["python", "-m", "benchmarks.quality.heads", *given]
        write_result(options.name, figures, words, made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
