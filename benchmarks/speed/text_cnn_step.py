"""Time a TextCNN classifier, in training and prediction, against a plain PyTorch one.

    python -m benchmarks.speed.text_cnn_step [--task training] [--rounds 5 --steps 8]
        [--out FILE.json]

Documents of 200 tokens, d_model 128, 128 filters, widths 2 to 5, two convolutions each. Ours on
each backend and `plain_text_cnn.PlainTextCNN` do the same mathematics: from equal weights, without
dropout, three training steps must give the same losses (or prediction the same logits), or the
program stops. Then they are timed in turns, with dropout, beside bare matrix products.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from benchmarks.speed.classifier_step import (
    TASKS,
    Predict,
    build_step,
    check,
    publish_steps,
    tasks_of,
)
from benchmarks.speed.equal_work import (
    Arrays,
    assign_made_weights,
    count_parameters,
    made_weight,
)
from benchmarks.speed.fitting import Train, fitting
from benchmarks.speed.side_by_side import (
    MATRIX,
    Built,
    Contestant,
    arguments,
    compare,
    installed,
    serve,
)

CONTESTANTS = {
    "kerasbert": Contestant("kerasbert"),
    "plain": Contestant("plain PyTorch", "torch", ("torch",)),
    **MATRIX,
}
LEARNING_RATE, WEIGHT_DECAY, ADAM_EPSILON = 1e-3, 0.01, 1e-7
LABELLED = 0.02  # of all labels, those that a document has


@dataclass(frozen=True)
class Size:
    """The model and the batch."""

    vocabulary_size: int = 20_000
    d_model: int = 128
    filters: int = 128
    widths: tuple[int, ...] = (2, 3, 4, 5)
    convolutions: int = 2
    labels: int = 300
    dropout: float = 0.1
    batch: int = 32
    length: int = 200

    def flops(self, task: str) -> int:
        """Useful floating-point operations of a step: those of the matrix products alone."""
        taps = sum(self.widths) * self.filters
        position = taps * (self.d_model + (self.convolutions - 1) * self.filters)
        joined_features = len(self.widths) * self.filters * self.d_model
        position += joined_features  # the projection
        document = self.length * position + joined_features + 2 * self.d_model * self.labels
        # A multiplication and an addition; the backward pass has two products for each.
        return 2 * self.batch * document * (3 if task == "training" else 1)


QUICK = Size(500, d_model=16, filters=8, labels=5, batch=4, length=24)


def build_kerasbert(size: Size) -> tuple[int, Train, Predict]:
    """Ours, trained through `fit` as `finetune` trains: its overhead is part of the time."""
    from kerasbert.config import TextCNNConfig
    from kerasbert.layers import Pooling
    from kerasbert.models import (
        build_classifier,
        build_embedding,
        build_encoder,
        compile_classifier,
    )
    from kerasbert.training.optimizers import AdamW

    config = TextCNNConfig(
        vocabulary_size=size.vocabulary_size, d_model=size.d_model, filters=size.filters,
        widths=size.widths, convolutions=size.convolutions, dropout=size.dropout,
    )  # fmt: skip
    model = build_classifier(
        build_embedding(config), build_encoder(config), size.labels,
        Pooling("mean-max", name="pooling"), size.dropout,
    )  # fmt: skip
    assign_made_weights(model)
    optimizer = AdamW(LEARNING_RATE, weight_decay=WEIGHT_DECAY, epsilon=ADAM_EPSILON)
    compile_classifier(model, "multi-label", optimizer)

    def example(batch: Arrays) -> tuple:
        return {name: batch[name] for name in model.input}, batch["target"]

    def predict(batches: list[Arrays]) -> np.ndarray:
        inputs = ({name: batch[name] for name in model.input} for batch in batches)
        return np.stack([np.asarray(model.predict_on_batch(batch)) for batch in inputs])

    return count_parameters(model), fitting(model, example), predict


def build_plain(size: Size) -> tuple[int, Train, Predict]:
    """PyTorch's layers and nothing else."""
    import torch

    from benchmarks.speed.plain_text_cnn import PlainTextCNN

    torch.manual_seed(0)
    model = PlainTextCNN(
        size.vocabulary_size, size.d_model, size.filters, size.widths, size.convolutions,
        size.labels, size.dropout,
    )  # fmt: skip
    with torch.no_grad():
        for path, weight, axes in model.by_our_paths():
            shape = [weight.shape[axis] for axis in axes]
            value = made_weight(path, shape).transpose(np.argsort(axes))
            weight.copy_(torch.from_numpy(np.ascontiguousarray(value)))
    optimizer = torch.optim.AdamW(
        model.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY, eps=ADAM_EPSILON
    )
    loss_of = torch.nn.functional.binary_cross_entropy_with_logits

    def logits_of(batch: Arrays) -> Any:
        ids, segments = (
            torch.from_numpy(batch[name].astype(np.int64)) for name in ("token_ids", "segment_ids")
        )
        return model(ids, segments)

    def train(batches: list[Arrays]) -> float:
        model.train()
        total = 0.0
        for batch in batches:
            optimizer.zero_grad()
            loss = loss_of(logits_of(batch), torch.from_numpy(batch["target"]))
            loss.backward()
            optimizer.step()
            total += loss.item()
        return total / len(batches)

    def predict(batches: list[Arrays]) -> np.ndarray:
        model.eval()
        with torch.inference_mode():
            return np.stack([logits_of(batch).numpy() for batch in batches])

    return sum(parameter.numel() for parameter in model.parameters()), train, predict


def build(name: str, size: Size, task: str) -> Built:
    """A contestant by its name: what it computes without dropout, and what is timed, with it."""
    builder = build_kerasbert if name == "kerasbert" else build_plain
    without = partial(builder, replace(size, dropout=0.0))
    return build_step(size, LABELLED, task, without, partial(builder, size))


def run(
    size: Size,
    task: str,
    names: Sequence[str],
    backends: Sequence[str],
    rounds: int = 5,
    steps: int = 8,
) -> dict[str, Any]:
    """Run all contestants at a task; see `side_by_side.compare`."""
    pairs = installed(CONTESTANTS, names, backends)
    flags = ["--settings", json.dumps(asdict(size)), "--task", task]
    return compare("text_cnn_step", pairs, flags, rounds, steps, check)


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line; be the parent, or, with --worker, one contestant."""
    parser = arguments(__doc__, CONTESTANTS)
    parser.add_argument("--task", choices=TASKS, help="one of the two; both unless given")
    options = parser.parse_args(argv)
    if options.worker:
        size = Size(**{**json.loads(options.settings), "widths": Size.widths})
        contestant = partial(build, options.worker, size, options.task)
        return serve(contestant, CONTESTANTS, options.worker)
    size = QUICK if options.quick else Size()
    results = {
        task: run(
            size, task, options.contestants, options.backends, options.rounds, options.steps
        )
        for task in tasks_of(options)
    }  # fmt: skip
    publish_steps(options.out, "TextCNN", results, size, CONTESTANTS, "plain", options.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
