"""Label new texts: a line of JSON for each, in the order of the input."""

import itertools
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from kerasbert.command import run_command, say
from kerasbert.errors import InputError

CHUNK = 512  # documents at a time: memory stays flat, whatever the input


@dataclass(frozen=True, kw_only=True)
class Config:
    """A fine-tuned run and texts in, JSON lines out.

    Each line: {"labels": ["a"], "scores": {"a": 0.93, ...}}. An empty line of the input is an
    empty text, so that line numbers stay the same.

    Example: kerasbert predict --model runs/tags new.txt > answers.jsonl
    """

    model: Path
    """The folder of a fine-tuning run."""
    file: tyro.conf.Positional[Path] = Path("-")
    """Texts, one a line (a TAB between the two of a pair); - reads standard input."""
    top_k: int | None = None
    """Give only the N highest scores; all unless given."""

    def __post_init__(self) -> None:
        if self.top_k is not None and self.top_k < 1:
            raise InputError(f"--top-k: expected 1 or more, received {self.top_k}.")


def run(config: Config) -> dict[str, Any]:
    """Write the answers to standard output, and return how many there were."""
    from kerasbert.text.inputs import STANDARD_INPUT, read_texts
    from kerasbert.text.lines import check_file
    from kerasbert.training.predictor import Predictor

    if config.file != STANDARD_INPUT:
        check_file(config.file)
    predictor = Predictor(config.model)
    stripped = documents = 0
    texts = read_texts(config.file, predictor.pairs)
    while chunk := list(itertools.islice(texts, CHUNK)):
        stripped += sum(had_labels for _, had_labels in chunk)
        for answer in predictor([text for text, _ in chunk], config.top_k):
            sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        documents += len(chunk)
    if stripped:
        say(f"{stripped} lines ended with labels: they were not read as text.")
    if predictor.truncated:
        say(f"{predictor.truncated} texts longer than {predictor.max_length} positions were cut.")
    return {"documents": documents, "stripped_labels": stripped}


def main(argv: list[str] | None = None) -> int:
    """The command."""
    return run_command(Config, run, argv, "predict")


if __name__ == "__main__":
    sys.exit(main())
