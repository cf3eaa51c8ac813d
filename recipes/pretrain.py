"""Pre-train an encoder on raw text: hidden words, document words, next sentences."""

import sys
from typing import Any

from kerasbert.commands.closing import SHARE, Closing, command, flags
from kerasbert.commands.command import run_command
from kerasbert.commands.tables import print_figures
from kerasbert.settings.pretrain import PretrainSettings

# In a sentence below the table, or only of interest to who has resumed the run.
SAID = ("learned", "verdict", "vocabulary", "session_seconds")

Config = PretrainSettings


def run(config: Config) -> dict[str, Any]:
    """Pre-train, and return the figures of metrics.json; see `pretrain`."""
    from kerasbert.training.pretraining import pretrain

    return pretrain(config)


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(result: dict[str, Any]) -> None:
        alone = sum(name.startswith("val_loss_") for name in result) == 1  # is the sum of all
        said = {*SAID, *(["val_loss"] if alone else [])}
        figures = {name: value for name, value in result.items() if name not in said}
        print_figures("pre-training", figures)

    return run_command(Config, run, argv, "pretrain", show, closing=closing)


def closing(config: Config, metrics: dict[str, Any]) -> Closing:
    """Fine-tune what it has learned; where it hasn't learned all of it, go on first."""
    runs = config.out.parent
    steps = []
    if not all(metrics.get("learned", {}).values()):
        more = config.out.with_name(f"{config.out.name}-longer")
        data = flags(config, "store", "corpus", "corpus_format", "tasks")
        minutes = f"{max(10, 4 * (config.minutes or 0)):g}"
        data = ["--pretrained", str(config.out), *data, "--out", str(more), "--minutes", minutes]
        steps.append(command("pretrain", *data))
    else:
        data = ["--train", "TRAIN.txt", *SHARE, "--out", str(runs / "tags")]
        steps.append(command("finetune", "--pretrained", config.out, *data))
    return Closing(metrics.get("verdict", ""), config.out / "report.html", steps)


if __name__ == "__main__":
    sys.exit(main())
