"""Is pre-training worth it? From scratch against pre-trained, each at its best learning rate."""

import sys
from typing import Any

from kerasbert.command import run_command
from kerasbert.settings.compare import CompareSettings
from kerasbert.tables import print_table
from kerasbert.terminal import tell

Config = CompareSettings


def run(config: Config) -> dict[str, Any]:
    """Compare, and return what compare.json holds; see `compare`."""
    from kerasbert.training.comparison import compare

    return compare(config)


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(result: dict[str, Any]) -> None:
        print_table("pre-training against from scratch", result["table"])
        tell(result["sentence"])

    return run_command(Config, run, argv, "compare", show)


if __name__ == "__main__":
    sys.exit(main())
