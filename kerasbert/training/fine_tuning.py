"""Fine-tuning: from labelled text to a run folder with a model, its figures and its report."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from kerasbert.batches.encoded import Windows
from kerasbert.batches.labeled import LabeledBatches
from kerasbert.checkpoints.convert import open_source
from kerasbert.errors import InputError
from kerasbert.heads.head import Head
from kerasbert.runs.begin import begin_run
from kerasbert.runs.folder import RunFolder
from kerasbert.runs.leaving import leaves_nothing
from kerasbert.runs.same_data import check_same_data, data_digests
from kerasbert.runs.settings import settings_of
from kerasbert.settings.defaults import fine_tuning_rate, pooling_of
from kerasbert.settings.encoder import check_length
from kerasbert.settings.fine_tune import FineTuneSettings
from kerasbert.terminal import say, say_row
from kerasbert.text.split import write_documents
from kerasbert.tokenizer.given import given_tokenizer
from kerasbert.tokenizer.training import train_tokenizer
from kerasbert.training.assessment import assess_best, last_epoch, settle_rule, write_results
from kerasbert.training.best_by_rule import BestByRule
from kerasbert.training.epoch_figures import EpochFigures
from kerasbert.training.fit import fit
from kerasbert.training.history import History
from kerasbert.training.learner import build_learner, build_network, take_weights
from kerasbert.training.optimizers.averaging import OnAverage
from kerasbert.training.parts import read_parts, say_what_was_read
from kerasbert.training.plan import StepPlan
from kerasbert.training.progress import Progress
from kerasbert.training.resume import SaveState


@leaves_nothing
def fine_tune(
    settings: FineTuneSettings,
    beside: Callable[..., Any] | None = None,
    said: set[str] | None = None,
    head: Head | None = None,
) -> dict[str, Any]:
    """Fine-tune, and return the figures of metrics.json.

    Args:
        settings: what to learn from, and how.
        beside: makes a callback that judges something else of the same training, from the folder,
            the `EpochFigures`, the `LabeledBatches` by part, the size of the vocabulary and whether
            the texts are pairs.
        said: what has been said of data and tokenizer, by runs before this one, is not said again.
        head: what is to be predicted, if it is the user's own; recognised from the labels else.

    Raises:
        InputError: settings and data do not fit each other; nothing is left behind.
        Interrupted: stopped by a signal; its state is saved, `resume` goes on.
    """
    folder, found = begin_run(settings)
    if found is not None:
        say(f"{folder.path}: the run is finished; nothing to do.")
        return found
    source = open_source(settings.pretrained) if settings.pretrained is not None else None
    documents, head = read_parts(settings, said, head)
    digests = data_digests(documents)
    for warning in check_same_data(folder, digests):
        say(warning)
    tokenizer, architecture = _tokenizer(settings, source, documents["train"], said)
    check_length(architecture, settings.max_length)
    if settings.masked_lm:
        tokenizer.check_mask("--masked-lm")
    windows = _windows(settings, documents["train"])
    pairs = len(documents["train"][0].texts) == 2
    lead = settings.leading_positions(pairs)
    head, svm_note = head.fitted_to(tokenizer.vocabulary_size, lead, pairs)
    data = {
        name: LabeledBatches(
            part,
            tokenizer,
            head,
            max_length=settings.max_length,
            batch_size=settings.batch_size,
            seed=settings.seed,
            windows=windows,
        )
        for name, part in documents.items()
    }
    say_what_was_read(settings, head, documents, data, tokenizer, said)
    if svm_note is not None:
        say(svm_note)
    pretrained = source.load_model() if source is not None else None
    model = build_network(settings, pretrained, architecture, data, lead)
    learner, batches = build_learner(
        settings, model, architecture, tokenizer, data["train"], source
    )
    transfer = None
    if source is not None and not settings.from_scratch:
        transfer = take_weights(settings, source, pretrained, learner)

    head.save(folder.path)
    if settings.valid is None:
        write_documents(folder.file("valid.jsonl"), documents["valid"])
    tokenizer.save(folder.file("tokenizer.json"))
    folder.write_config(
        "finetune",
        architecture,
        settings_of(settings),
        used={
            "tokenizer": tokenizer.style,
            "vocab_size": tokenizer.vocabulary_size,
            "learning_rate": fine_tuning_rate(settings.learning_rate, architecture),
            "pooling": pooling_of(settings.pooling, architecture),
            "kind": head.to_json().get("kind"),
            "lead": lead,
            "linear_svm": any(layer.name == "token_scores" for layer in model.layers),
            "overlap": windows.overlap if windows is not None else None,
        },
        head=head.name,
        **head.to_json(),
        segmenter=tokenizer.segmenter,
        seed=settings.seed,
        max_length=settings.max_length,
        windows=asdict(windows) if windows is not None else None,
        texts=2 if pairs else 1,
        transfer=transfer.to_json() if transfer is not None else None,
        data=digests,
    )
    figures = EpochFigures(data["valid"])
    judges: list[Any] = [figures]
    if beside is not None:
        judges.append(beside(folder, figures, data, tokenizer.vocabulary_size, pairs))
    best = BestByRule(folder, figures, patience=settings.patience)
    history = _train(settings, folder, model, learner, batches, [*judges, best])

    rule, why, best_epoch = settle_rule(folder, best)
    history.settle(best.rows[rule])
    folder.settle_settings(rule=rule)
    assessed = assess_best(folder, data, documents["valid"], rule, why)
    metrics = {
        "head": head.name,
        **assessed.figures,
        "last_epoch": last_epoch(model, data, learner, rule),
        "best_epoch": best_epoch,
        "epochs": len(history.rows),
        "learning_rate": fine_tuning_rate(settings.learning_rate, architecture),
        "initial_loss": history.initial_loss,
        "seconds": round(sum(row["seconds"] for row in history.rows), 1),
    }
    write_results(folder, head, history.rows, metrics, assessed.rows)
    best.clean()
    return metrics


def _windows(settings: FineTuneSettings, train: list) -> Any:
    """How long texts are split, or None where they are cut."""
    if settings.long == "cut":
        return None
    if len(train[0].texts) == 2:
        raise InputError(f"--long windows: expected single texts, {settings.train} holds pairs.")
    return Windows(settings.shared_tokens, settings.windows)


def _tokenizer(
    settings: FineTuneSettings, source: RunFolder | None, train: list, said: set[str] | None
) -> tuple[Any, Any]:
    """Tokenizer and architecture: those of --pretrained, or what the settings say."""
    if source is not None:
        tokenizer, architecture = source.tokenizer(), source.architecture()
        if note := source.special_note():
            say(note, said)
        if architecture is not None:  # earlier versions took padding to be id 0
            architecture = replace(architecture, pad_id=tokenizer.special.pad)
        return tokenizer, architecture
    texts = (text for document in train for text in document.texts)
    tokenizer = given_tokenizer(settings) or train_tokenizer(texts, **settings.for_training())
    return tokenizer, settings.architecture(tokenizer.vocabulary_size, tokenizer.special.pad)


def _train(settings: FineTuneSettings, folder, model, learner, batches, judges: list) -> Any:
    """Train `learner`, which is `model` or holds it, and return its history.

    The last of the judges keeps the best model, and remembers it over an interruption.
    """
    steps_per_epoch, head = batches.steps_per_epoch, judges[0].valid.head
    plan = StepPlan(settings.epochs * steps_per_epoch, steps_per_epoch)
    columns = ["epoch", "loss", "val_loss", *(f"val_{name}" for name in head.figures), "seconds"]
    history = History(folder, columns, steps_per_epoch, say=say_row)
    best = judges[-1]
    saver = SaveState(folder.file("state"), settings.save_minutes, [history, best])
    start, notes = saver.restore(learner)
    for note in notes:
        say(note)
    if not best.stopped:
        progress = Progress(plan, start, "fine-tuning")
        callbacks = [OnAverage(judges, model), history, progress]
        try:
            fit(learner, batches, plan, callbacks, saver)
        finally:
            progress.close()
    return history
