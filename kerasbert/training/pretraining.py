"""Pre-training: from a token store or raw text to a run folder with an encoder."""

import math
import time
from typing import Any

from kerasbert.batches.pretraining import PretrainingBatches
from kerasbert.checkpoints.convert import open_source
from kerasbert.errors import InputError
from kerasbert.evaluation.objectives import pretraining_verdict
from kerasbert.growing_table import GrowingTable
from kerasbert.models import build_encoder, repeat_positions, transfer_weights
from kerasbert.report import pretrain_card, pretrain_report
from kerasbert.runs.begin import begin_run
from kerasbert.runs.folder import RunFolder
from kerasbert.runs.leaving import leaves_nothing
from kerasbert.runs.settings import settings_of
from kerasbert.settings.defaults import pooling_of, pretraining_dropout, pretraining_rate
from kerasbert.settings.encoder import check_length
from kerasbert.settings.pretrain import PretrainSettings
from kerasbert.tasks import TASKS, TaskSettings, TeacherVectors
from kerasbert.tasks.held_out import figures_of
from kerasbert.tasks.masked_lm import MaskedLM
from kerasbert.terminal import say
from kerasbert.text.lines import check_file
from kerasbert.tokenizer.vocabulary_change import told
from kerasbert.training.changed_vocabulary import at_the_start, check_any_vocabulary, origins_of
from kerasbert.training.fit import fit
from kerasbert.training.history import History
from kerasbert.training.learned import guessed_words, nearest_words
from kerasbert.training.plan import StepPlan, TimePlan
from kerasbert.training.pretraining_corpus import open_store
from kerasbert.training.pretraining_model import (
    build_model,
    choose_architecture,
    say_what_comes,
    start_from_vectors,
)
from kerasbert.training.progress import Progress
from kerasbert.training.resume import SaveState
from kerasbert.training.run_log import check_log, closed, open_log
from kerasbert.training.teacher import Teacher
from kerasbert.training.validation import ObjectiveValidation


@leaves_nothing
def pretrain(settings: PretrainSettings) -> dict[str, Any]:
    """Pre-train, and return the figures of metrics.json.

    Raises:
        InputError: settings and text do not fit each other; nothing is left behind.
        Interrupted: stopped by a signal; its state is saved, `resume` goes on.
    """
    folder, found = begin_run(settings)
    if found is not None:
        return found
    source = open_source(settings.pretrained) if settings.pretrained is not None else None
    _refuse_early(settings, source)
    if source is not None and (note := source.special_note()):
        say(note)
    store = open_store(settings, folder, source)
    architecture = choose_architecture(settings, folder, source, store)
    # That of a public model has an activation and an epsilon of its own.
    given = source.config().get("masked_lm_head") if source is not None else None
    of_head = given or architecture.masked_lm_head()
    task_settings = TaskSettings(
        settings.seed,
        settings.masking,
        settings.masking_rate,
        settings.max_predictions,
        **of_head,
    )
    tasks = [TASKS[name](store, task_settings) for name in TASKS if name in settings.tasks]
    options: dict[str, Any] = {"max_length": settings.max_length, "limit": settings.limit}
    teacher = Teacher(open_source(settings.teacher)) if settings.teacher is not None else None
    if teacher is not None:
        tasks.append(TeacherVectors(teacher.width, settings.teacher_weight, settings.seed))
    train = PretrainingBatches(
        store,
        tasks,
        batch_size=settings.batch_size,
        seed=settings.seed,
        pack=settings.pack,
        gap=_document_gap(architecture) if settings.pack else 0,
        **options,
    )
    # Each by itself: the same rows whatever is trained beside it, so that runs can be compared.
    valid = {
        task: PretrainingBatches(store, [task], batch_size=64, part="valid", **options)
        for task in tasks
    }
    if teacher is not None:
        for batches in (train, valid[tasks[-1]]):
            batches.vectors = teacher.vectors(batches)
    total = settings.steps or (settings.epochs or 3) * train.steps_per_epoch
    model = build_model(settings, architecture, tasks, total)
    transfer, changed = None, dict(store.manifest.get("vocabulary", {}))
    if source is not None:
        begins = origins_of(source, store)
        heads = [task.name for task in tasks]
        transfer = transfer_weights(source.load_model(), model, heads, begins)
        say(f"from {settings.pretrained}: {transfer}")
        trained = source.trained_length(settings.max_length)
        repeat_positions(model.get_layer("embedding"), trained, settings.max_length)
        if begins is not None and not folder.file("config.json").exists():
            pooling = pooling_of(settings.pooling, architecture)
            changed |= at_the_start(source, model, pooling, valid)
            say(told(changed))
    if settings.vectors is not None:
        say(f"from {settings.vectors}: {start_from_vectors(settings, model, store.tokenizer)}")

    store.tokenizer.save(folder.file("tokenizer.json"))
    folder.write_config(
        "pretrain",
        architecture,
        settings_of(settings),
        used={
            "tokenizer": store.tokenizer.style,
            "vocab_size": store.tokenizer.vocabulary_size,
            "learning_rate": pretraining_rate(settings.learning_rate, architecture),
            "dropout": pretraining_dropout(settings.dropout, architecture),
            "pooling": pooling_of(settings.pooling, architecture),
        },
        segmenter=store.tokenizer.segmenter,
        seed=settings.seed,
        plan={"steps": None if settings.minutes else total, "minutes": settings.minutes}
        | {"steps_per_epoch": train.steps_per_epoch},
        transfer=transfer.to_json() if transfer is not None else None,
        masked_lm_head=of_head or None,
        vocabulary=changed or None,
    )
    say_what_comes(settings, architecture, store, train, model, total)
    objectives = {task.name: figures_of(task) for task in tasks}
    began = time.monotonic()
    rows = _train(settings, folder, architecture, model, train, valid, total)
    folder.save_model(model)
    metrics = {
        **{
            name: float("nan") if value == "" else value  # nothing stands for it in history.csv
            for name, value in rows[-1].items()
            if name != "seconds"
        },
        **pretraining_verdict(objectives, rows[-1]),
        "seconds": round(sum(row["seconds"] for row in rows), 2),
        "session_seconds": round(time.monotonic() - began, 1),
        "weights": model.count_params(),
        "documents": store.documents,
        "tokens": store.tokens,
    }
    about = folder.config()
    if changed:
        metrics["vocabulary"] = about["vocabulary"]
    path, name = folder.file("report.html"), folder.path.name
    learned = _learned(model, store, valid)
    pretrain_report(path, name, rows, metrics, about, objectives, learned)
    pretrain_card(folder.file("README.md"), name, metrics, about, objectives)
    folder.write_json("metrics.json", metrics)
    return metrics


def _learned(model, store, valid: dict[Any, PretrainingBatches]) -> dict[str, Any]:
    """What the report shows of what was learned."""
    found = {"nearest": nearest_words(model, store.tokenizer, store.token_shares())}
    for task, batches in valid.items():
        if task.name == MaskedLM.name:
            found["guesses"] = guessed_words(model, batches)
    return found


def _refuse_early(settings: PretrainSettings, source: RunFolder | None) -> None:
    """Refuse what cannot end well before a corpus is prepared, which may take hours."""
    if source is not None:
        if source.architecture() is None:
            raise InputError(
                f"{settings.pretrained}: the run has an encoder of its own making, which the "
                "command line cannot build again. Use the library: see docs/guides/extending.md."
            )
        check_length(source.architecture(), settings.max_length)
        if settings.changes_vocabulary:
            check_any_vocabulary(source.architecture(), "--pretrained")
    if settings.vectors is not None:
        check_file(settings.vectors)
    if settings.log is not None:
        check_log(settings.log)


def _document_gap(architecture) -> int:
    """Positions that part two documents of a row, as this encoder needs them."""
    gap = getattr(build_encoder(architecture), "document_gap", None)
    if gap is None:
        raise InputError(
            f"--pack: the encoder {architecture.encoder} cannot keep the documents of a row apart."
            " Leave it out."
        )
    return gap


def _train(
    settings: PretrainSettings, folder, architecture, model, train, valid, total: int
) -> list[dict[str, Any]]:
    """Train, from the saved state if there is one, and return the rows of history.csv."""
    callbacks: list[Any] = [ObjectiveValidation(valid)]
    figures = [figures_of(task) for task in valid]
    of_tasks = [column for one in figures for column in one.columns]
    columns = ["step", "epoch", "loss", "val_loss", *of_tasks, "seconds"]
    known = {compared.loss: compared.known for one in figures for compared in one.losses}
    # Of one objective alone the sum of the losses is its own.
    table = GrowingTable(known, hidden=["val_loss"] if len(figures) == 1 else [])
    history = History(folder, columns, train.steps_per_epoch, say=table)
    plan: StepPlan | TimePlan
    remembering: list[Any] = [history]
    if settings.minutes is not None:
        peak = pretraining_rate(settings.learning_rate, architecture)
        plan = TimePlan(settings.minutes, peak, settings.decay, say)
        callbacks.insert(0, plan)
        remembering.append(plan)
    else:
        plan = StepPlan(total, min(train.steps_per_epoch, math.ceil(total / 10)))
    saver = SaveState(folder.file("state"), settings.save_minutes, remembering)
    start, notes = saver.restore(model)
    for note in notes:
        say(note)
    if start:
        say(f"going on from step {start:,}")
    tokens_per_step = train.blocks.tokens / train.steps_per_epoch
    progress = Progress(plan, start, "pre-training", tokens_per_step)
    closing: list[Any] = [progress]
    if settings.log is not None:
        closing.append(open_log(settings.log, folder, settings_of(settings), start))
    with closed(closing):
        fit(model, train, plan, [*callbacks, history, *closing], saver)
    return history.rows
