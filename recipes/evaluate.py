"""Score a fine-tuned run on labelled text: loss, micro and macro F1."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from kerasbert.command import print_table, run_command, say
from kerasbert.flags import Flags
from kerasbert.heads.classification.words import (
    decision_text,
    metrics_table,
    rule_sentences,
    unseen_note,
)
from kerasbert.recipes.finetune import say_skipped


@dataclass(frozen=True, kw_only=True)
class Config(Flags):
    """A fine-tuned run and labelled text in, F1 out.

    Example: kerasbert evaluate --model runs/tags --data test.txt --out test.json
    """

    model: Path
    """The folder of a fine-tuning run."""
    data: Path
    """Labelled text."""
    out: Path | None = None
    """Write the figures to this JSON file, too."""
    batch_size: int = 64
    """Documents at a time."""
    skip_bad_lines: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Leave out lines that cannot be read or do not fit the kind, count them, and say so."""


def run(config: Config) -> dict[str, Any]:
    """Evaluate, and return the figures by the saved rule, and again at threshold 0.5."""
    from kerasbert.files import check_writable, write_json
    from kerasbert.text import LineProblems, read_labeled

    if config.out is not None:
        check_writable(config.out)
    problems = LineProblems(skip=config.skip_bad_lines)
    documents = read_labeled(config.data, problems)

    from kerasbert.batches.labeled import LabeledBatches
    from kerasbert.heads.classification.analysis import calibration_of
    from kerasbert.heads.classification.kinds import keep_fitting
    from kerasbert.inference.predictor import Predictor
    from kerasbert.streams import shown
    from kerasbert.text.inputs import check_texts
    from kerasbert.tokenizer.unknown import unknown_in
    from kerasbert.training.epoch_f1 import logits_of, score_logits

    predictor = Predictor(config.model)
    check_texts(len(documents[0].texts), predictor.pairs, shown(config.data))
    documents = keep_fitting(documents, predictor.kind, config.data, problems)
    predictor.labels.check_known(documents, config.data)
    say_skipped(problems)
    data = LabeledBatches(
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
    if data.texts.truncated:
        say(f"{data.texts.truncated} texts longer than {data.max_length} positions were cut")
    if data.texts.unknown or predictor.tokenizer.drops_unknown:
        unknown = unknown_in(predictor.tokenizer, [document.texts for document in documents])
        for line in unknown.report(shown(config.data)):
            say(line)
    logits = logits_of(predictor.model, data, config.batch_size)
    metrics = {
        "data": score_logits(logits, data, predictor.decision),
        "at_half": {
            "data": score_logits(logits, data, predictor.at_half),
            "decision": predictor.at_half.to_json(),
        },
        "threshold": predictor.decision.common,
        "decision": predictor.decision.to_json(),
        "calibration": {"data": calibration_of(logits, data.gold, predictor.decision)},
        "kind": predictor.kind,
        "unseen_labels": dict(unseen),
    }
    if config.out is not None:
        write_json(config.out, metrics)
    return metrics


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(metrics: dict[str, Any]) -> None:
        print_table(decision_text(metrics), metrics_table(metrics))
        if sentences := rule_sentences(metrics):
            print(sentences)

    return run_command(Config, run, argv, "evaluate", show)


if __name__ == "__main__":
    sys.exit(main())
