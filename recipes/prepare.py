"""Turn raw text into a token store: train a tokenizer, encode every document once."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from kerasbert.command import counting, print_table, run_command
from kerasbert.errors import InputError
from kerasbert.options import TokenizerOptions


@dataclass(frozen=True, kw_only=True)
class Config(TokenizerOptions):
    """Raw text in, a token store out.

    Example: kerasbert prepare --corpus raw.txt --out store
    """

    corpus: tuple[Path, ...] = ()
    """Raw text: UTF-8 files, .gz too."""
    out: Path | None = None
    """The folder of the new store."""
    corpus_format: Literal["lines", "sentences"] = "lines"
    """lines: one document a line. sentences: one sentence a line, an empty line ends a document."""
    workers: int = 1
    """Processes that encode; the store does not depend on it."""
    limit: int | None = None
    """Take only the first N documents."""
    skip_bad_lines: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Leave out lines that cannot be read, count them, and say so."""
    verify: Path | None = None
    """Check every part of this store against its checksum, and prepare nothing."""

    def __post_init__(self) -> None:
        if self.verify is not None:
            if self.corpus or self.out is not None:
                raise InputError("--verify STORE checks a store: leave out --corpus and --out.")
        elif not self.corpus or self.out is None:
            raise InputError("expected --corpus FILE... and --out STORE, or --verify STORE.")


def run(config: Config) -> dict[str, Any]:
    """Prepare, or verify, and return the counts."""
    if config.verify is not None:
        from kerasbert.text.store import verify

        return verify(config.verify)
    assert config.out is not None
    from kerasbert.text.prepare import prepare_store

    with counting("documents") as progress:
        return prepare_store(
            config.corpus,
            config.out,
            tokenizer=config.from_file(),
            **config.for_training(),
            corpus_format=config.corpus_format,
            workers=config.workers,
            skip_bad_lines=config.skip_bad_lines,
            limit=config.limit,
            progress=progress,
        )


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(result: dict[str, Any]) -> None:
        print_table("prepare", [("", ""), *result.items()])

    return run_command(Config, run, argv, "prepare", show, needs_backend=False)


if __name__ == "__main__":
    sys.exit(main())
