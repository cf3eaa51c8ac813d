"""Pre-train an encoder on raw text: hidden words, document words, next sentences."""

import sys
from typing import Any

from kerasbert.command import run_command
from kerasbert.settings.pretrain import PretrainSettings
from kerasbert.tables import print_figures
from kerasbert.terminal import tell

# In a sentence below the table, or only of interest to who has resumed the run.
SAID = ("learned", "verdict", "session_seconds")

Config = PretrainSettings


def run(config: Config) -> dict[str, Any]:
    """Pre-train, and return the figures of metrics.json; see `pretrain`."""
    from kerasbert.training.pretraining import pretrain

    return pretrain(config)


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(result: dict[str, Any]) -> None:
        figures = {name: value for name, value in result.items() if name not in SAID}
        print_figures("pre-training", figures)
        tell(result.get("verdict", ""))

    return run_command(Config, run, argv, "pretrain", show)


if __name__ == "__main__":
    sys.exit(main())
