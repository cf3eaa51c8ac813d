"""What a run will take, before it starts; and which size of encoder fits a corpus and a time."""

import time
from dataclasses import dataclass, replace

import numpy as np

from kerasbert.config import SIZES, EncoderConfig

# Below it pre-training was worth little in our runs on debtags; not measured by itself.
FEWEST_STEPS = 2000
# Of the rate of large matrix products, what a training step of ours reaches, roughly.
SHARE_OF_PEAK = 0.35
# How often states and scores of a step are in memory at once, in masked LM at d_model 128 and 256;
# on JAX with the freed memory that commands keep (`keep_freed_memory`).
COPIES, COPIES_BY_JAX = 2, 4


@dataclass(frozen=True)
class Workload:
    """What every step does, beside the architecture.

    Attributes:
        rows: of a batch.
        positions: of a row, on average.
        predictions: positions for which there are vocabulary scores, a row.
    """

    rows: int
    positions: float
    predictions: float


@dataclass(frozen=True)
class Expectation:
    """Of a run: weights of embedding and encoder, seconds a step and peak memory in bytes.

    Time and memory are estimates, not measurements.
    """

    weights: int
    step_seconds: float
    memory: int


def matrix_rate(size: int = 768, seconds: float = 0.3) -> float:
    """Floating-point operations a second of float32 matrix products, on this machine, now."""
    a = np.random.default_rng(0).random((size, size), np.float32)
    a @ a
    done, began = 0, time.monotonic()
    while (elapsed := time.monotonic() - began) < seconds:
        a @ a
        done += 1
    return done * 2 * size**3 / elapsed


def expect(config: EncoderConfig, work: Workload, rate: float, backend: str = "jax") -> Expectation:
    """What a run with this architecture takes.

    Three times the operations of the forward pass: backward, there are two products for each one.

    Args:
        config: the architecture.
        work: of a step.
        rate: of `matrix_rate`.
        backend: of Keras; memory depends on it.
    """
    d, vocabulary = config.d_model, config.vocabulary_size
    tokens = work.rows * work.positions
    scored = work.rows * work.predictions
    of_encoder = tokens * config.multiply_adds(work.positions)
    operations = 3 * 2 * (of_encoder + scored * (d * d + d * vocabulary))
    weights, states = config.weights(), config.kept_states(work.positions)
    # States kept for the backward pass; scores, thrice. Weights, gradients and two moments.
    copies = COPIES_BY_JAX if backend == "jax" else COPIES
    memory = copies * (4 * tokens * states + 12 * scored * vocabulary) + 16 * weights
    return Expectation(weights, operations / (SHARE_OF_PEAK * rate), int(memory) + 600_000_000)


def propose_size(
    config: EncoderConfig, work: Workload, rate: float, seconds: float, tokens: int
) -> tuple[str, str]:
    """The largest named size that gets enough steps, and is not too large for the corpus.

    Args:
        config: with the vocabulary; its d_model is what is looked for.
        work: of a step.
        rate: of `matrix_rate`.
        seconds: of the run.
        tokens: of the corpus.

    Returns:
        a name of `SIZES`, and why.
    """
    tried = []
    for name, d_model in sorted(SIZES.items(), key=lambda size: -size[1]):
        sized = replace(config, d_model=d_model)
        steps = int(seconds / expect(sized, work, rate).step_seconds)
        if steps < FEWEST_STEPS and d_model > min(SIZES.values()):
            tried.append(f"{name} would get about {steps:,} steps only")
        elif sized.encoder_weights() > tokens and d_model > min(SIZES.values()):
            tried.append(f"the encoder of {name} has more weights than the corpus tokens")
        else:
            passes = steps * work.rows * work.positions / max(tokens, 1)
            reason = f"about {steps:,} steps, {passes:.1f} passes over the corpus"
            return name, "; ".join([reason, *tried])
    raise AssertionError("the smallest size is always taken")
