"""Score a fine-tuned run on labelled text: loss, F1, or the figures of numbers."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasbert.commands.closing import Closing, command
from kerasbert.commands.command import run_command
from kerasbert.commands.tables import print_table
from kerasbert.settings.data import FieldSettings
from kerasbert.settings.settings import Settings
from kerasbert.terminal import tell


@dataclass(frozen=True, kw_only=True)
class Config(FieldSettings, Settings):
    """A fine-tuned run and labelled text in, its figures out.

    Example: kerasbert evaluate --model runs/tags --data test.txt --report test.html
    """

    model: Path
    """The folder of a fine-tuning run."""
    data: Path
    """Labelled text."""
    out: Path | None = None
    """Write the figures to this JSON file, too."""
    report: Path | None = None
    """Write an HTML page, too: labels, what is confused, and the documents to look through."""
    batch_size: int = 64
    """Documents at a time."""
    skip_bad_lines: bool = False
    """Leave out lines that cannot be read or do not fit the kind, count them, and say so."""


def run(config: Config) -> dict[str, Any]:
    """Evaluate, and return the figures by the saved decision; of labels again at threshold 0.5."""
    from kerasbert.files import check_writable, write_json
    from kerasbert.training.evaluating import evaluate

    for path in (config.out, config.report):
        if path is not None:
            check_writable(path)
    metrics = evaluate(
        config.model,
        config.data,
        config.batch_size,
        config.skip_bad_lines,
        fields=config.fields(),
        report=config.report,
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
            tell(sentences)

    def closing(config: Config, metrics: dict[str, Any]) -> Closing:
        predict = command("predict", "--model", config.model, "NEW.txt")
        return Closing(metrics["verdict"], config.report or config.model / "report.html", [predict])

    return run_command(Config, run, argv, "evaluate", show, closing=closing)


if __name__ == "__main__":
    sys.exit(main())
