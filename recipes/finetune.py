"""Fine-tune an encoder for labels or numbers, and see what it is worth after every epoch."""

import sys
from collections.abc import Callable
from typing import Any

from kerasbert.command import print_table, run_command
from kerasbert.settings.fine_tune import FineTuneSettings

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
            print(sentences)

    return run_command(Config, run, argv, "finetune", show)


if __name__ == "__main__":
    sys.exit(main())
