"""Read a public model into a run folder; or write a run as a public model."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from kerasbert.choices import PublicForm
from kerasbert.commands.closing import SHARE, Closing, command
from kerasbert.commands.command import run_command
from kerasbert.commands.tables import print_figures
from kerasbert.errors import InputError
from kerasbert.settings.settings import Settings
from kerasbert.terminal import say

SHOWN = 6  # names of what was not read, at most


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """A folder of a public model in, the folder of a run out; with --to the other way round.

    A classifier, or a regression, becomes a fine-tuned run, for predict; whatever else a
    pre-trained one.

    The folder has the form of Hugging Face: config.json, model.safetensors (or its shards), and
    tokenizer.json (or the files of the vocabulary). Neither PyTorch nor TensorFlow is needed, and
    no code of the folder is run. Or it is a preset of KerasHub (keras-nlp reads it), or one of
    Google's with bert_config.json and bert_model.ckpt (TensorFlow reads it, in a process of its
    own). What of it was not read is listed, all of it in metrics.json.

    With --to, a run whose encoder is of a public family leaves: the head of a fine-tuned run, the
    masked-LM head of a pre-trained one, or the encoder. What no public class holds (thresholds,
    linear SVMs) is written beside it, in kerasbert.json, and said.

    Example: kerasbert convert all-MiniLM-L6-v2 --out runs/minilm
    Example: kerasbert convert runs/tags --to huggingface --out tags-for-transformers
    """

    folder: tyro.conf.Positional[str]
    """The folder of the model, or hf://owner/name[@revision]: BERT, RoBERTa, DistilBERT, ELECTRA,
    ModernBERT, or of their form; a preset of KerasHub, or a checkpoint of Google's. With --to, the
    folder of a run."""
    out: Path
    """The folder of the run: what --pretrained and --model take. With --to, that of the model."""
    to: PublicForm | None = None
    """Write a run for transformers, its encoder and pooling for sentence-transformers, or a preset
    of KerasHub."""
    pairs: bool = False
    """Of a classifier: its texts are pairs, such as those of entailment."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pairs and self.to is not None:
            raise InputError("--pairs: not beside --to; the run knows it.")


def run(config: Config) -> dict[str, Any]:
    """Convert, and return what was read or written, and what was not."""
    if config.to is not None:
        from kerasbert.checkpoints.export import export

        return export(config.folder, config.out, config.to)
    from kerasbert.checkpoints.convert import convert

    return convert(config.folder, config.out, config.pairs)


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(result: dict[str, Any]) -> None:
        figures = {
            name: "yes" if value is True else value
            for name, value in result.items()
            if value and not isinstance(value, dict | list)
        }
        print_figures("public model", figures)
        for line in result.get("left_out", ()):
            say(f"left out: {line}")
        for kind, names in result.get("not_read", {}).items():
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            say(f"not read, {kind}: {', '.join(names[:SHOWN])}{more}")

    return run_command(Config, run, argv, "convert", show, closing=closing)


def closing(config: Config, result: dict[str, Any]) -> Closing:
    """Whether all of it came along, and what reads it now."""
    said = "written for " + str(config.to) if config.to else "a run now"
    less = "but for what is named above" if result.get("left_out") or result.get("not_read") else ""
    verdict = f"{config.out} is {said}, weight for weight{f', {less}' if less else ''}."
    if config.to is not None:
        return Closing(verdict)
    if "head" in result:  # it answers
        return Closing(verdict, next=[command("predict", "--model", config.out, "NEW.txt")])
    data: list[str | Path] = ["--train", "TRAIN.txt", *SHARE, "--out", config.out.with_name("tags")]
    return Closing(
        verdict,
        next=[
            command("finetune", "--pretrained", config.out, *data),
            command("embed", "--model", config.out, "TEXTS.txt", "--out", "vectors.npy"),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
