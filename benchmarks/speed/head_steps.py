"""Time the fine-tuning of a public model for numbers, spans and answers, against transformers.

    python -m benchmarks.speed.head_steps --data DIR --model FOLDER [--names wnut17 ...]
        [--task training] [--precision bfloat16] [--rounds 5 --steps 8] [--out FILE.json]

DIR has the folders stsb, wnut17 and xquad; a step is a batch of the settings of `heads.py` there.
Both train on the documents of the data set as their commands do: ours those of like lengths
together, transformers (`transformers_heads.py`) in random order, padded to the longest of the
batch; so what is compared are the tokens of texts a second, padding not counted. In prediction both
begin with the same texts and end with logits; a step is 64 texts. Seconds are the processor's: the
clock's as well stand in FILE.json.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.machine import describe
from benchmarks.quality.heads import TABLES, Bench, own_title
from benchmarks.quality.transformers_heads import Peer
from benchmarks.speed.classifier_step import TASKS, tasks_of
from benchmarks.speed.side_by_side import (
    Built,
    Contestant,
    arguments,
    compare,
    installed,
    serve,
)
from benchmarks.speed.tables import busy_while_idle, find, markdown, publish, spread

CONTESTANTS = {
    "kerasbert": Contestant("kerasbert"),
    "transformers": Contestant("transformers", "transformers", ("torch",)),
}
ASKED = 64  # texts of a step of prediction
Do = Callable[[int], dict[str, float]]


def bench_of(name: str, options: argparse.Namespace, out: Path) -> Bench:
    """The data set with its settings."""
    given = {"data": options.data / name, "model": options.model, "lm": None}
    return Bench(name, argparse.Namespace(**given, out=out, precision=options.precision))


def build_kerasbert(bench: Bench, task: str) -> Do:
    """A learner as `finetune` makes it, through `fit`."""
    from kerasbert.batches.labeled import encode_texts, predict_outputs
    from kerasbert.checkpoints.convert import open_source
    from kerasbert.runs.begin import begin_run
    from kerasbert.training.learner import build_learner
    from kerasbert.training.parts import make_batches
    from kerasbert.training.starting_point import starting_point

    settings = bench.settings(own_title(bench.table), 0)
    documents, head = bench.read()
    folder, _ = begin_run(settings)
    source = open_source(str(settings.pretrained))
    tokenizer, architecture = starting_point(settings, source, documents["train"], set())
    data = make_batches(settings, head, documents, tokenizer, set())
    learner = build_learner(settings, folder, source, architecture, tokenizer, data, set())
    train, valid, done = data["train"], data["valid"], [0]

    def fit(steps: int) -> dict[str, float]:
        stream = train.stream(done[0])
        learner.trained.fit(stream, steps_per_epoch=steps, shuffle=False, verbose=0)
        batches = range(done[0], done[0] + steps)
        done[0] += steps
        rows = [train.rows[train.order.batch(step)] for step in batches]
        return {"work": sum(int(train.texts.lengths[some].sum()) for some in rows) / steps}

    def ask(steps: int) -> dict[str, float]:
        asked = [document.texts for document in documents["valid"][: steps * ASKED]]
        rows = encode_texts(asked, tokenizer, valid.max_length, valid.windows, valid.apart)
        predict_outputs(learner.model, rows, ASKED)
        return {"work": len(asked) / steps}

    return fit if task == "training" else ask


def build_transformers(bench: Bench, task: str) -> Do:
    """The same in transformers."""
    settings = bench.settings(own_title(bench.table), 0)
    documents, head = bench.read()
    peer = Peer(
        bench.options.model, head, documents, settings.max_length, settings.batch_size,
        1e-4, 1, 0, half=settings.precision != "float32",
    )  # fmt: skip
    batches = (rows for epoch in range(1000) for rows in peer.batches(epoch))

    def train(steps: int) -> dict[str, float]:
        return {"work": sum(peer.step(next(batches)) for _ in range(steps)) / steps}

    def ask(steps: int) -> dict[str, float]:
        asked = documents["valid"][: steps * ASKED]
        peer.answer(peer.kind.rows(asked))
        return {"work": len(asked) / steps}

    return train if task == "training" else ask


def build(contestant: str, name: str, task: str, options: argparse.Namespace, out: Path) -> Built:
    """A contestant by its name, warm."""
    builder = build_kerasbert if contestant == "kerasbert" else build_transformers
    do = builder(bench_of(name, options, out), task)
    return {"work": do(1)["work"]}, do


def rates(row: Mapping[str, Any]) -> list[float]:
    """Tokens, or texts, a second of the processor, by round."""
    pairs = zip(row["work"], row["processor_seconds"], strict=True)
    return [work / seconds for work, seconds in pairs]


def rows_of(results: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """A row for each contestant at each task, beside transformers."""
    made = []
    for key, result in results.items():
        theirs = find(result, "transformers")
        for row in result["contestants"]:
            ratio = "–"
            if theirs is not None and row is not theirs:
                pairs = zip(rates(row), rates(theirs), strict=True)
                ratio = spread([ours / other for ours, other in pairs], digits=2)
            what = "tokens" if "training" in key else "texts"
            title = CONTESTANTS[row["name"]].title
            made.append([f"{key}: {title}", row["backend"], f"{spread(rates(row))} {what}", ratio])
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line; be the parent, or, with --worker, one contestant."""
    public = [name for name, one in TABLES.items() if one.epochs is not None]
    parser = arguments(__doc__, CONTESTANTS)
    parser.add_argument("--data", type=Path, help="the folder of the data sets' folders")
    parser.add_argument("--model", type=Path, help="the folder of a public model")
    parser.add_argument("--task", choices=TASKS, help="one of the two; both unless given")
    parser.add_argument("--names", nargs="+", choices=public, default=public)
    parser.add_argument("--precision", default="float32", choices=["float32", "bfloat16"])
    options = parser.parse_args(argv)
    if None in (options.data, options.model):
        parser.error("expected --data and --model")
    if options.worker:
        name, task = json.loads(options.settings)
        with tempfile.TemporaryDirectory() as out:
            contestant = partial(build, options.worker, name, task, options, Path(out))
            return serve(contestant, CONTESTANTS, options.worker)
    pairs = installed(CONTESTANTS, options.contestants, options.backends)
    same = ["--data", str(options.data), "--model", str(options.model)]
    same += ["--precision", options.precision]
    results = {}
    for name in options.names:
        for task in tasks_of(options):
            flags = [*same, "--settings", json.dumps([name, task])]
            result = compare("head_steps", pairs, flags, options.rounds, options.steps)
            results[f"{name}, {task}"] = result
    heads = ["data and contestant", "backend", "a second of the processor", "times transformers'"]
    notes = [describe(next(iter(results.values()))["machine"])]
    notes += [note for result in results.values() for note in busy_while_idle(result)]
    publish(
        options.out,
        f"A public model, fine-tuned, {options.precision}: tokens a second in training and texts a"
        f" second in prediction; medians and range of {options.rounds} rounds",
        notes,
        markdown(heads, rows_of(results)),
        {"precision": options.precision, **results},
        "a second of the processor",
        lambda: [
            (f"{key}: {CONTESTANTS[row['name']].title}, {row['backend']}", rates(row))
            for key, result in results.items()
            for row in result["contestants"]
        ],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
