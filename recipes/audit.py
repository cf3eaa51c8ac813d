"""Look for what would spoil a training before it starts: leaks, rare labels, cut texts."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasbert.choices import HeadName
from kerasbert.command import print_table, run_command
from kerasbert.settings.data import FieldSettings
from kerasbert.settings.settings import Settings
from kerasbert.terminal import counting, say


@dataclass(frozen=True, kw_only=True)
class Config(FieldSettings, Settings):
    """Labelled files in, a table of what is wrong with them out.

    With --pretrained, also how much of the text its tokenizer does not know and what is cut.

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
    """With --pretrained: positions of the longest text."""
    out: Path | None = None
    """Write the findings to this JSON file, too."""


def run(config: Config) -> dict[str, Any]:
    """Look, and return the findings and how many of them distort an evaluation."""
    from kerasbert.corpus.audit import audit
    from kerasbert.files import check_writable, write_json

    if config.out is not None:
        check_writable(config.out)
    with counting("reading lines") as progress:
        files = config.train, config.valid, config.test, config.corpus
        findings = audit(*files, progress, config.fields(), config.head)
    if config.pretrained is not None:
        findings += _tokens(config)
    result = {
        "findings": [finding.to_json() for finding in findings],
        "harmful": sum(finding.harmful and finding.count > 0 for finding in findings),
    }
    if config.out is not None:
        write_json(config.out, result)
    return result


def _tokens(config: Config) -> list[Any]:
    """What the tokenizer of a run makes of a sample of the texts."""
    from kerasbert.batches.encoded import EncodedTexts
    from kerasbert.corpus.audit import Finding, sample_texts
    from kerasbert.runs.folder import RunFolder
    from kerasbert.tokenizer.unknown import unknown_in

    assert config.pretrained is not None
    tokenizer = RunFolder.open(config.pretrained).tokenizer()
    findings = []
    for name, path in (("train", config.train), ("valid", config.valid), ("test", config.test)):
        if path is None:
            continue
        texts = sample_texts(path, fields=config.fields(), head=config.head)
        encoded = EncodedTexts(texts, tokenizer, config.max_length)
        unknown = unknown_in(tokenizer, texts)
        for warning in unknown.warnings(name):
            say(warning)
        of = f"of {len(texts):,} sampled texts"
        findings += [
            Finding(f"{name}: unknown tokens {of}", encoded.unknown, encoded.tokens),
            Finding(f"{name}: characters of unknown tokens", unknown.characters, unknown.of),
            Finding(
                f"{name}: longer than {config.max_length} positions {of}",
                encoded.truncated,
                len(texts),
            ),
        ]
    return findings


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(result: dict[str, Any]) -> None:
        rows = [
            (
                ("! " if finding["harmful"] and finding["count"] else "  ") + finding["what"],
                finding["count"],
                f"{finding['count'] / max(finding['of'], 1):.1%}",
                "; ".join(finding["examples"]),
            )
            for finding in result["findings"]
        ]
        print_table("audit", [("", "found", "share", "such as"), *rows])
        if result["harmful"]:
            say("Lines marked ! distort an evaluation: mend the files before you train.")

    return run_command(Config, run, argv, "audit", show, needs_backend=False)


if __name__ == "__main__":
    sys.exit(main())
