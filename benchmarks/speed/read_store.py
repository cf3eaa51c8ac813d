"""How fast are shuffled, masked batches read from a store that is larger than what one would load?

    python -m benchmarks.speed.read_store [--store STORE] [--gigabytes 2] [--steps 6000] [--pack]

Without --store, a store of so many gigabytes is made first: documents of random tokens, written
once and then again and again. Batches of 32 rows of up to 128 positions are made on one core, as
`pretrain` makes them: checksums compared, rows cut, shuffled over the whole store, 15% masked. A
token counts where it is text, not padding. On a machine that does other things as well, the seconds
of the processor say more than those of the clock. Memory is the most the process ever held, Keras
included.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

VOCABULARY = 20_000
PART = 5_000_000  # tokens made at random
SHARD_PARTS = 20


def make_store(path: Path, tokens: int) -> None:
    """A store of at least so many random tokens, in documents of some 130."""
    import numpy as np

    from kerasbert.corpus.store.manifest import TOKENIZER_FILE, shard_name, write_manifest
    from kerasbert.corpus.store.shards import Documents, ShardCounts, offsets, write_shard
    from kerasbert.corpus.store.token_store import file_sha256
    from kerasbert.tokenizer.training import train_tokenizer

    words = " ".join(f"w{number}" for number in range(VOCABULARY - 5))
    tokenizer = train_tokenizer([words], "word", VOCABULARY, min_frequency=1)
    rng = np.random.default_rng(0)
    sentences = rng.integers(3, 40, PART // 21)
    documents = rng.multinomial(len(sentences) - PART // 130, np.full(PART // 130, 130 / PART)) + 1
    ids = (5 + (VOCABULARY - 5) * rng.random(int(sentences.sum())) ** 3).astype(np.uint16)
    entries: list[dict] = []
    path.mkdir(parents=True)
    while tokens > 0:
        parts = min(SHARD_PARTS, -(-tokens // len(ids)))
        tokens -= parts * len(ids)
        counts = ShardCounts(*(parts * len(part) for part in (documents, sentences, ids)))
        shard = path / shard_name(len(entries))
        text = (
            Documents(
                ids, offsets(sentences), offsets(documents),
                rng.integers(0, 1 << 63, len(documents)).astype(np.uint64),
            )
            for _ in range(parts)
        )  # fmt: skip
        write_shard(shard, text, counts, VOCABULARY)
        sizes = {"bytes": shard.stat().st_size, "sha256": file_sha256(shard)}
        entries.append({"name": shard.name, **asdict(counts), **sizes})
    tokenizer.save(path / TOKENIZER_FILE)
    write_manifest(
        path,
        {
            "counts": {name: sum(entry[name] for entry in entries) for name in asdict(counts)},
            "dropped": {},
            "shards": entries,
            "vocabulary_size": VOCABULARY,
            "segmenter": None,
            "tokenizer_fingerprint": tokenizer.fingerprint(),
            "inputs": [],
            "settings": {},
        },
    )


def memory() -> tuple[int, int]:
    """Megabytes that this process holds, and the most it ever held, where the system says."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0, 0
    held, most = (re.search(rf"{name}:\s+(\d+)", status) for name in ("VmRSS", "VmHWM"))
    return (int(held[1]) // 1000, int(most[1]) // 1000) if held and most else (0, 0)


def read(store: Path, steps: int, pack: bool) -> dict[str, float]:
    """Read so many steps, and return the figures by name."""
    from kerasbert import MaskedLM, PretrainingBatches, TokenStore

    before, _ = memory()
    began = time.perf_counter()
    opened = TokenStore.open(store)
    checked = time.perf_counter()
    task = MaskedLM(opened.tokenizer.vocabulary_size)
    batches = PretrainingBatches(opened, [task], max_length=128, batch_size=32, pack=pack)
    batches.batch(0)
    first, spent = time.perf_counter(), time.process_time()
    tokens = positions = 0
    early = 0
    for step in range(steps):
        inputs, _, _ = batches.batch(step)
        tokens += int((inputs["token_ids"] > 3).sum())
        positions += inputs["token_ids"].size
        if step == steps // 4:
            early = memory()[0]
    seconds, spent = time.perf_counter() - first, time.process_time() - spent
    late, most = memory()
    return {
        "gigabytes": sum(entry["bytes"] for entry in opened.manifest["shards"]) / 1e9,
        "tokens of the store": opened.tokens,
        "seconds to compare checksums": checked - began,
        "seconds to the first batch": first - checked,
        "tokens a second": tokens / seconds,
        "positions a second": positions / seconds,
        "tokens a second of processor": tokens / spent,
        "MB before the store": before,
        "MB after a quarter": early,
        "MB in the end": late,
        "MB at most": most,
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Make a store unless there is one, read it, print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--store", type=Path)
    parser.add_argument("--gigabytes", type=float, default=2.0, help="of tokens in a made store")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--pack", action="store_true", help="several short rows in one")
    options = parser.parse_args(argv)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # one core
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with tempfile.TemporaryDirectory() as folder:
        store = options.store or Path(folder) / "store"
        if options.store is None:
            make_store(store, int(options.gigabytes * 5e8))
        found = read(store, options.steps, options.pack)
    for name, value in found.items():
        print(f"{name:>30}  {value:,.1f}" if value < 100 else f"{name:>30}  {value:,.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
