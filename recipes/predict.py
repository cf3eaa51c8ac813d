"""Answer new texts with labels or numbers: a line of JSON for each, in the order of the input."""

import itertools
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from kerasbert.command import run_command, standard_output
from kerasbert.errors import InputError
from kerasbert.settings.settings import Settings
from kerasbert.terminal import say

CHUNK = 512  # documents at a time: memory stays flat, whatever the input
EXPLAINED = 1  # an explanation asks for as many answers as a text has words
ON_PAGE = 500  # texts on a page of explanations: it is for people


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """A fine-tuned run and texts in, JSON lines out.

    Each line: {"labels": ["a"], "scores": {"a": 0.93, ...}}, or {"value": 3.8, "interval": [3.1,
    4.5]}; and with --explain "words", the ten that carry each label most, or raise the number. An
    empty line of the input is an empty text, so that line numbers stay the same.

    Example: kerasbert predict --model runs/tags new.txt > answers.jsonl
    """

    model: Path
    """The folder of a fine-tuning run."""
    file: tyro.conf.Positional[Path] = Path("-")
    """Texts, one a line (a TAB between the two of a pair); - reads standard input."""
    top_k: int | None = None
    """Answer with N labels and their scores, the chosen ones first; all unless given."""
    text_field: str | None = None
    """Each line is a JSON object, and this field of it holds the text, or a list of two texts."""
    explain: bool = False
    """Say which words carry each label: in the answers, and marked on the terminal."""
    explain_html: Path | None = None
    """With --explain: a page of the marked texts, too."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.explain_html is not None and not self.explain:
            raise InputError("--explain-html: expected beside --explain.")


def run(config: Config) -> dict[str, Any]:
    """Write the answers to standard output, and return how many there were."""
    from kerasbert.files import check_writable, to_json
    from kerasbert.inference.predictor import Predictor
    from kerasbert.streams import shown
    from kerasbert.text.inputs import read_texts
    from kerasbert.text.lines import check_file
    from kerasbert.tokenizer.unknown import Unknown, unknown_in_stream

    if config.explain_html is not None:
        check_writable(config.explain_html)
    check_file(config.file)
    predictor = Predictor(config.model)
    unknown = Unknown()
    stripped = documents = 0
    texts = read_texts(config.file, predictor.pairs, config.text_field)
    chunk_size = EXPLAINED if config.explain else CHUNK
    explained: list[Any] = []
    while chunk := list(itertools.islice(texts, chunk_size)):
        stripped += sum(had_labels for _, had_labels in chunk)
        rows = [text for text, _ in chunk]
        if config.explain:
            answers = _explain(config, predictor, rows, explained)
        else:
            answers = predictor(rows, config.top_k)
        with standard_output():
            for answer in answers:
                sys.stdout.write(to_json(answer) + "\n")
        unknown += unknown_in_stream(predictor.tokenizer, rows, documents)
        documents += len(chunk)
    if stripped:
        say(f"{stripped} lines ended with labels: they were not read as text.")
    if predictor.truncated:
        say(f"{predictor.truncated} texts longer than {predictor.positions} positions were cut.")
    for line in unknown.report(shown(config.file)):
        say(line)
    if config.explain_html is not None:
        from kerasbert.report import explanation_report

        source = Path(shown(config.file)).name
        explanation_report(config.explain_html, source, explained)
        if documents > len(explained):
            say(f"{config.explain_html}: the first {len(explained)} texts.")
    return {"documents": documents, "stripped_labels": stripped}


def _explain(
    config: Config, predictor: Any, rows: list[tuple[str, ...]], explained: list[Any]
) -> list[dict[str, Any]]:
    """The answers with their words; the marked texts go to standard error and to the page."""
    from kerasbert.inference.explain import explain

    answers = []
    for explanation in explain(predictor, rows, config.top_k):
        _show(explanation)
        if config.explain_html is not None and len(explained) < ON_PAGE:
            explained.append(explanation)
        words = {name: explanation.strongest(name) for name in explanation.explained}
        answers.append(explanation.answer | {"words": words})
    return answers


def _show(explanation: Any) -> None:
    """Each label with the text, its words the brighter the more they carry it."""
    from rich.console import Console
    from rich.text import Text

    from kerasbert.report.explanation import marked
    from kerasbert.visible import visible

    console = Console(stderr=True)
    for label in explanation.explained:
        line = Text(f"{visible(label)}: ", style="bold")
        for piece, strength in marked(explanation, label):
            style = "black on yellow" if strength > 2 / 3 else "yellow" if strength > 1 / 3 else ""
            line.append(piece, style=style or "not bold")
        console.print(line)


def main(argv: list[str] | None = None) -> int:
    """The command."""
    return run_command(Config, run, argv, "predict")


if __name__ == "__main__":
    sys.exit(main())
