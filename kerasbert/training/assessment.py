"""What a fine-tuned model is worth: its figures, the report of its run, and its last epoch."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kerasbert.batches.labeled import LabeledBatches
from kerasbert.heads.head import Assessed
from kerasbert.heads.registry import HEADS
from kerasbert.report import fine_tuning_card, fine_tuning_report
from kerasbert.runs.folder import RunFolder
from kerasbert.terminal import say
from kerasbert.training.best_by_rule import BestByRule
from kerasbert.training.epoch_figures import outputs_of
from kerasbert.training.optimizers.averaging import averaged

SPLITS = ("valid", "test")


def settle_rule(run: RunFolder, best: BestByRule) -> tuple[str, str, int]:
    """Which rule the run has from here on: its history, its best epoch and its decision.

    The one whose best epoch has the better figure on validation data, with a decision fitted to it.

    Args:
        run: the folder.
        best: the models that training kept; that of the rule becomes `model.keras`.

    Returns:
        as `BestByRule.settle`.
    """
    valid = best.figures.valid
    head = valid.head

    def score(rule: str, file: str) -> float:
        outputs = outputs_of(run.load_model(file), valid)
        return head.score(outputs, valid, head.fit(outputs, valid, rule))[head.best]

    return best.settle(score)


def assess_best(
    run: RunFolder,
    data: Mapping[str, LabeledBatches],
    documents: Sequence[Any],
    rule: str | None = None,
    why: str = "",
) -> Assessed:
    """Judge the best model of a run, by the rule that was settled; see `Head.assess`.

    Args:
        run: the folder, with the best model.
        data: "train", "valid", and "test" where there is one.
        documents: the `LabeledDocument`s of "valid".
        rule: see `settle_rule`.
        why: the reason for it.
    """
    model = run.load_model()
    outputs = {name: outputs_of(model, data[name]) for name in SPLITS if name in data}
    head = data["valid"].head
    found = head.assess(outputs, data, documents, rule, why)
    settled, notes = head.after_training(model)
    for note in notes:
        say(note)
    return replace(found, figures=found.figures | settled)


def last_epoch(
    model, data: Mapping[str, LabeledBatches], learner, rule: str | None = None
) -> dict[str, dict[str, Any]]:
    """The figures of a model as training left it, with its averaged weights, by no fitted decision.

    Args:
        model: that was fine-tuned.
        data: the parts to be scored, "valid" among them.
        learner: the model that was trained: the same one, or one that holds it.
        rule: see `settle_rule`.
    """
    head = data["valid"].head
    with averaged(learner):
        outputs = {name: outputs_of(model, data[name]) for name in SPLITS if name in data}
    decision = head.decide(outputs["valid"], data["valid"], rule)
    return {name: head.score(part, data[name], decision) for name, part in outputs.items()}


def write_results(
    run: RunFolder,
    head,
    history: Sequence[Mapping[str, Any]],
    metrics: Mapping[str, Any],
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    documents: Mapping[str, int],
) -> None:
    """The head's files, report.html, README.md and, last of all, metrics.json.

    Args:
        run: the folder.
        head: what is predicted.
        history: the rows of history.csv.
        metrics: for metrics.json.
        rows: of `Assessed`.
        documents: how many each part has.
    """
    head.write_rows(run.path, rows)
    fine_tuning_report(
        run.file("report.html"),
        run.path.name,
        head.sections(history, metrics, rows),
        head.about(),
        run.config(),
    )
    fine_tuning_card(
        run.file("README.md"),
        run.path.name,
        head.about(),
        head.predicts(metrics),
        head.table(metrics),
        {name: head.results(metrics[name]) for name in SPLITS if name in metrics},
        documents,
        run.config(),
        pipeline_tag=head.pipeline_tag,
        own_head=head.name not in HEADS,
    )
    run.write_json("metrics.json", metrics)
