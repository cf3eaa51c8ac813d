"""Look for what would spoil a training before it starts: leaks, rare labels, cut texts."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasbert.choices import HeadName
from kerasbert.commands.closing import SHARE, Closing, command, data_flags, flags
from kerasbert.commands.command import run_command
from kerasbert.commands.tables import print_table
from kerasbert.device import import_backend
from kerasbert.settings.data import FieldSettings
from kerasbert.settings.settings import Settings
from kerasbert.terminal import counting, say


@dataclass(frozen=True, kw_only=True)
class Config(FieldSettings, Settings):
    """Labelled files in, what they are like and what is wrong with them out.

    With --pretrained, also how much of the text its tokenizer does not know and what is cut.

    With --labels, also which labels are likely wrong, and what they should be.

    Example: kerasbert audit --train train.txt --valid valid.txt --test test.txt --corpus raw.txt
    """

    train: Path
    """Labelled text to learn from."""
    valid: Path | None = None
    """Labelled text to choose by."""
    test: Path | None = None
    """Labelled text to report on."""
    corpus: Path | None = None
    """Raw text for pre-training, which should not hold the texts of valid and test."""
    head: HeadName | None = None
    """What the labels are for, as in finetune; as they look unless given."""
    pretrained: Path | None = None
    """A run whose tokenizer shall be tried on the texts."""
    max_length: int = 200
    """Words, or with --pretrained positions, beyond which a text counts as long."""
    limit: int | None = None
    """Look at the first N documents of each file only."""
    labels: bool = False
    """Look for labels that are wrong, too: each document is judged by the others, in folds
    (pip install 'kerasbert[labels]'). All of what is found goes to --out."""
    out: Path | None = None
    """Write the findings to this JSON file, too."""


def run(config: Config) -> dict[str, Any]:
    """Look, and return the findings and how many of them distort an evaluation."""
    from kerasbert.corpus.audit import audit
    from kerasbert.files import check_writable, write_json

    if config.out is not None:
        check_writable(config.out)
    with counting("reading lines") as progress:
        found = audit(
            config.train,
            config.valid,
            config.test,
            config.corpus,
            progress,
            config.fields(),
            config.limit,
            config.max_length,
            config.head,
        )
    given = {"train": config.train, "valid": config.valid, "test": config.test}
    files = {name: path for name, path in given.items() if path is not None}
    if config.pretrained is not None:
        import_backend()  # before what is imported here does
        from kerasbert.training.audit_tokens import token_findings

        length, limit, head = config.max_length, config.limit, config.head
        found.findings += token_findings(
            config.pretrained, files, length, config.fields(), limit, head, say
        )
    result = found.to_json()
    if config.labels:
        from kerasbert.corpus.audit_labels import audit_labels

        with counting("judging labels: SVMs") as judging:
            result["doubtful"] = audit_labels(
                files, found.head, config.fields(), config.limit, judging
            )
    if config.out is not None:
        write_json(config.out, result)
    return result


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(result: dict[str, Any]) -> None:
        from kerasbert.corpus.statistics import statistics_table

        if result.get("note"):
            say(f"{result['note']}.")
        print_table("the files", statistics_table(result["statistics"]))
        rows = [
            (
                ("! " if finding["harmful"] else "  ") + finding["what"],
                finding["count"],
                f"{finding['count'] / max(finding['of'], 1):.1%}",
                "; ".join(finding["examples"]),
            )
            for finding in result["findings"]
            if finding["count"]
        ]
        if rows:
            title = "found (! distorts an evaluation)" if result["harmful"] else "found"
            print_table(title, [("", "times", "share", "such as"), *rows], marks=True)
        if (doubtful := result.get("doubtful")) and doubtful["rows"]:
            from kerasbert.corpus.audit_labels import doubts_table

            print_table(*doubts_table(doubtful))

    return run_command(Config, run, argv, "audit", show, needs_backend=False, closing=closing)


def closing(config: Config, result: dict[str, Any]) -> Closing:
    """Look again, once it is mended; or train."""
    if result["harmful"]:
        more = flags(config, "corpus", "pretrained", "max_length", "limit")
        step = command("audit", *[one for one in data_flags(config) if one not in SHARE], *more)
    else:
        source = flags(config, "pretrained", "max_length")
        step = command("finetune", *source, *data_flags(config), "--out", "runs/tags")
    verdict = " ".join(filter(None, [result["verdict"], result.get("doubtful", {}).get("verdict")]))
    return Closing(verdict, next=[step])


if __name__ == "__main__":
    sys.exit(main())
