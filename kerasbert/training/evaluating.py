"""Scoring a fine-tuned run on labelled text that it has not seen."""

from pathlib import Path
from typing import Any

from kerasbert.batches.labeled import LabeledBatches
from kerasbert.evaluation.analysis import calibration_of
from kerasbert.evaluation.run_text import unseen_note
from kerasbert.inference.predictor import Predictor
from kerasbert.streams import shown
from kerasbert.terminal import say
from kerasbert.text import LineProblems, read_labeled
from kerasbert.text.inputs import check_texts
from kerasbert.text.kinds import keep_fitting
from kerasbert.tokenizer.unknown import unknown_in
from kerasbert.training.epoch_f1 import logits_of, score_logits
from kerasbert.training.parts import say_skipped


def evaluate(
    run: str | Path, data: str | Path, batch_size: int = 64, skip_bad_lines: bool = False
) -> dict[str, Any]:
    """The figures of a fine-tuned run by its saved rule, and again at threshold 0.5.

    Args:
        run: the folder of a fine-tuning run.
        data: a file of labelled text.
        batch_size: documents at a time.
        skip_bad_lines: leave out lines that cannot be read or do not fit the kind, and say so.

    Raises:
        InputError: the folder is no such run, or the file holds something else than it was
            trained on.
    """
    problems = LineProblems(skip=skip_bad_lines)
    documents = read_labeled(data, problems)
    predictor = Predictor(run)
    check_texts(len(documents[0].texts), predictor.pairs, shown(data))
    documents = keep_fitting(documents, predictor.kind, data, problems)
    predictor.labels.check_known(documents, data)
    say_skipped(problems)
    batches = LabeledBatches(
        documents,
        predictor.tokenizer,
        predictor.labels,
        predictor.kind,
        predictor.max_length,
        windows=predictor.windows,
    )
    unseen = predictor.labels.unseen(documents)
    if unseen:
        say(unseen_note(unseen))
    if unlabeled := sum(not document.labels for document in documents):
        say(f"{unlabeled} documents have no label")
    if batches.texts.truncated:
        say(f"{batches.texts.truncated} texts longer than {batches.max_length} positions were cut")
    if batches.texts.unknown or predictor.tokenizer.drops_unknown:
        unknown = unknown_in(predictor.tokenizer, [document.texts for document in documents])
        for line in unknown.report(shown(data)):
            say(line)
    logits = logits_of(predictor.model, batches, batch_size)
    return {
        "data": score_logits(logits, batches, predictor.decision),
        "at_half": {
            "data": score_logits(logits, batches, predictor.at_half),
            "decision": predictor.at_half.to_json(),
        },
        "threshold": predictor.decision.common,
        "decision": predictor.decision.to_json(),
        "calibration": {"data": calibration_of(logits, batches.gold, predictor.decision)},
        "kind": predictor.kind,
        "unseen_labels": dict(unseen),
    }
