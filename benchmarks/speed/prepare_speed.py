"""How fast `prepare` is beside the tokenizers library and `datasets`, with identical ids.

    python -m benchmarks.speed.prepare_speed --corpus raw.txt --out prepare_speed.json

Three do the same work on the same lines, with the same WordPiece tokenizer and as many threads or
processes:

    prepare      `prepare_store` as a whole: reading, sentences, encoding, hashes, checksums,
                 writing the store
    tokenizers   the library's `encode_batch_fast` alone, of lines that are in memory; nothing is
                 written
    datasets     `Dataset.map` with the library's `encode_batch_fast`, from and to Arrow files

First the ids of `prepare` are compared with the library's on every line; one that differs ends the
program. Then the three run in turn, each in a fresh process, so that what else the machine does
falls on all of them. Seconds by the clock are what counts; processor seconds say what it cost.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import itertools
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

CONTESTANTS = ("prepare", "tokenizers", "datasets")
AT_ONCE = 10_000  # lines


def main() -> None:
    """Compare the ids, then the speeds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, help="UTF-8 text, a document a line")
    parser.add_argument("--tokenizer-file", type=Path, help="trained on the corpus unless given")
    parser.add_argument("--vocab-size", type=int, default=30000)
    parser.add_argument("--workers", type=int, default=2, help="processes or threads of each")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scratch", type=Path, help="where what is written goes")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    parser.add_argument("--contestant", choices=CONTESTANTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contestant is not None:
        print(json.dumps(run_one(options)))
        return
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        options.scratch = Path(folder)
        result = compare(options)
    show(result)
    if options.out is not None:
        options.out.write_text(json.dumps(result, indent=2) + "\n")


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """Check that the ids are equal, then time the contestants."""
    from kerasbert.corpus.prepare.engines import Engine
    from kerasbert.corpus.prepare.prepare_store import prepare_store
    from kerasbert.corpus.store.token_store import TokenStore

    store = options.scratch / "compared"
    tokenizer = None
    if options.tokenizer_file is not None:
        from kerasbert.tokenizer.tokenizer import Tokenizer

        tokenizer = Tokenizer.load(options.tokenizer_file)
    counts = prepare_store(
        [options.corpus], store, tokenizer=tokenizer, vocabulary_size=options.vocab_size,
        engine=Engine(workers=options.workers),
    )  # fmt: skip
    options.tokenizer_file = store / "tokenizer.json"
    lines = compare_ids(options.corpus, TokenStore.open(store))
    print(f"ids of all {lines} lines are identical: {counts['tokens']} tokens", flush=True)
    times: dict[str, list[dict[str, float]]] = {name: [] for name in CONTESTANTS}
    for number in range(options.rounds):
        for name in CONTESTANTS[number % 3 :] + CONTESTANTS[: number % 3]:
            times[name].append(started(name, options))
            took = times[name][-1]
            print(
                f"round {number + 1}  {name:<11}{took['seconds']:8.2f} s"
                f"{took['processor']:8.2f} processor s",
                flush=True,
            )
    return {
        "corpus_bytes": options.corpus.stat().st_size,
        "lines": lines,
        "tokens": counts["tokens"],
        "vocabulary_size": counts["vocabulary_size"],
        "workers": options.workers,
        "processors": os.cpu_count(),
        "machine": platform.machine(),
        "versions": {
            name: importlib.metadata.version(name)
            for name in ("kerasbert", "tokenizers", "datasets", "numpy")
        },
        "times": times,
        "ratios": {
            name: {kind: ratio(times, name, kind) for kind in ("seconds", "processor")}
            for name in CONTESTANTS[1:]
        },
    }


def compare_ids(corpus: Path, store: Any) -> int:
    """Return the number of lines, all of which have the library's ids.

    Raises:
        SystemExit: a line that has not.
    """
    library = library_tokenizer(store.path / "tokenizer.json")
    number = document = 0
    for lines in in_batches(corpus):
        encoded = [e.ids for e in library.encode_batch_fast(lines, add_special_tokens=False)]
        filled = sum(map(bool, encoded))
        documents = store.read(document, document + filled)
        found = np.split(documents.token_ids, documents.starts[1:-1])
        document += filled
        mine = iter(found)
        for line, ids in zip(lines, encoded, strict=True):
            number += 1
            if ids and not np.array_equal(next(mine, []), ids):
                sys.exit(f"{corpus}:{number}: the ids differ. The line is {line[:200]!r}")
    if document != store.documents:
        sys.exit(f"{corpus}: {document} lines have tokens, the store has {store.documents}.")
    return number


def ratio(times: dict[str, list[dict[str, float]]], name: str, kind: str) -> dict[str, float]:
    """How many times as long another took as `prepare` in the same round."""
    rounds = zip(times[name], times["prepare"], strict=True)
    ratios = [other[kind] / mine[kind] for other, mine in rounds]
    return {"median": statistics.median(ratios), "least": min(ratios), "most": max(ratios)}


def show(result: dict[str, Any]) -> None:
    """Print the ratios."""
    megabytes = result["corpus_bytes"] / 1e6
    took = statistics.median(row["seconds"] for row in result["times"]["prepare"])
    print(f"prepare: {took:.2f} s for {megabytes:.0f} MB, {megabytes / took:.1f} MB/s")
    for name, kinds in result["ratios"].items():
        for kind, what in (("seconds", "by the clock"), ("processor", "processor time")):
            row = kinds[kind]
            print(
                f"{name:<11} / prepare, {what:<15} {row['median']:5.2f}"
                f"   (from {row['least']:.2f} to {row['most']:.2f})"
            )


def started(name: str, options: argparse.Namespace) -> dict[str, float]:
    """Run one contestant in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.speed.prepare_speed", "--contestant", name]
    for flag in ("corpus", "tokenizer_file", "workers", "scratch"):
        command += [f"--{flag.replace('_', '-')}", str(getattr(options, flag))]
    environment = {
        **os.environ,
        "TOKENIZERS_PARALLELISM": str(name == "tokenizers").lower(),
        "RAYON_NUM_THREADS": str(options.workers if name == "tokenizers" else 1),
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    }
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def run_one(options: argparse.Namespace) -> dict[str, float]:
    """Time one contestant, here."""
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        work = PREPARED[options.contestant](options, Path(folder))
        start, spent = time.perf_counter(), processor_seconds()
        work()
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "processor": processor_seconds() - spent}


def processor_seconds() -> float:
    """Of this process and those it started that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def kerasbert_prepare(options: argparse.Namespace, folder: Path) -> Callable[[], Any]:
    """All of `prepare_store`, the estimate that the command prints included."""
    from kerasbert.corpus.prepare.engines import Engine
    from kerasbert.corpus.prepare.prepare_store import prepare_store
    from kerasbert.tokenizer.tokenizer import Tokenizer

    tokenizer = Tokenizer.load(options.tokenizer_file)
    return lambda: prepare_store(
        [options.corpus], folder / "store", tokenizer=tokenizer,
        engine=Engine(workers=options.workers), say=lambda text: None,
    )  # fmt: skip


def library_alone(options: argparse.Namespace, folder: Path) -> Callable[[], Any]:
    """The library on lines in memory; what it returns is thrown away."""
    library = library_tokenizer(options.tokenizer_file)
    batches = list(in_batches(options.corpus))

    def work() -> None:
        for lines in batches:
            library.encode_batch_fast(lines, add_special_tokens=False)

    return work


def datasets_map(options: argparse.Namespace, folder: Path) -> Callable[[], Any]:
    """`Dataset.map` in processes, from lines that are in Arrow already."""
    import datasets

    lines = datasets.Dataset.from_text(str(options.corpus), cache_dir=str(folder / "lines"))

    def work() -> None:
        lines.map(
            encode_batch, batched=True, num_proc=options.workers, remove_columns=["text"],
            fn_kwargs={"library": library_tokenizer(options.tokenizer_file)},
            cache_file_name=str(folder / "ids.arrow"),
        )  # fmt: skip

    return work


def encode_batch(batch: dict[str, list[str]], library: Any) -> dict[str, list[list[int]]]:
    """What `map` calls."""
    encoded = library.encode_batch_fast(batch["text"], add_special_tokens=False)
    return {"token_ids": [encoding.ids for encoding in encoded]}


PREPARED = dict(
    zip(CONTESTANTS, (kerasbert_prepare, library_alone, datasets_map), strict=True)
)  # what comes before the clock starts; each returns the work


def library_tokenizer(path: Path) -> Any:
    """The tokenizer of the library, to which a special token in a text is text."""
    import tokenizers

    library = tokenizers.Tokenizer.from_file(str(path))
    library.encode_special_tokens = True
    return library


def in_batches(corpus: Path) -> Iterator[list[str]]:
    """The lines of a file, some at a time."""
    with corpus.open(encoding="utf-8", newline="\n") as file:
        lines = (line.removesuffix("\n") for line in file)
        while batch := list(itertools.islice(lines, AT_ONCE)):
            yield batch


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
