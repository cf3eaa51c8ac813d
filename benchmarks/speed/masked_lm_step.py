"""Time one masked-LM training step against lean steps by hand, Hugging Face and KerasHub.

    python -m benchmarks.speed.masked_lm_step [--size 256] [--store STORE] [--rounds 5 --steps 8]
                                        [--precision bfloat16] [--out FILE.json]

Each contestant is a process of its own; they train in turns (`side_by_side.py`). The same batches
go to all: full rows of random tokens, or the rows of a store in their real lengths. From equal
weights, without dropout, three steps of each must give the same losses, or the program stops.

What differs by design: Hugging Face's model computes logits at all positions, the others at the
masked ones only, and ours and the lean steps the whole last block, but for keys and values;
"masked only" is Hugging Face's encoder and head with the states gathered by hand first. It
pads all rows to the longest length, as its collator for masked LM does with one fixed length.
Our default setting is pre-norm with rotary positions, so its losses are others. KerasHub's GELU is
the approximate one, which the tolerance allows for, and it has a pooler that this objective doesn't
use.
"""

import argparse
import json
import math
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from benchmarks.machine import describe
from benchmarks.speed.equal_work import SPREAD, check_equal, digest
from benchmarks.speed.masked_lm_models import build as build_contestant
from benchmarks.speed.masked_lm_size import SIZES, Size, flops, make_batches, real_tokens
from benchmarks.speed.side_by_side import (
    MATRIX,
    Built,
    Contestant,
    Worker,
    arguments,
    compare,
    installed,
    serve,
)
from benchmarks.speed.tables import (
    busy_while_idle,
    find,
    markdown,
    publish,
    ratios,
    share,
    spread,
)

TORCH = ("torch",)
CONTESTANTS = {
    "kerasbert": Contestant("kerasbert, BERT's setting"),
    "kerasbert-default": Contestant("kerasbert, default setting"),
    "lean": Contestant("lean step by hand"),
    "kerashub": Contestant("KerasHub BertMaskedLM", "keras_hub"),
    "huggingface": Contestant("Hugging Face BertForMaskedLM", "transformers", TORCH),
    "huggingface-compiled": Contestant("the same, torch.compile", "transformers", TORCH),
    "huggingface-masked-only": Contestant("the same, logits masked only", "transformers", TORCH),
    **MATRIX,
}
CHECKED = 3  # steps without dropout, whose losses must agree
TOLERANCE = {"float32": 1e-3, "bfloat16": 1e-2}


def build(name: str, settings: dict[str, Any], checked: bool) -> Built:
    """A contestant: the losses of its first steps without dropout, and what is timed, with it.

    Without those losses, which another process gave, if it is `checked`.
    """
    size, store = Size(**settings["size"]), settings["store"] and Path(settings["store"])
    batches_of = lru_cache(partial(make_batches, size, store=store))
    losses = []
    if not checked:
        _, train = build_contestant(name, replace(size, dropout=0.0))
        losses = [train([batch]) for batch in batches_of(CHECKED)]
    parameters, train = build_contestant(name, size)
    timed = batches_of(settings["steps"])

    def do(steps: int) -> None:
        train(timed[:steps])

    facts: dict[str, Any] = {
        "parameters": parameters,
        "batch": digest(timed[0]),
        "first_loss": losses[0] if losses else None,
        "flops": flops(size, timed),
        "tokens": statistics.mean(map(real_tokens, timed)),
    }
    if name != "kerasbert-default":  # other mathematics
        facts["losses"] = losses
    return facts, do


def check_same_work(workers: Sequence[Worker], size: Size) -> None:
    """Stop unless all got the same batch, have as many weights, and compute the same losses.

    Raises:
        SystemExit: naming what differs.
    """
    check_equal(workers, {})
    same = [worker for worker in workers if "losses" in worker.built]
    if same:
        check_equal(same, {"losses": TOLERANCE[size.precision]})
    # Of logits that are made of normalized states and of random weights.
    chance = math.log(size.vocabulary_size) + size.d_model * SPREAD**2 / 2
    usual = statistics.median(worker.built["parameters"] for worker in workers)
    wrong = []
    for worker in workers:
        built, who = worker.built, f"{worker.name} on {worker.backend}"
        if abs(built["parameters"] / usual - 1) > 0.04:
            wrong.append(f"{who}: {built['parameters']:,} parameters, expected about {usual:,.0f}")
        if not abs(built["first_loss"] - chance) < 0.6:
            wrong.append(
                f"{who}: first loss {built['first_loss']:.3f}, expected about {chance:.3f}"
            )
    if wrong:
        raise SystemExit("The contestants don't do the same work:\n" + "\n".join(wrong))


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line; be the parent, or, with --worker, one contestant."""
    parser = arguments(__doc__, CONTESTANTS)
    sizes = [name for name in SIZES if name != "quick"]
    parser.add_argument("--size", choices=sizes, default="256", help="d_model, or BERT-base's")
    parser.add_argument("--batch", type=int, help="another batch size")
    parser.add_argument("--length", type=int, help="another length, 15%% of it masked")
    parser.add_argument(
        "--precision", choices=list(TOLERANCE), default="float32",
        help="bfloat16 leaves out the lean steps, which are written for float32",
    )  # fmt: skip
    parser.add_argument("--store", type=Path, help="rows of this store, in their real lengths")
    parser.add_argument(
        "--apart", action="store_true",
        help="a new process for every turn, where memory doesn't hold all of them: takes longer",
    )  # fmt: skip
    parser.add_argument("--checked", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.worker:
        settings = json.loads(options.settings)
        contestant = partial(build, options.worker, settings, options.checked)
        return serve(contestant, CONTESTANTS, options.worker, settings["size"]["precision"])
    size = replace(SIZES["quick" if options.quick else options.size], precision=options.precision)
    if options.batch:
        size = replace(size, batch=options.batch)
    if options.length:
        size = replace(size, length=options.length, masked=math.ceil(0.15 * options.length))
    if options.store:
        from kerasbert import TokenStore

        vocabulary = TokenStore.open(options.store).tokenizer.vocabulary_size
        size = replace(size, vocabulary_size=vocabulary)
    settings = {
        "size": asdict(size),
        "steps": options.steps,
        "store": str(options.store) if options.store else None,
    }
    lean = options.precision == "float32"
    names = [name for name in options.contestants if lean or name != "lean"]
    result = settings | compare(
        "masked_lm_step",
        installed(CONTESTANTS, names, options.backends),
        ["--settings", json.dumps(settings)],
        options.rounds,
        options.steps,
        partial(check_same_work, size=size),
        options.apart,
    )
    show(options.out, size, result)
    return 0


def show(out: Path | None, size: Size, result: dict[str, Any]) -> None:
    """The table, and files if `out` is given."""
    rows = []
    for row in result["contestants"]:
        own, best = find(result, "kerasbert", row["backend"]), find(result, "kerasbert")
        lean, hub = find(result, "lean", row["backend"]), find(result, "kerashub", row["backend"])
        eager = find(result, "huggingface")
        others = ["–"] * 5 if "parameters" not in row else [
            *(ratios(row, other) for other in (own, best, lean, hub, eager)),
        ]  # fmt: skip
        tokens = [row.get("tokens", 0) / seconds for seconds in row["seconds"]]
        rows.append(
            [
                CONTESTANTS[row["name"]].title, row["backend"], spread(row["seconds"], 1000),
                spread(tokens) if "tokens" in row else "–", *others, share(result, row),
            ]
        )  # fmt: skip
    heads = [
        "contestant", "backend", "ms a step", "real tokens a second", "/ ours, same backend",
        "/ our best", "/ lean", "/ KerasHub", "/ Hugging Face", "of the matrix-product rate",
    ]  # fmt: skip
    lengths = "real lengths up to" if result["store"] else "length"
    publish(
        out,
        f"Masked-LM step, d_model {size.d_model}, {size.layers} layers, batch {size.batch}, "
        f"{lengths} {size.length}, {size.precision}; ratios of times, medians and range of "
        f"{result['rounds']} rounds",
        [describe(result["machine"]), *busy_while_idle(result)],
        markdown(heads, rows),
        result,
        "real tokens a second",
        lambda: [
            (
                f"{CONTESTANTS[row['name']].title}, {row['backend']}",
                [row["tokens"] / seconds for seconds in row["seconds"]],
            )
            for row in result["contestants"]
            if "tokens" in row
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
