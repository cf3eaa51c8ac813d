"""Fine-tuning: from labelled text to a run folder with a model, its figures and its report."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from kerasbert.batches.labeled import LabeledBatches
from kerasbert.checkpoints.convert import open_source
from kerasbert.growing_table import GrowingTable
from kerasbert.heads.head import Head
from kerasbert.runs.begin import begin_run
from kerasbert.runs.folder import RunFolder
from kerasbert.runs.leaving import leaves_nothing
from kerasbert.runs.same_data import check_same_data, data_digests, texts_digest
from kerasbert.runs.settings import settings_of
from kerasbert.settings.defaults import pooling_of
from kerasbert.settings.fine_tune import FineTuneSettings
from kerasbert.terminal import say
from kerasbert.training.advice import what_to_try
from kerasbert.training.assessment import assess_best, last_epoch, settle_rule, write_results
from kerasbert.training.best_by_rule import BestByRule
from kerasbert.training.epoch_figures import EpochFigures
from kerasbert.training.epoch_plan import EpochPlan, report_steps
from kerasbert.training.fit import fit
from kerasbert.training.frozen import forget_vectors
from kerasbert.training.history import History
from kerasbert.training.learner import Learner, build_learner
from kerasbert.training.optimizers.averaging import OnAverage
from kerasbert.training.parts import make_batches, read_parts
from kerasbert.training.plan import StepPlan
from kerasbert.training.progress import Progress
from kerasbert.training.resume import SaveState
from kerasbert.training.rivals import train_rival
from kerasbert.training.run_log import check_log, closed, open_log
from kerasbert.training.starting_point import starting_point
from kerasbert.training.taught import raw_texts

# Under --minutes. From 131 documents of eprstmt 7 epochs gave a test F1 of 0.752, 30 of 0.757.
MOST_EPOCHS = 30


@leaves_nothing
def fine_tune(
    settings: FineTuneSettings,
    beside: Callable[..., Any] | None = None,
    said: set[str] | None = None,
    head: Head | None = None,
    source: RunFolder | None = None,
) -> dict[str, Any]:
    """Fine-tune, and return the figures of metrics.json.

    Args:
        settings: what to learn from, and how.
        beside: makes a callback that judges something else of the same training, from the folder,
            the `EpochFigures`, the `LabeledBatches` by part, the size of the vocabulary and whether
            the texts are pairs.
        said: what has been said of data and tokenizer, by runs before this one, is not said again.
        head: what is to be predicted, if it is the user's own; recognised from the labels else.
        source: what `open_source` made of `settings.pretrained`, where it is already open.

    Raises:
        InputError: settings and data do not fit each other; nothing is left behind.
        Interrupted: stopped by a signal; its state is saved, `resume` goes on.
    """
    folder, found = begin_run(settings)
    if found is not None:
        return found
    if source is None and settings.pretrained is not None:
        source = open_source(settings.pretrained)
    if settings.log is not None:
        check_log(settings.log)
    documents, head = read_parts(settings, said, head)
    digests, raw = data_digests(documents), raw_texts(settings)
    if raw:
        digests["corpus"] = texts_digest(raw)
    for warning in check_same_data(folder, digests):
        say(warning)
    tokenizer, architecture = starting_point(settings, source, documents["train"], said)
    data: Mapping[str, LabeledBatches] = make_batches(settings, head, documents, tokenizer, said)
    head, windows, pairs = data["train"].head, data["train"].windows, data["train"].texts.pairs
    rival = train_rival(head, documents, settings.rival)
    learner = build_learner(settings, folder, source, architecture, tokenizer, data, said, raw)
    data, peak = learner.data, learner.peak

    head.save(folder.path)
    if settings.valid is None:
        head.write_documents(folder.file("valid.jsonl"), documents["valid"])
    tokenizer.save(folder.file("tokenizer.json"))
    folder.write_config(
        "finetune",
        architecture,
        settings_of(settings),
        used={
            "tokenizer": tokenizer.style,
            "vocab_size": tokenizer.vocabulary_size,
            "learning_rate": peak,
            "pooling": pooling_of(settings.pooling, architecture),
            "head": head.name,
            **head.settled(),
            "lead": learner.lead,
            "linear_svm": any(layer.name == "token_scores" for layer in learner.model.layers),
            "overlap": windows.overlap if windows is not None else None,
        },
        head=head.name,
        **head.to_json(),
        segmenter=tokenizer.segmenter,
        seed=settings.seed,
        max_length=settings.max_length,
        windows=asdict(windows) if windows is not None else None,
        texts=2 if pairs else 1,
        pair=settings.pair if pairs else None,
        transfer=learner.transfer.to_json() if learner.transfer is not None else None,
        data=digests,
    )
    figures = EpochFigures(data["valid"])
    judges: list[Any] = [figures]
    if beside is not None:
        judges.append(beside(folder, figures, data, tokenizer.vocabulary_size, pairs))
    best = BestByRule(folder, figures, patience=settings.patience)
    history = _train(settings, folder, learner, [*judges, best])

    rule, why, best_epoch = settle_rule(folder, best)
    history.settle(best.rows[rule])
    folder.settle_settings(rule=rule)
    assessed = assess_best(folder, data, documents["valid"], rule, why)
    metrics = {
        "head": head.name,
        **assessed.figures,
        "last_epoch": last_epoch(learner.model, data, learner.trained, rule),
        "best_epoch": best_epoch,
        "epochs": len(history.rows),
        "learning_rate": peak,
        "initial_loss": history.initial_loss,
        "seconds": round(sum(row["seconds"] for row in history.rows), 2),
        **rival,
    }
    metrics["verdict"] = head.verdict(metrics, what_to_try(settings, metrics, data["train"]))
    counts = {name: len(part) for name, part in documents.items()}
    write_results(folder, head, history.rows, metrics, assessed.rows, counts)
    best.clean()
    forget_vectors(folder)
    return metrics


def _train(
    settings: FineTuneSettings,
    folder: RunFolder,
    learner: Learner,
    judges: list[Any],
) -> History:
    """Train, and return the history.

    The last of the judges keeps the best model, and remembers it over an interruption.
    """
    steps_per_epoch, valid = learner.batches.steps_per_epoch, judges[0].valid
    head = valid.head
    plan: StepPlan | EpochPlan
    if settings.epochs is not None:
        plan = StepPlan(settings.epochs * steps_per_epoch, steps_per_epoch)
    else:
        assert settings.minutes is not None
        plan = EpochPlan(
            settings.minutes,
            learner.peak,
            steps_per_epoch,
            report_steps(len(valid.texts), settings.batch_size),
            most=MOST_EPOCHS,
            decay=settings.decay,
            say=say,
        )
    planned = [plan] if isinstance(plan, EpochPlan) else []
    columns = ["epoch", "loss", "val_loss", *(f"val_{name}" for name in head.figures), "seconds"]
    history = History(folder, columns, steps_per_epoch, say=GrowingTable())
    best = judges[-1]
    saver = SaveState(folder.file("state"), settings.save_minutes, [history, best, *planned])
    start, notes = saver.restore(learner.trained)
    for note in notes:
        say(note)
    if start:
        say(f"going on from step {start:,}")
    if not best.stopped:
        closing: list[Any] = [Progress(plan, start, "fine-tuning")]
        if settings.log is not None:
            closing.append(open_log(settings.log, folder, settings_of(settings), start))
        callbacks = [*planned, OnAverage(judges, learner.model), history, *closing]
        with closed(closing):
            fit(learner.trained, learner.batches, plan, callbacks, saver)
    return history
