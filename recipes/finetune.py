"""Fine-tune an encoder for labels, numbers or spans, and see what it is worth after every epoch."""

import sys
from collections.abc import Callable
from typing import Any

from kerasbert.commands.closing import Closing, command
from kerasbert.commands.command import run_command
from kerasbert.commands.tables import print_table
from kerasbert.settings.fine_tune import FineTuneSettings
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

    return run_command(Config, run, argv, "finetune", show, closing=closing)


def closing(config: Config, metrics: dict[str, Any]) -> Closing:
    """Ask the run; or, where the rival is ahead and nothing was pre-trained, do that."""
    from kerasbert.heads.registry import head_of_figures
    from kerasbert.heads.verdict import is_ahead

    head = head_of_figures(metrics)
    steps = [command("predict", "--model", config.out, "NEW.txt")]
    if is_ahead(metrics, *head.decided_by(metrics)) is False and config.pretrained is None:
        lm = config.out.parent / "lm"
        steps.insert(0, command("pretrain", "--corpus", "RAW.txt", "--out", lm, "--minutes", "30"))
    return Closing(metrics.get("verdict", ""), config.out / "report.html", steps)


if __name__ == "__main__":
    sys.exit(main())
