"""Time a public encoder, fine-tuned and asked, against transformers with the same weights.

    python -m benchmarks.speed.public_model [--task training] [--rounds 5 --steps 4]
        [--out FILE.json]

A BertForSequenceClassification of MiniLM's size (6 blocks of 384, 12 heads, 30,522 tokens), random
weights, 32 documents of 128 tokens a step. transformers writes the folder, ours reads it with
`convert`; without dropout three training steps must give the same losses and the same logits, or
the program stops. Then they are timed in turns, with dropout, beside bare matrix products.
"""

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
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
from benchmarks.speed.equal_work import Arrays, count_parameters
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
    "transformers": Contestant("transformers", "transformers", ("torch",)),
    **MATRIX,
}
LEARNING_RATE, WEIGHT_DECAY, ADAM_EPSILON = 1e-4, 0.01, 1e-8
LABELLED = 0.1  # of all labels, those that a document has
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


@dataclass(frozen=True)
class Size:
    """The model and the batch; MiniLM's."""

    vocabulary_size: int = 30_522
    d_model: int = 384
    layers: int = 6
    heads: int = 12
    feed_forward: int = 1536
    labels: int = 20
    batch: int = 32
    length: int = 128

    def flops(self, task: str) -> int:
        """Useful floating-point operations of a step: those of the matrix products alone."""
        position = 4 * self.d_model**2 + 2 * self.d_model * self.feed_forward
        position += 2 * self.length * self.d_model  # scores, and what they weigh
        document = self.layers * self.length * position
        return 2 * self.batch * document * (3 if task == "training" else 1)


QUICK = Size(60, d_model=16, layers=1, heads=2, feed_forward=32, labels=3, batch=4, length=12)


def write_folder(folder: Path, size: Size, dropout: float) -> None:
    """The public model with random weights, the same for the same size."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(0)
    names = {
        "hidden_size": size.d_model, "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads, "intermediate_size": size.feed_forward,
        "num_labels": size.labels, "problem_type": "multi_label_classification",
        "hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout,
    }  # fmt: skip
    config = BertConfig(vocab_size=size.vocabulary_size, **names)
    BertForSequenceClassification(config).save_pretrained(folder)
    words = [*SPECIAL, *(f"w{number}" for number in range(size.vocabulary_size - len(SPECIAL)))]
    folder.joinpath("vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    folder.joinpath("tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}')


def build_kerasbert(folder: Path) -> tuple[int, Train, Predict]:
    """Ours, trained through `fit` as `finetune` trains: its overhead is part of the time."""
    from kerasbert import load_model
    from kerasbert.checkpoints.convert import convert
    from kerasbert.models import compile_classifier
    from kerasbert.training.optimizers import AdamW

    with tempfile.TemporaryDirectory() as place:
        convert(folder, Path(place, "run"))
        model = load_model(Path(place, "run"))
    optimizer = AdamW(LEARNING_RATE, weight_decay=WEIGHT_DECAY, epsilon=ADAM_EPSILON)
    compile_classifier(model, "multi-label", optimizer)

    def example(batch: Arrays) -> tuple:
        return {name: batch[name] for name in model.input}, batch["target"]

    def predict(batches: list[Arrays]) -> np.ndarray:
        inputs = ({name: batch[name] for name in model.input} for batch in batches)
        return np.stack([np.asarray(model.predict_on_batch(batch)) for batch in inputs])

    return count_parameters(model), fitting(model, example), predict


def build_transformers(folder: Path) -> tuple[int, Train, Predict]:
    """What its Trainer does in a step, without what it does around one."""
    import torch
    from transformers import AutoModelForSequenceClassification

    torch.manual_seed(0)
    model: Any = AutoModelForSequenceClassification.from_pretrained(folder)
    optimizer = torch.optim.AdamW(
        model.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY, eps=ADAM_EPSILON
    )

    def answered(batch: Arrays, **more: Any) -> Any:
        ids = torch.from_numpy(batch["token_ids"].astype(np.int64))
        return model(ids, attention_mask=torch.ones_like(ids), **more)

    def train(batches: list[Arrays]) -> float:
        model.train()
        total = 0.0
        for batch in batches:
            optimizer.zero_grad()
            loss = answered(batch, labels=torch.from_numpy(batch["target"])).loss
            loss.backward()
            optimizer.step()
            total += loss.item()
        return total / len(batches)

    def predict(batches: list[Arrays]) -> np.ndarray:
        model.eval()
        with torch.inference_mode():
            return np.stack([answered(batch).logits.numpy() for batch in batches])

    return sum(parameter.numel() for parameter in model.parameters()), train, predict


def build(name: str, size: Size, task: str, folders: Path) -> Built:
    """A contestant by its name: what it computes without dropout, and what is timed, with it."""
    builder = build_kerasbert if name == "kerasbert" else build_transformers
    without, full = (partial(builder, folders / dropout) for dropout in ("without", "with"))
    return build_step(size, LABELLED, task, without, full)


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line; be the parent, or, with --worker, one contestant."""
    parser = arguments(__doc__, CONTESTANTS)
    parser.add_argument("--task", choices=TASKS, help="one of the two; both unless given")
    parser.add_argument("--folders", type=Path, help="of the public models; made unless given")
    options = parser.parse_args(argv)
    if options.worker:
        size = Size(**json.loads(options.settings))
        contestant = partial(build, options.worker, size, options.task, options.folders)
        return serve(contestant, CONTESTANTS, options.worker)
    size = QUICK if options.quick else Size()
    pairs = installed(CONTESTANTS, options.contestants, options.backends)
    results = {}
    with tempfile.TemporaryDirectory() as place:
        folders = Path(place)
        for name, dropout in {"without": 0.0, "with": 0.1}.items():
            (folders / name).mkdir()
            write_folder(folders / name, size, dropout)
        for task in tasks_of(options):
            flags = ["--settings", json.dumps(asdict(size)), "--task", task]
            flags += ["--folders", str(folders)]
            results[task] = compare(
                "public_model", pairs, flags, options.rounds, options.steps, check
            )
    what = "A public encoder of MiniLM's size with a classifier"
    publish_steps(options.out, what, results, size, CONTESTANTS, "transformers", options.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
