"""What share of a training step goes to the input pipeline?

    python -m benchmarks.speed.input_pipeline [--store STORE] [--rounds 5 --steps 20]
        [--out FILE.json]

Pre-training and fine-tuning as the commands do them: batches made step by step (rows cut, shuffled
and masked, or labelled texts padded), and `fit` over their stream. The clock runs around the making
of every batch. On JAX and PyTorch a step waits for just that long. TensorFlow makes the next
batches while it computes, so there the share is the most that a step may wait.

Without --store, a store of random tokens is made first, see `read_store`.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import describe
from benchmarks.speed.side_by_side import Built, Contestant, arguments, compare, installed, serve
from benchmarks.speed.tables import busy_while_idle, markdown, publish, spread

CONTESTANTS = {
    "pretrain-text-cnn": Contestant("pre-training, TextCNN"),
    "pretrain-transformer": Contestant("pre-training, Transformer"),
    "finetune-text-cnn": Contestant("fine-tuning, TextCNN"),
    "finetune-transformer": Contestant("fine-tuning, Transformer"),
}
LIMIT = 3  # per cent
LABELS = 50
MEGATOKENS = 10


class Timed:
    """Batches of `source`, and the seconds that making them took."""

    def __init__(self, source: Any):
        self.source = source
        self.seconds = 0.0

    def batch(self, step: int) -> Any:
        began = time.perf_counter()
        made = self.source.batch(step)
        self.seconds += time.perf_counter() - began
        return made


def labeled_batches(tokenizer: Any) -> Any:
    """Labelled documents of random words, of 20 to 300 tokens: the longest are cut at 200."""
    from kerasbert import LabeledBatches, LabelSet
    from kerasbert.text.labels import LabeledDocument

    rng = np.random.default_rng(0)
    documents = [
        LabeledDocument(
            (" ".join(f"w{word}" for word in rng.integers(0, 5000, rng.integers(20, 300))),),
            (f"label{number % LABELS}",),
            line=number + 1,
        )
        for number in range(2000)
    ]
    labels = LabelSet.from_documents(documents)
    return LabeledBatches(documents, tokenizer, labels, "multi-label", max_length=200)


def build(name: str, settings: dict[str, Any]) -> Built:
    """A model that trains on its stream of batches, as `pretrain` and `finetune` build it."""
    from kerasbert import (
        PretrainingBatches,
        TokenStore,
        build_classifier,
        build_embedding,
        build_encoder,
        build_pretrain_model,
        compile_classifier,
        compile_pretrain,
    )
    from kerasbert.batches.stream import stream
    from kerasbert.config import CONFIGS
    from kerasbert.tasks import TASKS, TaskSettings
    from kerasbert.training.optimizers import AdamW

    store = TokenStore.open(settings["store"], verify=False)
    stage, encoder = name.split("-", 1)
    config = CONFIGS[encoder](
        vocabulary_size=store.tokenizer.vocabulary_size, d_model=settings["d_model"]
    )
    layers = build_embedding(config), build_encoder(config)
    optimizer = AdamW(1e-4)
    if stage == "pretrain":
        tasks = [TASKS[task](store, TaskSettings()) for task in ("document-words", "masked-lm")]
        model = compile_pretrain(build_pretrain_model(*layers, tasks), tasks, optimizer)
        batches = Timed(PretrainingBatches(store, tasks))
    else:
        model = compile_classifier(build_classifier(*layers, LABELS), "multi-label", optimizer)
        batches = Timed(labeled_batches(store.tokenizer))
    position = 0

    def do(steps: int) -> dict[str, float]:
        nonlocal position
        batches.seconds = 0.0
        began = time.perf_counter()
        model.fit(stream(batches, position), steps_per_epoch=steps, shuffle=False, verbose=0)
        position += steps
        return {"pipeline_share": batches.seconds / (time.perf_counter() - began)}

    do(1)  # compiles
    return {}, do


@contextmanager
def a_store(given: Path | None, tokens: int) -> Iterator[Path]:
    """The store that was given, or one that is made for as long as it is needed."""
    if given is not None:
        yield given
        return
    from benchmarks.speed.read_store import make_store

    with tempfile.TemporaryDirectory() as folder:
        make_store(Path(folder) / "store", tokens)
        yield Path(folder) / "store"


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line; be the parent, or, with --worker, one contestant."""
    parser = arguments(__doc__, CONTESTANTS)
    parser.add_argument("--store", type=Path, help="a token store, in place of random tokens")
    parser.set_defaults(steps=20)
    options = parser.parse_args(argv)
    if options.worker:
        contestant = partial(build, options.worker, json.loads(options.settings))
        return serve(contestant, CONTESTANTS, options.worker)
    with a_store(options.store, 10**5 if options.quick else MEGATOKENS * 10**6) as store:
        settings = {"store": str(store), "d_model": 16 if options.quick else 128}
        result = compare(
            "input_pipeline",
            installed(CONTESTANTS, options.contestants, options.backends),
            ["--settings", json.dumps(settings)],
            rounds=options.rounds,
            steps=options.steps,
        )
    rows = [
        [
            CONTESTANTS[row["name"]].title, row["backend"], spread(row["seconds"], 1000, 1),
            spread(row["pipeline_share"], 100, 2) + " %", f"{LIMIT} %",
        ]
        for row in result["contestants"]
    ]  # fmt: skip
    publish(
        options.out,
        f"The input pipeline's share of a training step, d_model {settings['d_model']}; medians "
        f"and range of {options.rounds} rounds",
        [describe(result["machine"]), *busy_while_idle(result)],
        markdown(["training", "backend", "ms a step", "in the pipeline", "limit"], rows),
        result,
        "per cent of a step",
        lambda: [
            (
                f"{CONTESTANTS[row['name']].title}, {row['backend']}",
                [100 * share for share in row["pipeline_share"]],
            )
            for row in result["contestants"]
        ],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
