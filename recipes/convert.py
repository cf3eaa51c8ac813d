"""Read a public model into a run folder: then every command works on it."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from kerasbert.command import print_table, run_command
from kerasbert.settings.settings import Settings
from kerasbert.terminal import say

SHOWN = 6  # names of what was not read, at most


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """A folder of a public model in, the folder of a run out.

    A classifier becomes a fine-tuned run, for predict; whatever else a pre-trained one.

    The folder has the form of Hugging Face: config.json, model.safetensors (or its shards), and
    tokenizer.json (or the files of the vocabulary). Neither PyTorch nor TensorFlow is needed, and
    no code of the folder is run. What of it was not read is listed, all of it in metrics.json.

    Example: kerasbert convert all-MiniLM-L6-v2 --out runs/minilm
    """

    folder: tyro.conf.Positional[str]
    """The folder of the model, or hf://owner/name[@revision]: BERT, RoBERTa, DistilBERT, ELECTRA,
    ModernBERT, or of their form."""
    out: Path
    """The folder of the run: what --pretrained and --model take."""
    pairs: bool = False
    """Of a classifier: its texts are pairs, such as those of entailment."""


def run(config: Config) -> dict[str, Any]:
    """Convert, and return what was read and what was not."""
    from kerasbert.checkpoints.convert import convert

    return convert(config.folder, config.out, config.pairs)


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(result: dict[str, Any]) -> None:
        figures = [item for item in result.items() if not isinstance(item[1], dict)]
        print_table("public model", [("", ""), *figures])
        for kind, names in result["not_read"].items():
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            say(f"not read, {kind}: {', '.join(names[:SHOWN])}{more}")

    return run_command(Config, run, argv, "convert", show)


if __name__ == "__main__":
    sys.exit(main())
