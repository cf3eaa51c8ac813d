"""Scoring a fine-tuned run on labelled text that it has not seen."""

from pathlib import Path
from typing import Any

from kerasbert.batches.labeled import LabeledBatches
from kerasbert.errors import InputError
from kerasbert.figures import counted
from kerasbert.heads.head import Head
from kerasbert.heads.verdict import change_verdict
from kerasbert.inference.predictor import Predictor
from kerasbert.invocation import command_line, today
from kerasbert.report import evaluation_report
from kerasbert.runs.folder import RunFolder
from kerasbert.streams import shown
from kerasbert.terminal import say
from kerasbert.text import LineProblems
from kerasbert.text.fields import Fields
from kerasbert.tokenizer.unknown import unknown_in
from kerasbert.training.epoch_figures import outputs_of
from kerasbert.training.parts import say_skipped


def evaluate(
    run: str | Path,
    data: str | Path,
    batch_size: int = 64,
    skip_bad_lines: bool = False,
    head: Head | None = None,
    fields: Fields | None = None,
    report: str | Path | None = None,
) -> dict[str, Any]:
    """The figures of a fine-tuned run by its saved decision, and of labels at threshold 0.5, too.

    Args:
        run: the folder of a fine-tuning run.
        data: a file of labelled text.
        batch_size: documents at a time.
        skip_bad_lines: leave out lines that cannot be read or do not fit the kind, and say so.
        head: the user's own that the run was made with.
        fields: of a table or records; usual names are found.
        report: a file to write, the page of these documents: an HTML file that loads nothing.

    Raises:
        InputError: the folder is no such run, or the file holds something else than it was
            trained on.
    """
    problems = LineProblems(skip=skip_bad_lines)
    predictor = Predictor(run, head)
    head = predictor.head
    documents = head.read_documents(data, problems, fields=fields, say=say)
    if (len(documents[0].texts) == 2) != predictor.pairs:
        held, taken = ("single texts", "pairs") if predictor.pairs else ("pairs", "single texts")
        raise InputError(
            f"{shown(data)}: the file holds {held}, the run takes {taken}. Name the fields of the"
            " text, one or two: --text-field NAME."
        )
    documents = head.prepare({"data": documents}, {"data": Path(data)}, problems)["data"]
    say_skipped(problems)
    batches = LabeledBatches(
        documents,
        predictor.tokenizer,
        head,
        max_length=predictor.max_length,
        windows=predictor.windows,
        apart=predictor.apart,
    )
    say("; ".join([f"{len(documents):,} documents", *batches.notes(documents)]))
    if batches.texts.truncated:
        longer = counted(batches.texts.truncated, "text")
        say(f"{longer} longer than {batches.max_length} positions cut")
    if batches.texts.unknown or predictor.tokenizer.drops_unknown:
        unknown = unknown_in(predictor.tokenizer, [document.texts for document in documents])
        for line in unknown.report(shown(data)):
            say(line)
    outputs = outputs_of(predictor.model, batches, batch_size)
    found = head.evaluate(outputs, batches, predictor.metrics) | {
        "unseen_labels": dict(head.unseen(documents))
    }
    found["verdict"] = change_verdict(found["data"], predictor.metrics, head.best, head.mode)
    if report is not None:
        rows = head.browse(outputs, batches, documents, predictor.metrics)
        made = {"run": Path(run).name, "data": Path(shown(data)).name, "command": command_line()}
        evaluation_report(
            report,
            head.sections([], found, rows),
            head.about(predictor.pairs),
            made | {"date": today()},
            RunFolder(run).config(),
        )
    return found
