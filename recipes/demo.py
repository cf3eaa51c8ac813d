"""The whole way on real text found on any machine: from docstrings to F1, in minutes."""

import itertools
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasbert.commands.closing import Closing
from kerasbert.commands.command import run_command
from kerasbert.commands.tables import print_table
from kerasbert.settings.settings import Settings
from kerasbert.terminal import say, tell, throughput

NEXT = """
echo "Read a PNG image." | kerasbert predict --model {out}/tags -
# your own files: RAW.txt has a document a line,
# the others lines of: text __label__a __label__b
kerasbert audit --train TRAIN.txt --valid VALID.txt --test TEST.txt --corpus RAW.txt
kerasbert pretrain --corpus RAW.txt --out runs/lm --minutes 30
kerasbert compare --pretrained runs/lm --train TRAIN.txt --valid VALID.txt --test TEST.txt --out runs/compare
kerasbert finetune --pretrained runs/lm --train TRAIN.txt --valid VALID.txt --test TEST.txt --out runs/tags
"""  # noqa: E501  (commands to copy stay on one line)


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """Build a data set, prepare it, pre-train a TextCNN, compare it with one from scratch.

    The texts are the docstrings of Python's standard library and of the installed packages; the
    labels are their package, topic and kind. Few documents are labelled, many are not: the case
    that pre-training is for.

    Example: kerasbert demo
    """

    out: Path = Path("runs/demo")
    """The folder for data and runs."""
    documents: int = 8000
    """Labelled documents to build, in all splits."""
    labeled: int = 2000
    """Of those for training, how many to fine-tune on."""
    minutes: float = 1.5
    """Minutes of pre-training."""
    epochs: int = 5
    """Epochs of fine-tuning."""
    seed: int = 0
    """Of weights, order, masks and dropout."""
    resume: bool = False
    """Go on with an interrupted demo."""
    packages: tuple[Path, ...] = ()
    """Read these folders of Python files instead of the installed packages."""


def run(config: Config) -> dict[str, Any]:
    """Walk the whole way, and return what the comparison found."""
    from kerasbert.runs.leaving import leaves_nothing

    return leaves_nothing(_walk)(config)


def _walk(config: Config) -> dict[str, Any]:
    from kerasbert.corpus.prepare.engines import Engine, processors
    from kerasbert.corpus.prepare.prepare_store import prepare_store
    from kerasbert.data import docstrings
    from kerasbert.files import check_writable, write_text
    from kerasbert.runs.folder import RunFolder
    from kerasbert.settings import CompareSettings, FineTuneSettings, PretrainSettings
    from kerasbert.training.comparison import compare
    from kerasbert.training.compiled import keep_compiled
    from kerasbert.training.fine_tuning import fine_tune
    from kerasbert.training.pretraining import pretrain

    check_writable(config.out, folder=True)
    if not config.resume:
        RunFolder.create(config.out)  # refuses a folder that holds something
    keep_compiled(config.out / "compiled")
    data, store = config.out / "data", config.out / "store"
    if not (data / "few.txt").exists():
        say("1. building the data set from docstrings")
        counts = docstrings.build(data, documents=config.documents, packages=config.packages)
        say(", ".join(f"{name} {count:,}" for name, count in counts.items()))
        with (data / "train.txt").open(encoding="utf-8") as file:
            few = "".join(itertools.islice(file, config.labeled))
        write_text(data / "few.txt", few)
    if not store.exists():
        say("2. preparing the raw text")
        with throughput("preparing") as progress:
            prepare_store(
                [str(data / "raw.txt")],
                store,
                vocabulary_size=10_000,
                engine=Engine(workers=processors()),
                progress=progress,
                say=lambda text: say(f"{store}: {text}"),
            )
    say("3. pre-training")
    pretrain(
        PretrainSettings(
            store=store,
            out=config.out / "pretrained",
            encoder="text-cnn",
            size="tiny",
            minutes=config.minutes,
            seed=config.seed,
            resume=True,
        )
    )
    settings: dict[str, Any] = {
        "pretrained": config.out / "pretrained",
        "train": data / "few.txt",
        "valid": data / "valid.txt",
        "test": data / "test.txt",
        "epochs": config.epochs,
        "learning_rate": 4e-3,  # one, to stay within minutes; `kerasbert compare` tries three
        "max_length": 128,
        "seed": config.seed,
        "resume": True,
    }
    say("4. fine-tuning, from scratch and pre-trained")
    said: set[str] = set()
    result = compare(CompareSettings(out=config.out / "compare", **settings), said)
    say("5. the classifier to keep: pre-trained, with linear SVMs beside the network")
    kept = fine_tune(FineTuneSettings(out=config.out / "tags", **settings), said=said)
    return {**result, "kept": kept, "out": str(config.out)}


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(result: dict[str, Any]) -> None:
        print_table("pre-training against from scratch", result["table"])
        tell(f"Kept, with linear SVMs: test F1 {result['kept']['test']['f1']:.3f}.")

    return run_command(Config, run, argv, "demo", show, closing=closing)


def closing(config: Config, result: dict[str, Any]) -> Closing:
    """Whether pre-training was worth it, and the same with one's own files."""
    text = NEXT.format(out=shlex.quote(str(config.out)))
    report = config.out / "compare" / "report.html"
    verdict = "\n".join(filter(None, [result.get("verdict"), result["sentence"]]))
    return Closing(verdict, report, text.strip().split("\n"))


if __name__ == "__main__":
    sys.exit(main())
