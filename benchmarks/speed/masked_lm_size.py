"""What a masked-LM step is timed on: sizes of the model, batches, and the work in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.speed.equal_work import Arrays

LEARNING_RATE, WEIGHT_DECAY, ADAM_EPSILON = 1e-4, 0.01, 1e-7
EPSILON = 1e-12  # of the normalizations


@dataclass(frozen=True)
class Size:
    """The model and the batch."""

    vocabulary_size: int = 30_522
    d_model: int = 256
    layers: int = 4
    heads: int = 4
    d_ff: int = 1024
    dropout: float = 0.1
    batch: int = 32
    length: int = 128
    masked: int = 20
    precision: str = "float32"  # or bfloat16, with the weights in float32


SIZES = {
    "128": Size(d_model=128, d_ff=512),
    "256": Size(),
    "512": Size(d_model=512, layers=6, heads=8, d_ff=2048),
    "bert-base": Size(d_model=768, layers=12, heads=12, d_ff=3072),
    "quick": Size(1000, d_model=32, layers=1, heads=2, d_ff=64, batch=4, length=16, masked=3),
}


def make_batches(size: Size, count: int, store: Path | None = None) -> list[Arrays]:
    """The first batches, the same for every contestant.

        token_ids, segment_ids    (B, L)  int32, 0 is padding
        masked_positions, target  (B, M)  int32
        weight                    (B, M)  float32

    Args:
        size: B, and the longest L and largest M.
        count: how many.
        store: the rows of this store as `pretrain` groups and masks them, of a few lengths;
            without one, full rows of random tokens.
    """
    if store is not None:
        return _from_store(size, count, store)
    rng = np.random.default_rng(0)
    shape, slots = (size.batch, size.length), (size.batch, size.masked)
    return [
        {
            "token_ids": rng.integers(5, size.vocabulary_size, shape).astype(np.int32),
            "segment_ids": np.zeros(shape, np.int32),
            "masked_positions": np.argsort(rng.random(shape))[:, : size.masked].astype(np.int32),
            "target": rng.integers(5, size.vocabulary_size, slots).astype(np.int32),
            "weight": np.ones(slots, np.float32),
        }
        for _ in range(count)
    ]


def _from_store(size: Size, count: int, path: Path) -> list[Arrays]:
    from kerasbert import MaskedLM, PretrainingBatches, TokenStore

    store = TokenStore.open(path, verify=False)
    if store.tokenizer.pad_id != 0:
        raise SystemExit(f"{path}: expected a tokenizer whose [PAD] is 0, as the peers take it.")
    tasks = [MaskedLM(size.vocabulary_size, max_predictions=size.masked)]
    source = PretrainingBatches(store, tasks, max_length=size.length, batch_size=size.batch)
    batches = []
    for step in range(count):
        inputs, targets, weights = source.batch(step)
        batches.append(inputs | {"target": targets["masked_lm"], "weight": weights["masked_lm"]})
    return batches


def padded(batch: Arrays, size: Size) -> Arrays:
    """The batch at the one length that a plain peer pads to."""
    widths = {"token_ids": size.length, "segment_ids": size.length}
    return {
        name: np.pad(value, ((0, 0), (0, max(0, widths.get(name, 0) - value.shape[1]))))
        for name, value in batch.items()
    }


def real_tokens(batch: Arrays) -> int:
    """Positions that are not padding."""
    return int((batch["token_ids"] != 0).sum())


def flops(size: Size, batches: Sequence[Arrays]) -> float:
    """Useful floating-point operations of a step, the mean over batches: matrix products alone.

    Real positions attend to real positions. Logits are needed where a token was masked, and of the
    last block all but keys and values.
    """
    d, total = size.d_model, 0
    for batch in batches:
        lengths = (batch["token_ids"] != 0).sum(axis=1).astype(np.int64)
        masked = batch["weight"].sum(axis=1).astype(np.int64)
        for asking in [*[lengths] * (size.layers - 1), masked]:
            total += int(lengths.sum()) * 2 * d**2
            total += int(asking.sum()) * (2 * d**2 + 2 * d * size.d_ff)
            total += 2 * int((asking * lengths).sum()) * d
        total += int(masked.sum()) * d * (d + size.vocabulary_size)
    # A multiplication and an addition; the backward pass has two products for each.
    return 2 * 3 * total / len(batches)
