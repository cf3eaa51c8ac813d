"""Label new texts: a line of JSON for each, in the order of the input."""

import itertools
import json
import sys
from collections.abc import Iterator
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
    from kerasbert.text.documents import check_file
    from kerasbert.training.predictor import Predictor

    if str(config.file) != "-":
        check_file(config.file)
    predictor = Predictor(config.model)
    stripped = documents = 0
    texts = _texts(config.file, predictor)
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


def _texts(file: Path, predictor) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Each line as a text or pair, and whether it had labels."""
    from kerasbert.text.documents import read_lines, strip_labels

    name = "standard input" if str(file) == "-" else str(file)
    for number, line in _standard_input() if str(file) == "-" else read_lines(file):
        text, had_labels = strip_labels(line)
        parts = tuple(text.split("\t")) if text else (("", "") if predictor.pairs else ("",))
        if len(parts) > 2:
            raise InputError(f"{name}:{number}: expected at most one TAB, found {len(parts) - 1}.")
        predictor.check_texts(len(parts), f"{name}:{number}")
        yield parts, had_labels


def _standard_input() -> Iterator[tuple[int, str]]:
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            yield number, line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip()
        except UnicodeDecodeError as error:
            raise InputError(
                f"standard input:{number}: byte {line[error.start]:#04x} is not UTF-8; convert the "
                "text to UTF-8."
            ) from error


def main(argv: list[str] | None = None) -> int:
    """The command."""
    return run_command(Config, run, argv, "predict")


if __name__ == "__main__":
    sys.exit(main())
