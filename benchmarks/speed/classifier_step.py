"""What the programs share that time a classifier's steps: batches, the work, the table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import describe
from benchmarks.speed.equal_work import Arrays, check_equal, digest
from benchmarks.speed.fitting import Train
from benchmarks.speed.side_by_side import Built, Contestant
from benchmarks.speed.tables import busy_while_idle, find, markdown, publish, ratios, share
from benchmarks.speed.tables import spread as of

TASKS = ("training", "prediction")
CHECKED = 3  # training steps without dropout, whose losses must agree

Predict = Callable[[list[Arrays]], np.ndarray]  # (batches, B, K) logits
Builder = Callable[[], tuple[int, Train, Predict]]  # parameters, and what trains and predicts

# What all contestants must say alike.
check = partial(check_equal, facts={"parameters": 0, "logits": 1e-3, "losses": 1e-3})


def make_batches(size: Any, labelled: float, count: int) -> list[Arrays]:
    """Full rows of random tokens with random labels, the same for every contestant.

    Args:
        size: with vocabulary_size, labels, batch and length.
        labelled: the share of labels that a document has.
        count: of batches.
    """
    rng = np.random.default_rng(0)
    shape = (size.batch, size.length)
    return [
        {
            "token_ids": rng.integers(5, size.vocabulary_size, shape).astype(np.int32),
            "segment_ids": np.zeros(shape, np.int32),
            "target": (rng.random((size.batch, size.labels)) < labelled).astype(np.float32),
        }
        for _ in range(count)
    ]


def build_step(size: Any, labelled: float, task: str, without: Builder, full: Builder) -> Built:
    """A contestant: what it computes without dropout, and what is timed, with it.

    Args:
        size: see `make_batches`, as for `labelled`; it has the operations of a step as `flops`.
        labelled: likewise.
        task: one of `TASKS`.
        without: builds the model without dropout.
        full: builds it as it is timed in training.
    """
    batches_of = lru_cache(partial(make_batches, size, labelled))
    parameters, train, predict = without()
    first = batches_of(1)
    facts = {
        "parameters": parameters,
        "batch": digest(first[0]),
        "flops": size.flops(task),
        "logits": predict(first)[0, 0, :5].tolist(),
    }

    def do(steps: int) -> None:
        (predict if task == "prediction" else train)(batches_of(steps))

    if task == "prediction":
        return facts, do
    facts["losses"] = [train([batch]) for batch in batches_of(CHECKED)]
    _, train, _ = full()
    train(first)  # compiles
    return facts, do


def rows_of(
    results: Mapping[str, Any], size: Any, contestants: Mapping[str, Contestant], peer: str
) -> list[list[str]]:
    """The table: a row for each contestant at each task, beside the peer of that name."""
    rows = []
    for task, result in results.items():
        theirs, best = find(result, peer), find(result, "kerasbert")
        for row in result["contestants"]:
            bare = "parameters" not in row
            documents = [size.batch / seconds for seconds in row["seconds"]]
            rows.append(
                [
                    f"{task}: {contestants[row['name']].title}", row["backend"],
                    of(row["seconds"], 1000, 1), "–" if bare else of(documents),
                    "–" if bare else ratios(row, theirs), "–" if bare else ratios(row, best),
                    share(result, row),
                ]
            )  # fmt: skip
    return rows


def publish_steps(
    out: Path | None,
    what: str,
    results: Mapping[str, Any],
    size: Any,
    contestants: Mapping[str, Contestant],
    peer: str,
    rounds: int,
) -> None:
    """Print, and with `out` write, the table of all tasks.

    Args:
        out: see `publish`.
        what: was timed, in a few words.
        results: of each task, as `compare` gives them.
        size: a dataclass, see `make_batches`.
        contestants: by their names.
        peer: the name of the one beside whom ours stand.
        rounds: of all contestants.
    """
    heads = ["contestant", "backend", "ms a step", "documents a second"]
    heads += [f"time / {contestants[peer].title}", "time / our best"]
    heads += ["of the matrix-product rate"]
    notes = [describe(next(iter(results.values()))["machine"])]
    notes += [note for result in results.values() for note in busy_while_idle(result)]
    publish(
        out,
        f"{what}, {size.batch} documents of {size.length} tokens a step; medians and range of "
        f"{rounds} rounds",
        notes,
        markdown(heads, rows_of(results, size, contestants, peer)),
        {"size": asdict(size), **results},
        "documents a second",
        lambda: [
            (
                f"{task}: {contestants[row['name']].title}, {row['backend']}",
                [size.batch / seconds for seconds in row["seconds"]],
            )
            for task, result in results.items()
            for row in result["contestants"]
            if "parameters" in row
        ],
    )


def tasks_of(options: Any) -> Sequence[str]:
    """The task that was asked for, or both."""
    return [options.task] if options.task else TASKS
