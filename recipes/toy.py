"""The counting task: can the model learn at all, on this machine and backend?"""

import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kerasbert.choices import SizeName
from kerasbert.commands.closing import Closing, command, flags
from kerasbert.commands.command import run_command
from kerasbert.commands.tables import print_figures
from kerasbert.errors import InputError
from kerasbert.settings.settings import Settings
from kerasbert.terminal import say


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """Among 100 fair random bits, are there more than 51 ones?

    Trains on fresh sequences, then predicts sequences it has never seen.

    Example: KERAS_BACKEND=torch kerasbert toy --size tiny
    """

    # `EncoderName`, in the order in which --help has always shown them here.
    encoder: Literal["transformer", "text-cnn", "modernbert"] = "transformer"
    """Which encoder learns to count."""
    size: SizeName = "tiny"
    """Its named size."""
    steps: int = 600
    """Training steps."""
    batch_size: int = 32
    """Sequences a step."""
    learning_rate: float = 1e-3
    """The highest learning rate of the run."""
    test_documents: int = 2000
    """Unseen sequences to predict."""
    seed: int = 0
    """Of weights, bits and order."""
    out: Path | None = None
    """Write the figures to this JSON file, too."""


def run(config: Config) -> dict[str, Any]:
    """Train, predict, and return loss and accuracy on unseen sequences."""
    import time

    import keras
    import numpy as np

    from kerasbert.batches.counting import BITS, CountingBatches
    from kerasbert.config import CONFIGS, SIZES
    from kerasbert.files import check_writable, write_json
    from kerasbert.heads.classification.scores import mean_loss
    from kerasbert.layers import Pooling
    from kerasbert.models import (
        build_classifier,
        build_embedding,
        build_encoder,
        compile_classifier,
    )
    from kerasbert.training import StepPlan
    from kerasbert.training.optimizers import WarmupDecay, build_optimizer
    from kerasbert.training.progress import Progress

    if config.out is not None:
        check_writable(config.out)
    architecture = CONFIGS[config.encoder](
        vocabulary_size=7, d_model=SIZES[config.size], dropout=0.0, max_positions=BITS + 2
    )
    model = build_classifier(
        build_embedding(architecture, config.seed),
        build_encoder(architecture, config.seed),
        labels=2,
        pooling=Pooling("mean", name="pooling"),
        dropout=0.0,
        seed=config.seed,
    )
    schedule = WarmupDecay(config.learning_rate, config.steps)
    compile_classifier(model, "binary", build_optimizer(schedule))
    # Batches of the seed after this one's are never trained on.
    unseen, gold = CountingBatches(config.test_documents, config.seed + 1).batch(0)
    majority = max(gold.mean(), 1 - gold.mean())
    say(f"always the more frequent answer is right in {majority:.1%} of the cases")
    plan = StepPlan(config.steps, report_steps=max(1, config.steps // 10))
    progress = Progress(plan, description="counting")
    began = time.monotonic()
    try:
        history = model.fit(
            CountingBatches(config.batch_size, config.seed).stream(),
            steps_per_epoch=plan.report_steps,
            epochs=min(10, config.steps),
            shuffle=False,
            verbose=0,
            callbacks=[progress, keras.callbacks.LambdaCallback(on_epoch_end=_say_loss)],
        )
    finally:
        progress.close()
    logits = np.asarray(model.predict(unseen, batch_size=100, verbose=0))
    result = {
        "backend": keras.backend.backend(),
        "encoder": config.encoder,
        "size": config.size,
        "steps": config.steps,
        "training_loss": round(history.history["loss"][-1], 4),
        "unseen_loss": round(mean_loss(logits, np.eye(2)[gold], "binary"), 4),
        "unseen_accuracy": round(float((logits.argmax(axis=1) == gold).mean()), 4),
        "majority_share": round(float(majority), 4),
        "seconds": round(time.monotonic() - began, 1),
    }
    if config.out is not None:
        write_json(config.out, result)
    return result


def _say_loss(epoch: int, logs: dict[str, float]) -> None:
    if not math.isfinite(logs["loss"]):
        raise InputError(
            "the loss is not a finite number any more, the training has diverged. Begin anew with "
            "a smaller --learning-rate."
        )
    say(f"{10 * (epoch + 1)}%: loss {logs['loss']:.4f}")


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(result: dict[str, Any]) -> None:
        print_figures("counting", result)

    return run_command(Config, run, argv, "toy", show, closing=closing)


def closing(config: Config, result: dict[str, Any]) -> Closing:
    """Whether it has learned to count; guessing at random alone is rarely right far more often."""
    right, guess = result["unseen_accuracy"], result["majority_share"]
    chance = 2 * 0.5 / config.test_documents**0.5
    said = f"{right:.1%} of the unseen sequences are right, {guess:.1%} by always guessing the same"
    if right > guess + chance:
        return Closing(f"It can learn on this machine: {said}.", next=["kerasbert demo"])
    steps = [command("toy", *flags(config, "encoder", "size"), "--steps", str(4 * config.steps))]
    return Closing(f"It has not learned to count yet: {said}. Give it more steps.", next=steps)


if __name__ == "__main__":
    sys.exit(main())
