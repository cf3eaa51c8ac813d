"""Scoring a fine-tuned run on labelled text that it has not seen."""

from pathlib import Path
from typing import Any

from kerasbert.batches.labeled import LabeledBatches
from kerasbert.heads.head import Head
from kerasbert.inference.predictor import Predictor
from kerasbert.streams import shown
from kerasbert.terminal import say
from kerasbert.text import LineProblems
from kerasbert.text.fields import Fields
from kerasbert.text.inputs import check_texts
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
) -> dict[str, Any]:
    """The figures of a fine-tuned run by its saved decision, and of labels at threshold 0.5, too.

    Args:
        run: the folder of a fine-tuning run.
        data: a file of labelled text.
        batch_size: documents at a time.
        skip_bad_lines: leave out lines that cannot be read or do not fit the kind, and say so.
        head: the user's own that the run was made with.
        fields: of a table or records; usual names are found.

    Raises:
        InputError: the folder is no such run, or the file holds something else than it was
            trained on.
    """
    problems = LineProblems(skip=skip_bad_lines)
    predictor = Predictor(run, head)
    head = predictor.head
    documents = head.read_documents(data, problems, fields=fields, say=say)
    check_texts(len(documents[0].texts), predictor.pairs, shown(data))
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
    say("; ".join([f"{len(documents):,} documents", *head.notes(documents, batches.gold)]))
    if batches.texts.truncated:
        say(f"{batches.texts.truncated} texts longer than {batches.max_length} positions were cut")
    if batches.texts.unknown or predictor.tokenizer.drops_unknown:
        unknown = unknown_in(predictor.tokenizer, [document.texts for document in documents])
        for line in unknown.report(shown(data)):
            say(line)
    outputs = outputs_of(predictor.model, batches, batch_size)
    return head.evaluate(outputs, batches, predictor.metrics) | {
        "unseen_labels": dict(head.unseen(documents))
    }
