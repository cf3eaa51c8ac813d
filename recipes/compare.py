"""Is pre-training worth it? From scratch against pre-trained, each at its best learning rate."""

import sys
from typing import Any

from kerasbert.commands.closing import Closing, command, data_flags, flags
from kerasbert.commands.command import run_command
from kerasbert.commands.tables import print_table
from kerasbert.settings.compare import CompareSettings

Config = CompareSettings


def run(config: Config) -> dict[str, Any]:
    """Compare, and return what compare.json holds; see `compare`."""
    from kerasbert.training.comparison import compare

    return compare(config)


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(result: dict[str, Any]) -> None:
        print_table("pre-training against from scratch", result["table"])

    return run_command(Config, run, argv, "compare", show, closing=closing)


def closing(config: Config, result: dict[str, Any]) -> Closing:
    """Fine-tune from the run, at the learning rate that was best."""
    rate = f"{result['pretrained'][0]['learning_rate']:g}"
    arguments = ["--pretrained", str(config.pretrained), *data_flags(config)]
    arguments += [*flags(config, "epochs"), "--learning-rate", rate]
    out = config.out.with_name(f"{config.out.name}-kept")
    steps = [command("finetune", *arguments, "--out", out)]
    verdict = "\n".join(filter(None, [result.get("verdict"), result["sentence"]]))
    return Closing(verdict, config.out / "report.html", steps)


if __name__ == "__main__":
    sys.exit(main())
