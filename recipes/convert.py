"""Read a public model into a run folder: then every command works on it."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from kerasbert.command import run_command
from kerasbert.settings.settings import Settings
from kerasbert.tables import print_figures
from kerasbert.terminal import say

SHOWN = 6  # names of what was not read, at most


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """A folder of a public model in, the folder of a pre-training run out.

    The folder has the form of Hugging Face: config.json, model.safetensors (or its shards), and
    tokenizer.json (or the files of the vocabulary). Neither PyTorch nor TensorFlow is needed, and
    no code of the folder is run. What of it was not read is listed, all of it in metrics.json.

    Example: kerasbert convert all-MiniLM-L6-v2 --out runs/minilm
    """

    folder: tyro.conf.Positional[Path]
    """The folder of the model: BERT, RoBERTa, DistilBERT, ELECTRA, ModernBERT, or of their form."""
    out: Path
    """The folder of the run: what --pretrained and --model take."""


def run(config: Config) -> dict[str, Any]:
    """Convert, and return what was read and what was not."""
    from kerasbert.checkpoints.convert import convert

    return convert(config.folder, config.out)


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(result: dict[str, Any]) -> None:
        figures = {name: value for name, value in result.items() if name != "not_read"}
        print_figures("public model", figures)
        for kind, names in result["not_read"].items():
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            say(f"not read, {kind}: {', '.join(names[:SHOWN])}{more}")

    return run_command(Config, run, argv, "convert", show)


if __name__ == "__main__":
    sys.exit(main())
