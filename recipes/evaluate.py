"""Score a fine-tuned run on labelled text: loss, F1, or the figures of numbers."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasbert.command import print_table, run_command
from kerasbert.settings.data import FieldSettings
from kerasbert.settings.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Config(FieldSettings, Settings):
    """A fine-tuned run and labelled text in, its figures out.

    Example: kerasbert evaluate --model runs/tags --data test.txt --out test.json
    """

    model: Path
    """The folder of a fine-tuning run."""
    data: Path
    """Labelled text."""
    out: Path | None = None
    """Write the figures to this JSON file, too."""
    batch_size: int = 64
    """Documents at a time."""
    skip_bad_lines: bool = False
    """Leave out lines that cannot be read or do not fit the kind, count them, and say so."""


def run(config: Config) -> dict[str, Any]:
    """Evaluate, and return the figures by the saved decision; of labels again at threshold 0.5."""
    from kerasbert.files import check_writable, write_json
    from kerasbert.training.evaluating import evaluate

    if config.out is not None:
        check_writable(config.out)
    metrics = evaluate(
        config.model, config.data, config.batch_size, config.skip_bad_lines, fields=config.fields()
    )
    if config.out is not None:
        write_json(config.out, metrics)
    return metrics


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(metrics: dict[str, Any]) -> None:
        from kerasbert.heads.registry import head_of_figures

        head = head_of_figures(metrics)
        print_table(head.title(metrics), head.table(metrics))
        if sentences := head.sentences(metrics):
            print(sentences)

    return run_command(Config, run, argv, "evaluate", show)


if __name__ == "__main__":
    sys.exit(main())
