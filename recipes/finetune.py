"""Fine-tune an encoder on labelled text, and see micro and macro F1 after every epoch."""

import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import tyro

from kerasbert.choices import KindName, Thresholds
from kerasbert.command import leaves_nothing, print_table, run_command, say, say_row
from kerasbert.config import defaults_for
from kerasbert.errors import InputError
from kerasbert.evaluation.run_text import (
    decision_text,
    metrics_table,
    rule_sentences,
    unseen_note,
)
from kerasbert.options import (
    EncoderOptions,
    FineTuningOptions,
    TokenizerOptions,
    TrainingOptions,
    check_length,
    refuse_beside_pretrained,
)

COLUMNS = "epoch loss val_loss val_micro_f1 val_macro_f1 val_f1 seconds"


@dataclass(frozen=True, kw_only=True)
class Config(EncoderOptions, TokenizerOptions, TrainingOptions, FineTuningOptions):
    """Labelled text in, a run folder with a classifier out.

    Example: kerasbert finetune --pretrained runs/lm --train train.txt --valid valid.txt
    --test test.txt --out runs/tags
    """

    train: Path
    """Labelled text to learn from: lines of text __label__a __label__b."""
    valid: Path
    """Labelled text that chooses epoch and threshold."""
    out: Path
    """The folder of the run."""
    test: Path | None = None
    """Labelled text that nothing is chosen on: for the last figure only."""
    pretrained: Path | None = None
    """The run whose tokenizer, architecture and weights to start from."""
    from_scratch: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Take tokenizer and architecture of --pretrained, but none of its weights."""
    kind: KindName | None = None
    """What is to be predicted; recognised from the labels unless given."""
    thresholds: Thresholds = "label"
    """What multi-label probabilities must reach: a threshold for each label or one for all, both
    fitted on --valid; or one half."""
    epochs: int = 7
    """Passes over the training data."""
    patience: int | None = None
    """Stop after so many epochs without a better validation F1."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_fine_tuning()
        if self.pretrained is not None:
            refuse_beside_pretrained(self, EncoderOptions, TokenizerOptions)
        elif self.from_scratch:
            raise InputError("--from-scratch: expected beside --pretrained RUN.")
        else:
            check_length(self.architecture(vocabulary_size=1), self.max_length)


@leaves_nothing
def run(
    config: Config, beside: Callable[..., Any] | None = None, said: set[str] | None = None
) -> dict[str, Any]:
    """Fine-tune, and return the figures of metrics.json.

    Args:
        config: the flags.
        beside: makes a callback that judges something else of the same training, from the folder,
            the `EpochF1`, the `LabeledBatches` by part, the size of the vocabulary and whether the
            texts are pairs.
        said: what has been said of data and tokenizer, by runs before this one, is not said again.
    """
    from kerasbert.runs.begin import begin_run
    from kerasbert.runs.folder import RunFolder
    from kerasbert.runs.settings import settings_of

    folder, found = begin_run(config)
    if found is not None:
        say(f"{folder.path}: the run is finished; nothing to do.")
        return found
    source = RunFolder.open(config.pretrained) if config.pretrained is not None else None
    documents, kind = read_parts(config, said)

    from kerasbert.batches import LabeledBatches
    from kerasbert.runs.same_data import check_same_data, data_digests
    from kerasbert.text import LabelSet
    from kerasbert.training import EpochF1
    from kerasbert.training.best_by_rule import BestByRule

    digests = data_digests(documents)
    for warning in check_same_data(folder, digests):
        say(warning)
    labels = LabelSet.from_documents(documents["train"])
    tokenizer, architecture = _tokenizer(config, source, documents["train"], said)
    check_length(architecture, config.max_length)
    if config.masked_lm:
        tokenizer.check_mask("--masked-lm")
    windows = _windows(config, documents["train"])
    options = {"max_length": config.max_length, "batch_size": config.batch_size, "windows": windows}
    data = {
        name: LabeledBatches(part, tokenizer, labels, kind, seed=config.seed, **options)
        for name, part in documents.items()
    }
    _say_what_was_read(config, kind, labels, documents, data, tokenizer, said)
    pretrained = source.load_model() if source is not None else None
    pairs = len(documents["train"][0].texts) == 2
    model = _classifier(config, pretrained, architecture, tokenizer, data, kind, pairs)
    learner, batches = _learner(config, model, architecture, tokenizer, data["train"], kind)
    transfer = None
    if source is not None and not config.from_scratch:
        transfer = _transfer(config, source, pretrained, learner)

    labels.save(folder.file("labels.txt"))
    tokenizer.save(folder.file("tokenizer.json"))
    folder.write_config(
        "finetune",
        architecture,
        settings_of(config),
        used={
            "learning_rate": peak_learning_rate(config, architecture),
            "pooling": config.pooling or defaults_for(architecture).pooling,
            "kind": kind,
            "lead": config.leading_positions(pairs),
            "linear_svm": any(layer.name == "token_scores" for layer in model.layers),
            "overlap": windows.overlap if windows is not None else None,
        },
        kind=kind,
        segmenter=tokenizer.segmenter,
        seed=config.seed,
        max_length=config.max_length,
        windows=asdict(windows) if windows is not None else None,
        texts=2 if pairs else 1,
        transfer=transfer.to_json() if transfer is not None else None,
        data=digests,
    )
    epoch_f1 = EpochF1(data["valid"], rule=config.rule, top_k=config.top_k)
    judges: list[Any] = [epoch_f1]
    if beside is not None:
        judges.append(beside(folder, epoch_f1, data, tokenizer.vocabulary_size, pairs))
    best = BestByRule(folder, epoch_f1, patience=config.patience)
    history = _train(config, folder, model, learner, batches, [*judges, best])

    from kerasbert.training.assessment import Assessment, last_epoch_at_half, settle_rule

    rule, why, best_epoch = settle_rule(folder, best, config.thresholds, config.top_k)
    history.settle(best.rows[rule])
    assessment = Assessment(
        folder,
        data,
        documents["valid"],
        labels.names,
        thresholds=config.thresholds,
        rule=rule,
        top_k=config.top_k,
        why=why,
    )
    metrics = {
        **assessment.figures,
        "last_epoch_at_half": last_epoch_at_half(model, data, learner, rule, config.top_k),
        "kind": kind,
        "labels": len(labels),
        "best_epoch": best_epoch,
        "epochs": len(history.rows),
        "learning_rate": peak_learning_rate(config, architecture),
        "initial_loss": history.initial_loss,
        "seconds": round(sum(row["seconds"] for row in history.rows), 1),
    }
    assessment.write(history.rows, metrics)
    best.clean()
    return metrics


def _windows(config: Config, train: list) -> Any:
    """How long texts are split, or None where they are cut."""
    from kerasbert.batches import Windows

    if config.long == "cut":
        return None
    if len(train[0].texts) == 2:
        raise InputError(f"--long chunk: expected single texts, {config.train} holds pairs.")
    return Windows(config.shared_tokens, config.windows)


def peak_learning_rate(config, architecture) -> float:
    """The learning rate asked for, or the encoder's default."""
    return config.learning_rate or defaults_for(architecture).fine_tuning_rate


def _tokenizer(config: Config, source, train: list, said: set[str] | None) -> tuple[Any, Any]:
    """Tokenizer and architecture: those of --pretrained, or what the flags say."""
    if source is not None:
        tokenizer, architecture = source.tokenizer(), source.architecture()
        if note := source.special_note():
            say(note, said)
        if architecture is not None:  # earlier versions took padding to be id 0
            architecture = replace(architecture, pad_id=tokenizer.special.pad)
        return tokenizer, architecture
    from kerasbert.tokenizer import train_tokenizer

    texts = (text for document in train for text in document.texts)
    tokenizer = config.from_file() or train_tokenizer(texts, **config.for_training())
    return tokenizer, config.architecture(tokenizer.vocabulary_size, tokenizer.special.pad)


def _classifier(config, pretrained, architecture, tokenizer, data, kind: str, pairs: bool) -> Any:
    """The untrained model; only the linear SVMs in it have learned already."""
    import keras

    from kerasbert.layers import Pooling
    from kerasbert.models import (
        begin_at_label_shares,
        build_classifier,
        build_embedding,
        build_encoder,
        fit_token_scores,
        too_many_weights,
    )
    from kerasbert.runs.saving import keep_tensorflow_out
    from kerasbert.training.footprint import footprint
    from kerasbert.training.precision import computing_in

    train = data["train"]
    with computing_in(config.precision):
        if architecture is not None:
            embedding = build_embedding(architecture, config.seed)
            encoder = build_encoder(architecture, config.seed)
        else:  # a user's own encoder: its layers, made anew from what model.keras says of them
            assert pretrained is not None
            keep_tensorflow_out()
            embedding, encoder = (
                keras.saving.deserialize_keras_object(
                    keras.saving.serialize_keras_object(pretrained.get_layer(layer))
                )
                for layer in ("embedding", "encoder")
            )
        pooling = config.pooling or defaults_for(architecture).pooling
        lead = config.leading_positions(pairs)
        labels = train.gold.shape[1]
        # Whether two texts belong together is in no token.
        svms = config.linear_svm is not False and not pairs
        size = tokenizer.vocabulary_size
        if svms and config.linear_svm is None and (why := too_many_weights(size, lead, labels)):
            say(why)
            svms = False
        model = build_classifier(
            embedding,
            encoder,
            labels=labels,
            pooling=Pooling(pooling, lead=lead, name="pooling"),
            dropout=0.1 if config.dropout is None else config.dropout,
            seed=config.seed,
            window=config.max_length if config.long == "chunk" else None,
            window_pooling=config.window_pooling,
            token_scores=size if svms else None,
        )
    slots = 3 + (config.average > 0) + (config.accumulate > 1)  # AdamW has two; the gradient
    if line := footprint(model, data.values(), len(train.texts), slots):
        say(line)
    if svms:
        began = time.perf_counter()
        scores = model.get_layer("token_scores")
        fit_token_scores(scores, train, data["valid"], config.seed, config.rule)
        say(f"linear SVMs on the tokens: {time.perf_counter() - began:.0f} s")
    begin_at_label_shares(model, train.gold, kind)
    return model


def _learner(config, model, architecture, tokenizer, train, kind: str) -> tuple[Any, Any]:
    """The compiled model to train, and its batches: the classifier's, or with masked LM beside."""
    from kerasbert.batches import JointBatches
    from kerasbert.models import build_joint_model, compile_joint
    from kerasbert.models.losses import build_loss
    from kerasbert.tasks import MaskedLM
    from kerasbert.training.optimizers import WarmupDecay, average_momentum, build_optimizer
    from kerasbert.training.precision import computing_in

    peak = peak_learning_rate(config, architecture)
    updates = config.epochs * train.steps_per_epoch // config.accumulate
    schedule = WarmupDecay(peak, updates, decay=config.decay, batches_per_update=config.accumulate)
    optimizer = build_optimizer(
        schedule,
        batches_per_update=config.accumulate,
        average_momentum=average_momentum(config.average, train.steps_per_epoch),
        layer_decay=config.layer_decay,
        frozen_steps=int(config.freeze_epochs * train.steps_per_epoch / config.accumulate),
    )
    try:
        loss = build_loss(config.loss, kind, train.gold, config.label_smoothing)
    except ValueError as error:
        raise InputError(f"--loss: {error}") from None
    if not config.masked_lm:
        model.compile(optimizer=optimizer, loss=loss)
        return model, train
    size = tokenizer.vocabulary_size
    task = MaskedLM(size, shares=train.texts.token_shares(size), seed=config.seed)
    with computing_in(config.precision):
        joint = build_joint_model(model, task)
    compile_joint(joint, task, config.masked_lm, loss, optimizer)
    return joint, JointBatches(train, task, config.seed)


def _transfer(config, source, pretrained, learner) -> Any:
    """Give the model the weights of --pretrained, and say which."""
    from kerasbert.models import repeat_positions, transfer_weights

    transfer = transfer_weights(pretrained, learner, ["masked_lm"] if config.masked_lm else [])
    say(f"from {config.pretrained}: {transfer}")
    trained = source.trained_length(config.max_length)
    if repeat_positions(learner.get_layer("embedding"), trained, config.max_length):
        say(f"positions from {trained} on were never trained: they begin as those before them")
    return transfer


def _train(config: Config, folder, model, learner, batches, judges: list) -> Any:
    """Train `learner`, which is the classifier `model` or holds it, and return its history.

    The last of the judges keeps the best model, and remembers it over an interruption.
    """
    from kerasbert.training import History, SaveState, StepPlan, fit
    from kerasbert.training.optimizers import OnAverage
    from kerasbert.training.progress import Progress

    steps_per_epoch = batches.steps_per_epoch
    plan = StepPlan(config.epochs * steps_per_epoch, steps_per_epoch)
    history = History(folder, COLUMNS.split(), steps_per_epoch, say=say_row)
    best = judges[-1]
    saver = SaveState(folder.file("state"), config.save_minutes, [history, best])
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


def read_parts(config, said: set[str] | None = None) -> tuple[dict[str, list], str]:
    """The documents of each part, and what kind of classification they are for.

    Every part is checked against the kind here, before anything is trained.

    Args:
        config: with train, valid, test, limit, kind and skip_bad_lines.
        said: see `say`.
    """
    from kerasbert.text import LabelSet, LineProblems, check_kind, read_labeled
    from kerasbert.text.kinds import LabelTally, deciding_note, keep_fitting

    paths = {"train": config.train, "valid": config.valid, "test": config.test}
    problems = LineProblems(skip=config.skip_bad_lines)
    documents = {
        name: read_labeled(path, problems, config.limit)
        for name, path in paths.items()
        if path is not None
    }
    for name, part in documents.items():
        if len(part[0].texts) != len(documents["train"][0].texts):
            raise InputError(
                f"{paths[name]}: one of the files holds single texts, the other pairs; expected "
                f"the same as in {config.train}."
            )
    tally = LabelTally(documents["train"])
    kind = config.kind or tally.kind
    documents = {
        name: keep_fitting(part, kind, paths[name], problems) for name, part in documents.items()
    }
    say_skipped(problems, said)
    if config.kind is None and (note := deciding_note(tally, config.train)):
        say(note, said)
    check_kind(documents["train"], kind, config.train)
    labels = LabelSet.from_documents(documents["train"])
    for name, part in documents.items():
        labels.check_known(part, paths[name])
    return documents, kind


def say_skipped(problems, said: set[str] | None = None) -> None:
    """Count the lines that --skip-bad-lines left out, if any, and show one."""
    if problems.skipped:
        say(f"{problems.skipped} lines were left out, such as {problems.examples[0]}", said)


def _say_what_was_read(config, kind, labels, documents, data, tokenizer, said) -> None:
    from kerasbert.text.quick_audit import leaks, look_alikes_note
    from kerasbert.tokenizer.unknown import unknown_in

    pair = ", pairs of texts" if len(documents["train"][0].texts) == 2 else ""
    say(f"{kind}{pair}, {len(labels)} labels", said)
    for warning in (look_alikes_note(documents), *leaks(documents)):
        if warning is not None:
            say(warning, said)
    for name, part in data.items():
        texts = part.texts
        notes = [f"{name}: {len(texts):,} documents"]
        if texts.truncated:
            limit = f"{config.max_length} positions"
            if config.long == "chunk":
                limit = f"{config.windows} windows of {limit}"
            notes.append(f"{texts.truncated:,} longer than {limit} were cut")
        if empty := int((~part.gold.any(axis=1)).sum()):
            notes.append(f"{empty:,} without a label of the training set")
        if unseen := labels.unseen(documents[name]):
            notes.append(unseen_note(unseen))
        notes.append(f"{texts.unknown / max(texts.tokens, 1):.1%} unknown tokens")
        warnings = []
        if texts.unknown or tokenizer.drops_unknown:
            unknown = unknown_in(tokenizer, [document.texts for document in documents[name]])
            notes += [str(unknown)] * (unknown.characters > 0)
            if name == "train":
                unknown.check(str(config.train))
            warnings = unknown.warnings(name)
        for line in ("; ".join(notes), *warnings):
            say(line, said)


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(metrics: dict[str, Any]) -> None:
        title = f"best epoch {metrics['best_epoch']}, {decision_text(metrics)}"
        print_table(title, metrics_table(metrics))
        if sentences := rule_sentences(metrics):
            print(sentences)

    return run_command(Config, run, argv, "finetune", show)


if __name__ == "__main__":
    sys.exit(main())
