"""Answer new texts or questions: a line of JSON for each, in the order of the input."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from kerasbert.choices import AnswerFormat
from kerasbert.commands.command import run_command, standard_output
from kerasbert.errors import InputError
from kerasbert.figures import counted
from kerasbert.settings.data import TextFieldSettings, take_file
from kerasbert.settings.settings import Settings
from kerasbert.terminal import say

ON_PAGE = 500  # texts on a page of explanations: it is for people


@dataclass(frozen=True, kw_only=True)
class Config(TextFieldSettings, Settings):
    """A fine-tuned run and texts in, JSON lines or CSV out.

    Texts stand in lines, a table (CSV, TSV), JSON Lines, JSON or Parquet; labels in them are not
    read. Each answer: {"labels": ["a"], "scores": {"a": 0.93, ...}}, or {"value": 3.8,
    "interval": [3.1, 4.5]}, or {"spans": [{"start": 0, "end": 4, ...}]}, or {"answer": "1843",
    "start": 41, "end": 45, ...} of questions (SQuAD's JSON, too), behind the id and the fields of
    --keep, if there are any. An empty text has no label and no score. With --explain "words" and
    "against", the ten that speak most for and against each label, and the same of "runner_up".

    Example: kerasbert predict --model runs/tags new.csv --keep title > answers.jsonl
    """

    model: Path
    """The folder of a fine-tuning run."""
    file: tyro.conf.Positional[Path] = Path("-")
    """Texts (of lines a TAB between the two of a pair); - reads standard input."""
    keep: tuple[str, ...] = ()
    """Fields that come along, beside the id; one called "labels" as "input_labels"."""
    format: AnswerFormat = "jsonl"
    """jsonl: a line of JSON an answer. csv: a table, the labels in one cell, parted by |."""
    top_k: int | None = None
    """Answer with N labels and their scores, the chosen ones first; all unless given."""
    threshold: float | None = None
    """Of a multi-label run: labels with this score or more, instead of its fitted thresholds."""
    labels_only: bool = False
    """Leave out the scores."""
    explain: bool = False
    """Say which words speak for and against each label: in the answers, and on the terminal."""
    explain_html: Path | None = None
    """With --explain: a page of the marked texts, too."""

    def __post_init__(self) -> None:
        take_file(self)
        super().__post_init__()
        if self.explain_html is not None and not self.explain:
            raise InputError("--explain-html: expected beside --explain.")


def run(config: Config) -> dict[str, Any]:
    """Write the answers to standard output, and return how many there were."""
    from kerasbert.files import check_writable
    from kerasbert.inference.answering import WRITERS, Passed, answer_chunks
    from kerasbert.inference.predictor import Predictor, given_options
    from kerasbert.report.explanation import explanation_report, show_explanation
    from kerasbert.streams import shown
    from kerasbert.text.lines import check_file

    if config.explain_html is not None:
        check_writable(config.explain_html)
    check_file(config.file)
    fields = config.fields(config.keep)
    predictor = Predictor(config.model)
    options = given_options(
        top_k=config.top_k, threshold=config.threshold, labels_only=config.labels_only
    )
    predictor.head.check_options(options)
    explained: list[Any] = []

    def show(explanation: Any) -> None:
        show_explanation(explanation)
        if config.explain_html is not None and len(explained) < ON_PAGE:
            explained.append(explanation)

    passed = Passed()
    texts = predictor.head.read_inputs(config.file, predictor.pairs, fields, say)
    writer = WRITERS[config.format](sys.stdout, predictor.head, say)
    for answered in answer_chunks(
        predictor, texts, passed, options, show if config.explain else None
    ):
        with standard_output():
            writer.write(answered)
    for note in passed.notes(shown(config.file), "got no answer"):
        say(note)
    if predictor.truncated:
        longer = counted(predictor.truncated, "text")
        say(f"{longer} longer than {predictor.positions} positions cut.")
    if config.explain_html is not None:
        explanation_report(config.explain_html, Path(shown(config.file)).name, explained)
        if passed.documents > len(explained):
            say(f"{config.explain_html}: the first {len(explained)} texts.")
    return {
        "documents": passed.documents,
        "empty": passed.empty,
        "stripped_labels": passed.stripped,
    }


def main(argv: list[str] | None = None) -> int:
    """The command."""
    return run_command(Config, run, argv, "predict")


if __name__ == "__main__":
    sys.exit(main())
