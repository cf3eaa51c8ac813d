"""Pre-train an encoder on raw text: hidden words, document words, next sentences."""

import math
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import tyro

from kerasbert.choices import CorpusFormat, MaskingUnit, PoolingName, TaskName, VectorsFit
from kerasbert.command import leaves_nothing, print_table, run_command, say, say_row, throughput
from kerasbert.config import SIZES
from kerasbert.errors import InputError
from kerasbert.options import (
    EncoderOptions,
    TokenizerOptions,
    TrainingOptions,
    check_length,
    refuse_beside_pretrained,
)

LONG_WORD = 5  # tokens; a language without spaces may have sentences for words
LEARNING_RATE = 2e-3  # at d_model 128; below 64 it stays at twice that
SAID = ("learned", "verdict")  # in a sentence below the table


@dataclass(frozen=True, kw_only=True)
class Config(EncoderOptions, TokenizerOptions, TrainingOptions):
    """A token store or raw text in, a run folder with a pre-trained encoder out.

    Example: kerasbert pretrain --corpus raw.txt --out runs/lm --encoder text-cnn --minutes 10
    """

    out: Path
    """The folder of the run."""
    store: Path | None = None
    """A token store that `kerasbert prepare` made."""
    corpus: tuple[str, ...] = ()
    """Or raw text, prepared on the way into the run's folder."""
    corpus_format: CorpusFormat = "lines"
    """lines: one document a line. sentences: one sentence a line, an empty line ends a document."""
    pretrained: Path | None = None
    """Go on from this run: its tokenizer, architecture and weights, objectives' heads included."""
    vectors: Path | None = None
    """Begin with these word vectors: word2vec's text or .bin, fastText's .vec, GloVe's text."""
    fit_vectors: VectorsFit = "refuse"
    """What to do where their dimension is not d_model."""
    tasks: tuple[TaskName, ...] = ("document-words",)
    """The objectives; several are trained jointly."""
    masking: MaskingUnit = "token"
    """What masked-lm hides together: tokens, all pieces of a word, or words in a row."""
    masking_rate: float = 0.15
    """Share of a row's tokens that masked-lm hides."""
    max_predictions: int | None = None
    """The most tokens that masked-lm hides in a row."""
    pack: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Fill rows with several short documents, kept apart; for masked-lm alone."""
    pooling: PoolingName | None = None
    """What objectives over a whole text see; mean-max for text-cnn, mean for transformer."""
    max_length: int = 128
    """Positions of a row; documents are cut into rows by whole sentences."""
    epochs: int | None = None
    """Passes over the corpus; 3 unless --steps or --minutes is given."""
    steps: int | None = None
    """Or training steps."""
    minutes: float | None = None
    """Or minutes of training: as many steps as fit. Without --size, one that suits is chosen."""
    tensorboard: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Write TensorBoard event files into the run's folder, too."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.store is None) == (not self.corpus):
            raise InputError("expected one of --store STORE and --corpus FILE...")
        if sum(value is not None for value in (self.epochs, self.steps, self.minutes)) > 1:
            raise InputError("expected at most one of --epochs, --steps and --minutes.")
        if self.store is not None:
            for name in ("tokenizer", "tokenizer_file", "vocab_size"):
                if getattr(self, name) is not None:
                    flag = name.replace("_", "-")
                    raise InputError(f"--{flag}: a store brings its tokenizer; leave it out.")
        if self.pretrained is not None:
            refuse_beside_pretrained(self, EncoderOptions, TokenizerOptions)
            if self.vectors is not None:
                raise InputError("--vectors: not beside --pretrained, which brings its own.")
        else:
            check_length(self.architecture(vocabulary_size=1), self.max_length)


@leaves_nothing
def run(config: Config) -> dict[str, Any]:
    """Pre-train, and return the figures of metrics.json."""
    from kerasbert.runs.begin import begin_run
    from kerasbert.runs.folder import RunFolder
    from kerasbert.runs.settings import settings_of

    folder, found = begin_run(config)
    if found is not None:
        say(f"{folder.path}: the run is finished; nothing to do.")
        return found

    source = RunFolder.open(config.pretrained) if config.pretrained is not None else None
    _refuse_early(config, source)
    if source is not None and (note := source.special_note()):
        say(note)
    store = _open_store(config, folder, source)
    architecture = _architecture(config, folder, source, store)

    from kerasbert.batches import PretrainingBatches
    from kerasbert.evaluation.objectives import pretraining_verdict
    from kerasbert.models import repeat_positions, transfer_weights
    from kerasbert.report import pretrain_report
    from kerasbert.tasks import TASKS, TaskSettings
    from kerasbert.tasks.held_out import figures_of

    task_settings = TaskSettings(
        config.seed, config.masking, config.masking_rate, config.max_predictions
    )
    tasks = [TASKS[name](store, task_settings) for name in TASKS if name in config.tasks]
    options: dict[str, Any] = {"max_length": config.max_length, "limit": config.limit}
    train = PretrainingBatches(
        store,
        tasks,
        batch_size=config.batch_size,
        seed=config.seed,
        pack=config.pack,
        gap=_document_gap(architecture) if config.pack else 0,
        **options,
    )
    # Each by itself: the same rows whatever is trained beside it, so that runs can be compared.
    valid = {
        task: PretrainingBatches(store, [task], batch_size=64, part="valid", **options)
        for task in tasks
    }
    total = config.steps or (config.epochs or 3) * train.steps_per_epoch
    model = _model(config, architecture, tasks, total)
    transfer = None
    if source is not None:
        transfer = transfer_weights(source.load_model(), model, [task.name for task in tasks])
        say(f"from {config.pretrained}: {transfer}")
        trained = source.trained_length(config.max_length)
        repeat_positions(model.get_layer("embedding"), trained, config.max_length)
    if config.vectors is not None:
        say(f"from {config.vectors}: {_begin_with_vectors(config, model, store.tokenizer)}")

    store.tokenizer.save(folder.file("tokenizer.json"))
    folder.write_config(
        "pretrain",
        architecture,
        settings_of(config),
        used={
            "learning_rate": _peak_learning_rate(config, architecture),
            "dropout": _dropout(config, architecture),
            "pooling": config.pooling or architecture.pooling,
        },
        segmenter=store.tokenizer.segmenter,
        seed=config.seed,
        plan={"steps": None if config.minutes else total, "minutes": config.minutes}
        | {"steps_per_epoch": train.steps_per_epoch},
        transfer=transfer.to_json() if transfer is not None else None,
    )
    _say_what_comes(config, architecture, store, train, model, total)
    objectives = {task.name: figures_of(task) for task in tasks}
    began = time.monotonic()
    rows = _train(config, folder, architecture, model, train, valid, total)
    folder.save_model(model)
    metrics = {
        **{
            name: float("nan") if value == "" else value  # nothing stands for it in history.csv
            for name, value in rows[-1].items()
            if name != "seconds"
        },
        **pretraining_verdict(objectives, rows[-1]),
        "seconds": round(sum(row["seconds"] for row in rows), 1),
        "session_seconds": round(time.monotonic() - began, 1),
        "weights": model.count_params(),
        "documents": store.documents,
        "tokens": store.tokens,
    }
    about = folder.config()
    path, name = folder.file("report.html"), folder.path.name
    pretrain_report(path, name, rows, metrics, about, objectives)
    folder.write_json("metrics.json", metrics)
    return metrics


def _refuse_early(config: Config, source) -> None:
    """Refuse what cannot end well before a corpus is prepared, which may take hours."""
    from kerasbert.text.lines import check_file

    if source is not None:
        if source.architecture() is None:
            raise InputError(
                f"{config.pretrained}: the run has an encoder of its own making, which the command "
                "line cannot build again. Use the library: see docs/guides/extending.md."
            )
        check_length(source.architecture(), config.max_length)
    if config.vectors is not None:
        check_file(config.vectors)
    if config.tensorboard:
        from kerasbert.training.tensorboard import event_writer

        event_writer()


def _architecture(config: Config, folder, source, store):
    """That of the interrupted run, of --pretrained, of the flags, or what suits --minutes."""
    if folder.file("config.json").exists():
        return folder.architecture()
    if source is None:
        tokenizer = store.tokenizer
        flags = config.architecture(tokenizer.vocabulary_size, tokenizer.special.pad)
        if config.minutes is None or config.size is not None or config.d_model is not None:
            return flags
        from kerasbert.training.proposal import matrix_rate, propose_size

        size, reason = propose_size(
            flags, _workload(config), matrix_rate(), 60 * config.minutes, store.tokens
        )
        say(f"--size {size} suits {config.minutes:g} minutes: {reason}")
        return replace(flags, d_model=SIZES[size])
    return replace(source.architecture(), pad_id=store.tokenizer.special.pad)


def _workload(config: Config):
    """What a step will do, as far as the flags say it."""
    from kerasbert.training.proposal import Workload

    scored = config.masking_rate * config.max_length if "masked-lm" in config.tasks else 0.0
    if config.max_predictions is not None:
        scored = min(scored, config.max_predictions)
    return Workload(
        config.batch_size, config.max_length, scored + ("document-words" in config.tasks)
    )


def _say_what_comes(config: Config, architecture, store, train, model, total: int) -> None:
    """The sizes of model, corpus and run; and, roughly, the time and memory that it will take."""
    import keras

    from kerasbert.training.proposal import expect, matrix_rate

    say(
        f"{architecture.encoder}, d_model {architecture.d_model}: "
        f"{model.count_params():,} weights; {store.documents:,} documents, "
        f"{store.tokens:,} tokens, {train.total_rows:,} rows of up to {config.max_length} "
        f"({train.padding_share():.1%} padding); learning rate "
        f"{_peak_learning_rate(config, architecture):g}"
    )
    if (size := train.tokens_per_word()) > LONG_WORD:
        say(
            f"--masking {config.masking}: the words of this tokenizer have {size:.0f} tokens on"
            " average, more than can be hidden at a time; single tokens (--masking token) suit it"
        )
    expected = expect(architecture, _workload(config), matrix_rate(), keras.backend.backend())
    memory = f"roughly {expected.memory / 1e9:.1f} GB of memory"
    if config.minutes is not None:
        say(f"{config.minutes:g} minutes, {memory}")
    else:
        say(
            f"{total:,} steps of {config.batch_size} rows ({total / train.steps_per_epoch:.2f} "
            f"epochs): roughly {total * expected.step_seconds / 60:.1f} minutes, {memory}"
        )


def _peak_learning_rate(config: Config, architecture) -> float:
    """The learning rate asked for, or what was best for encoders of this width.

    It falls with the width, as Yang et al. 2022, https://arxiv.org/abs/2203.03466, derive for Adam;
    the runs are in benchmarks/README.md, "Convergence".
    """
    return config.learning_rate or LEARNING_RATE * 128 / max(architecture.d_model, 64)


def _dropout(config: Config, architecture) -> float:
    """That asked for, or what suits pre-training of this encoder."""
    return architecture.pretraining_dropout if config.dropout is None else config.dropout


def _document_gap(architecture) -> int:
    """Positions that part two documents of a row, as this encoder needs them."""
    from kerasbert.models import build_encoder

    return build_encoder(architecture).document_gap


def _model(config: Config, architecture, tasks, total: int):
    """The compiled model, its learning rate planned for `total` steps."""
    from kerasbert.layers import Pooling
    from kerasbert.models import (
        build_embedding,
        build_encoder,
        build_pretrain_model,
        compile_pretrain,
    )
    from kerasbert.training.optimizers import WarmupDecay, build_optimizer
    from kerasbert.training.precision import computing_in

    # The architecture that the run remembers keeps its dropout, for fine-tuning.
    architecture = replace(architecture, dropout=_dropout(config, architecture))
    with computing_in(config.precision):
        model = build_pretrain_model(
            build_embedding(architecture, config.seed),
            build_encoder(architecture, config.seed),
            tasks,
            Pooling(config.pooling or architecture.pooling, name="pooling"),
            packed=config.pack,
        )
    peak, every = _peak_learning_rate(config, architecture), config.accumulate
    # Under --minutes the plan sets the rate as it goes.
    schedule = peak
    if config.minutes is None:
        schedule = WarmupDecay(peak, total // every, decay=config.decay, batches_per_update=every)
    return compile_pretrain(model, tasks, build_optimizer(schedule, batches_per_update=every))


def _begin_with_vectors(config: Config, model, tokenizer):
    """Put word vectors into the token table, and return what was found."""
    from kerasbert.models import begin_with_vectors
    from kerasbert.tokenizer.word_vectors import fit_dimension, read_word_vectors

    assert config.vectors is not None
    embedding = model.get_layer("embedding")
    found = read_word_vectors(config.vectors, tokenizer)
    vectors = fit_dimension(found.vectors, embedding.d_model, config.fit_vectors)
    begin_with_vectors(embedding, found.ids, vectors)
    return found


def _train(
    config: Config, folder, architecture, model, train, valid, total: int
) -> list[dict[str, Any]]:
    """Train, from the saved state if there is one, and return the rows of history.csv."""
    from kerasbert.tasks.held_out import figures_of
    from kerasbert.training import (
        History,
        ObjectiveValidation,
        SaveState,
        StepPlan,
        TimePlan,
        fit,
    )
    from kerasbert.training.progress import Progress

    callbacks: list[Any] = [ObjectiveValidation(valid)]
    known = [column for task in valid for column in figures_of(task).columns]
    columns = ["step", "epoch", "loss", "val_loss", *known, "seconds"]
    history = History(folder, columns, train.steps_per_epoch, say=say_row)
    plan: StepPlan | TimePlan
    remembering: list[Any] = [history]
    if config.minutes is not None:
        peak = _peak_learning_rate(config, architecture)
        plan = TimePlan(config.minutes, peak, config.decay, say)
        callbacks.insert(0, plan)
        remembering.append(plan)
    else:
        plan = StepPlan(total, min(train.steps_per_epoch, math.ceil(total / 10)))
    saver = SaveState(folder.file("state"), config.save_minutes, remembering)
    start, notes = saver.restore(model)
    for note in notes:
        say(note)
    tokens_per_step = train.blocks.tokens / train.steps_per_epoch
    progress = Progress(plan, start, "pre-training", tokens_per_step)
    callbacks += [history, progress]
    closing: list[Any] = [progress]
    if config.tensorboard:
        from kerasbert.training.tensorboard import TensorBoardEvents

        closing.append(TensorBoardEvents(folder.file("tensorboard"), start))
        callbacks.append(closing[-1])
    try:
        fit(model, train, plan, callbacks, saver)
    finally:
        for callback in closing:
            callback.close()
    return history.rows


def _open_store(config: Config, folder, source):
    """The store of --store, or one prepared from --corpus into the run's folder."""
    from kerasbert.corpus.prepare.engines import Engine, processors
    from kerasbert.corpus.prepare.prepare_store import prepare_store
    from kerasbert.corpus.store.token_store import TokenStore

    path = config.store or folder.file("store")
    begun = folder.file("config.json").exists()
    tokenizer = source.tokenizer() if source is not None else None
    if config.store is None and not (begun and path.exists()):
        tokenizer = tokenizer or config.from_file()
        if tokenizer is not None and "masked-lm" in config.tasks:
            tokenizer.check_mask("--tasks masked-lm")
        with throughput("preparing") as progress:
            counts = prepare_store(
                config.corpus,
                path,
                tokenizer=tokenizer,
                **_for_training(config),
                corpus_format=config.corpus_format,
                skip_bad_lines=config.skip_bad_lines,
                limit=config.limit,
                engine=Engine(workers=processors()),
                # Killed before it wrote its settings, nobody knows which flags made what it left.
                again=not begun,
                progress=progress,
            )
        for name in ("stripped_labels", "skipped_lines", "dropped"):
            if counts[name]:
                say(f"{name.replace('_', ' ')}: {counts[name]}")
    store = TokenStore.open(path)
    if "masked-lm" in config.tasks:
        store.tokenizer.check_mask("--tasks masked-lm")
    store.unknown.check(str(path))
    for warning in store.unknown.warnings(str(path)):
        say(warning)
    if source is not None and store.tokenizer.fingerprint() != source.tokenizer().fingerprint():
        raise InputError(
            f"{path}: the store was made with another tokenizer than {config.pretrained}. Prepare "
            f"it with --tokenizer-file {config.pretrained}/tokenizer.json, and --unicode only if "
            "that was given before, or pass --corpus."
        )
    return store


def _for_training(config: Config) -> dict[str, Any]:
    """How to train a tokenizer; under --minutes with a vocabulary that suits the corpus."""
    settings = config.for_training()
    if config.minutes is None or config.vocab_size is not None or settings["style"] != "wordpiece":
        return settings
    from kerasbert.corpus.prepare.sources import find_inputs
    from kerasbert.streams import is_stream
    from kerasbert.training.proposal import propose_vocabulary

    named = [path for path in config.corpus if not is_stream(path)]  # whose size is not known
    tokens = sum(source.size for source in find_inputs(named)) // 5 if named else 0
    settings["vocabulary_size"] = size = propose_vocabulary(tokens)
    say(f"--vocab-size {size} suits a corpus of about {tokens:,} tokens")
    return settings


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(result: dict[str, Any]) -> None:
        figures = [(name, value) for name, value in result.items() if name not in SAID]
        print_table("pre-training", [("", ""), *figures])
        print(result.get("verdict", ""))

    return run_command(Config, run, argv, "pretrain", show)


if __name__ == "__main__":
    sys.exit(main())
