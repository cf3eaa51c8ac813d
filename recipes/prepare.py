"""Turn raw text into a token store: train a tokenizer, encode every document once."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasbert.choices import CorpusFormat, Duplicates, EngineName, UnicodeForm
from kerasbert.commands.closing import Closing, command
from kerasbert.commands.command import run_command
from kerasbert.commands.tables import print_figures
from kerasbert.errors import InputError
from kerasbert.settings.tokenizer import VocabularySettings
from kerasbert.terminal import say, throughput


@dataclass(frozen=True, kw_only=True)
class Config(VocabularySettings):
    """Raw text in, a token store out. Killed at any time, the same command goes on where it was.

    Example: kerasbert prepare --corpus raw.txt --out store
    """

    corpus: tuple[str, ...] = ()
    """Raw text: files (.gz, .zst, .jsonl and Parquet, too), folders, globs, - or URLs."""
    out: Path | None = None
    """The folder of the new store."""
    corpus_format: CorpusFormat = "lines"
    """lines: one document a line. sentences: one sentence a line, an empty line ends a document."""
    text_field: str | None = None
    """The field of JSON Lines that holds the text; text unless given."""
    text_column: str = "text"
    """The column of Parquet that holds the text."""
    tokenizer_sample: int = 100
    """Train the tokenizer on a uniform sample of so many megabytes."""
    unicode: UnicodeForm | None = None
    """Bring texts into this normal form; the tokenizer of the store does so in later commands."""
    min_characters: int | None = None
    """Leave out shorter documents."""
    max_characters: int | None = None
    """Leave out longer documents."""
    duplicates: Duplicates | None = None
    """Leave out documents that are told again: word for word, or nearly (kerasbert[clean])."""
    workers: int | None = None
    """Processes that encode; all processors unless given. The store does not depend on it."""
    engine: EngineName = "processes"
    """Where the work is done: here, or on a Dask cluster (kerasbert[dask])."""
    scheduler: str | None = None
    """The address of the Dask scheduler, such as tcp://host:8786."""
    shard_size: int = 30_000_000
    """The most tokens of a file of the store."""
    limit: int | None = None
    """Take only the first N documents."""
    skip_bad_lines: bool = False
    """Leave out lines that cannot be read, count them, and say so."""
    verify: Path | None = None
    """Compare every byte of this store with its checksums, and prepare nothing."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.verify is not None:
            if self.corpus or self.out is not None:
                raise InputError("--verify STORE checks a store: leave out --corpus and --out.")
        elif not self.corpus or self.out is None:
            raise InputError("expected --corpus FILE... and --out STORE, or --verify STORE.")
        self.check_vocabulary(self.tokenizer_file is not None, "--tokenizer-file")

    @property
    def goes_on(self) -> bool:
        """Whether the same command goes on with what was interrupted."""
        return self.verify is None


def run(config: Config) -> dict[str, Any]:
    """Prepare, or verify, and return the counts."""
    if config.verify is not None:
        from kerasbert.corpus.store.token_store import verify

        return verify(config.verify)
    assert config.out is not None
    from kerasbert.corpus.prepare.cleaning import Cleaning
    from kerasbert.corpus.prepare.engines import Engine, processors
    from kerasbert.corpus.prepare.prepare_store import prepare_store
    from kerasbert.tokenizer.given import given_tokenizer

    workers = processors() if config.workers is None else config.workers
    with throughput("preparing") as progress:
        return prepare_store(
            config.corpus,
            config.out,
            tokenizer=given_tokenizer(config),
            **config.for_training(),
            sample_bytes=config.tokenizer_sample << 20,
            cleaning=Cleaning(
                config.unicode, config.min_characters, config.max_characters, config.duplicates
            ),
            corpus_format=config.corpus_format,
            text_field=config.text_field,
            text_column=config.text_column,
            shard_size=config.shard_size,
            engine=Engine(config.engine, workers, config.scheduler),
            skip_bad_lines=config.skip_bad_lines,
            limit=config.limit,
            progress=progress,
            say=lambda text: say(f"{config.out}: {text}"),
        )


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(result: dict[str, Any]) -> None:
        print_figures("token store", shown(result))

    return run_command(Config, run, argv, "prepare", show, needs_backend=False, closing=closing)


def shown(counts: dict[str, Any]) -> dict[str, Any]:
    """The counts for people: shares in percent, and nothing that was left out if nothing was."""
    shares = {"unknown_share": "unknown tokens", "unknown_characters": "unknown characters"}
    return {
        shares.get(name, name): f"{value:.2%}" if name in shares else value
        for name, value in counts.items()
        if value or name in ("documents", "tokens")
    }


def closing(config: Config, counts: dict[str, Any]) -> Closing:
    """Whether there is enough text for its vocabulary; and pre-training."""
    from kerasbert.tokenizer.size import single_characters, vocabulary_note
    from kerasbert.tokenizer.tokenizer import Tokenizer

    store = config.verify or config.out
    assert store is not None
    verdict = f"{counts['documents']:,} documents, {counts['tokens']:,} tokens"
    verdict = f"Intact: {verdict}" if config.verify else f"Ready to pre-train on: {verdict}"
    needed = single_characters(Tokenizer.load(store / "tokenizer.json"))
    if note := vocabulary_note(counts.get("vocabulary_size", 0), counts["tokens"], needed):
        verdict += f"; {note}"
    lm = store.with_name("lm")
    steps = [command("pretrain", "--store", store, "--out", lm, "--minutes", "30")]
    return Closing(f"{verdict}.", next=steps)


if __name__ == "__main__":
    sys.exit(main())
