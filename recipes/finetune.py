"""Fine-tune an encoder on labelled text, and see micro and macro F1 after every epoch."""

import sys
from collections.abc import Callable
from typing import Any

from kerasbert.command import run_command
from kerasbert.settings.fine_tune import FineTuneSettings
from kerasbert.tables import print_table
from kerasbert.terminal import tell

Config = FineTuneSettings


def run(
    config: Config, beside: Callable[..., Any] | None = None, said: set[str] | None = None
) -> dict[str, Any]:
    """Fine-tune, and return the figures of metrics.json; see `fine_tune`."""
    from kerasbert.training.fine_tuning import fine_tune

    return fine_tune(config, beside, said)


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(metrics: dict[str, Any]) -> None:
        from kerasbert.heads.registry import head_of_figures

        head = head_of_figures(metrics)
        title = f"best epoch {metrics['best_epoch']}, {head.title(metrics)}"
        print_table(title, head.table(metrics))
        if sentences := head.sentences(metrics):
            tell(sentences)

    return run_command(Config, run, argv, "finetune", show)


if __name__ == "__main__":
    sys.exit(main())
