"""Pre-train an encoder on raw text: hidden words, document words, next sentences."""

import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kerasbert.command import counting, print_table, run_command, say, say_row
from kerasbert.errors import InputError
from kerasbert.options import (
    POOLING,
    EncoderOptions,
    PoolingName,
    TokenizerOptions,
    TrainingOptions,
    check_length,
    refuse_beside_pretrained,
    refuse_other_settings,
    settings_of,
)

TaskName = Literal["masked-lm", "document-words", "next-sentence"]
LEARNING_RATES = {"text-cnn": 4e-3, "transformer": 1e-3}
COLUMNS = (
    "step epoch loss val_loss unigram_loss masked_accuracy val_loss_mask unigram_loss_mask seconds"
)


@dataclass(frozen=True, kw_only=True)
class Config(EncoderOptions, TokenizerOptions, TrainingOptions):
    """A token store or raw text in, a run folder with a pre-trained encoder out.

    Example: kerasbert pretrain --corpus raw.txt --out runs/lm --encoder text-cnn --minutes 10
    """

    out: Path
    """The folder of the run."""
    store: Path | None = None
    """A token store that `kerasbert prepare` made."""
    corpus: tuple[Path, ...] = ()
    """Or raw text, prepared on the way into the run's folder."""
    corpus_format: Literal["lines", "sentences"] = "lines"
    """lines: one document a line. sentences: one sentence a line, an empty line ends a document."""
    pretrained: Path | None = None
    """Go on from this run: its tokenizer, architecture and weights."""
    tasks: tuple[TaskName, ...] = ("masked-lm", "document-words")
    """The objectives, trained jointly."""
    pooling: PoolingName | None = None
    """What objectives over a whole text see; mean-max for text-cnn, mean for transformer."""
    max_length: int = 128
    """Positions of a row; documents are cut into rows by whole sentences."""
    epochs: int | None = None
    """Passes over the corpus; 3 unless --steps or --minutes is given."""
    steps: int | None = None
    """Or training steps."""
    minutes: float | None = None
    """Or minutes of training: as many steps as fit, measured at the start."""

    def __post_init__(self) -> None:
        self.check()
        if (self.store is None) == (not self.corpus):
            raise InputError("expected one of --store STORE and --corpus FILE...")
        if sum(value is not None for value in (self.epochs, self.steps, self.minutes)) > 1:
            raise InputError("expected at most one of --epochs, --steps and --minutes.")
        for name in ("epochs", "steps", "minutes"):
            if getattr(self, name) is not None and not getattr(self, name) > 0:
                raise InputError(f"--{name}: expected more than 0, received {getattr(self, name)}.")
        if self.store is not None:
            for name in ("tokenizer", "tokenizer_file", "vocab_size"):
                if getattr(self, name) is not None:
                    flag = name.replace("_", "-")
                    raise InputError(f"--{flag}: a store brings its tokenizer; leave it out.")
        if self.pretrained is not None:
            refuse_beside_pretrained(self, EncoderOptions, TokenizerOptions)
        else:
            check_length(self.architecture(vocabulary_size=1), self.max_length)


def run(config: Config) -> dict[str, Any]:
    """Pre-train, and return the figures of metrics.json."""
    from kerasbert.training.run_folder import RunFolder

    folder = RunFolder.create(config.out, config.resume)
    if folder.finished:
        say(f"{folder.path}: the run is finished; nothing to do.")
        return folder.read_json("metrics.json")
    if folder.file("config.json").exists():
        refuse_other_settings(folder.read_json("config.json")["settings"], config)

    source = RunFolder.open(config.pretrained) if config.pretrained is not None else None
    if source is not None:
        check_length(source.architecture(), config.max_length)
    store = _open_store(config, folder, source)
    tokenizer = store.tokenizer
    architecture = (
        source.architecture()
        if source is not None
        else config.architecture(tokenizer.vocabulary_size)
    )
    folder_settings = settings_of(config)

    from kerasbert.batches import PretrainingBatches
    from kerasbert.evaluation.report import pretrain_report
    from kerasbert.layers import Pooling
    from kerasbert.models import (
        build_embedding,
        build_encoder,
        build_pretrain_model,
        compile_pretrain,
        transfer_weights,
    )
    from kerasbert.tasks import TASKS
    from kerasbert.training import (
        History,
        MaskedLMValidation,
        SaveState,
        WarmupDecay,
        build_optimizer,
        fit,
    )
    from kerasbert.training.budget import steps_in
    from kerasbert.training.progress import Progress

    if architecture is None:
        raise InputError(
            f"{config.pretrained}: the run has an encoder of its own making, which the command "
            "line cannot build again. Use the library: see 'Your own encoder' in the README."
        )
    tasks = [TASKS[name](store, config.seed) for name in config.tasks]
    pooling = config.pooling or POOLING[architecture.encoder]
    options: dict[str, Any] = {
        "store": store,
        "tasks": tasks,
        "max_length": config.max_length,
        "seed": config.seed,
        "limit": config.limit,
    }
    train = PretrainingBatches(batch_size=config.batch_size, **options)
    valid = PretrainingBatches(batch_size=64, part="valid", **options | {"seed": 0})
    peak = config.learning_rate or LEARNING_RATES[architecture.encoder]

    def build(steps: int):
        model = build_pretrain_model(
            build_embedding(architecture, config.seed),
            build_encoder(architecture, config.seed),
            tasks,
            Pooling(pooling, name="pooling"),
        )
        return compile_pretrain(model, tasks, build_optimizer(WarmupDecay(peak, steps)))

    if config.minutes is not None:
        plan = (
            folder.read_json("config.json")["plan"] if folder.file("config.json").exists() else {}
        )
        total = plan.get("steps") or steps_in(config.minutes, build(1000), train)
    else:
        total = config.steps or (config.epochs or 3) * train.steps_per_epoch
    report_steps = min(train.steps_per_epoch, math.ceil(total / 10))
    model = build(total)
    transfer = None
    if source is not None:
        transfer = transfer_weights(source.load_model(), model)
        say(f"from {config.pretrained}: {transfer}")
    tokenizer.save(folder.file("tokenizer.json"))
    folder.write_config(
        "pretrain",
        architecture,
        folder_settings,
        segmenter=tokenizer.segmenter,
        seed=config.seed,
        plan={"steps": total, "steps_per_epoch": train.steps_per_epoch},
        transfer=transfer.to_json() if transfer is not None else None,
    )
    say(
        f"{architecture.encoder}, d_model {architecture.d_model}: "
        f"{model.count_params():,} weights; {store.documents:,} documents, "
        f"{store.tokens:,} tokens, {len(train.starts):,} rows of up to {config.max_length} "
        f"({train.padding_share():.1%} padding); {total:,} steps of {config.batch_size} rows "
        f"({total / train.steps_per_epoch:.2f} epochs), learning rate {peak:g}"
    )
    history = History(
        folder, COLUMNS.split(), train.steps_per_epoch, report_steps, total, say=say_row
    )
    callbacks: list[Any] = []
    if any(task.name == "masked_lm" for task in tasks):
        callbacks.append(MaskedLMValidation(valid))
    saver = SaveState(folder.file("state"), config.save_minutes, [history])
    start, notes = saver.restore(model)
    for note in notes:
        say(note)
    progress = Progress(total, start, "pre-training")
    began = time.monotonic()
    try:
        fit(model, train, total, report_steps, [*callbacks, history, progress], saver)
    finally:
        progress.close()
    folder.save_model(model)
    last = history.rows[-1]
    metrics = {
        **{name: value for name, value in last.items() if name != "seconds"},
        "seconds": round(sum(row["seconds"] for row in history.rows), 1),
        "session_seconds": round(time.monotonic() - began, 1),
        "weights": model.count_params(),
        "documents": store.documents,
        "tokens": store.tokens,
    }
    pretrain_report(
        folder.file("report.html"), str(folder.path.name), history.rows, folder_settings
    )
    folder.write_json("metrics.json", metrics)
    return metrics


def _open_store(config: Config, folder, source):
    """The store of --store, or one prepared from --corpus into the run's folder."""
    from kerasbert.text.prepare import prepare_store
    from kerasbert.text.store import TokenStore

    path = config.store or folder.file("store")
    if config.store is None and not path.exists():
        with counting("preparing documents") as progress:
            counts = prepare_store(
                config.corpus,
                path,
                tokenizer=source.tokenizer() if source is not None else config.from_file(),
                **config.for_training(),
                corpus_format=config.corpus_format,
                skip_bad_lines=config.skip_bad_lines,
                limit=config.limit,
                progress=progress,
            )
        for name in ("stripped_labels", "skipped_lines", "dropped"):
            if counts[name]:
                say(f"{name.replace('_', ' ')}: {counts[name]}")
    store = TokenStore.open(path)
    if source is not None and store.tokenizer.fingerprint() != source.tokenizer().fingerprint():
        raise InputError(
            f"{path}: the store was made with another tokenizer than {config.pretrained}. Prepare "
            f"it with --tokenizer-file {config.pretrained}/tokenizer.json, or pass --corpus."
        )
    return store


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(result: dict[str, Any]) -> None:
        print_table("pre-training", [("", ""), *result.items()])

    return run_command(Config, run, argv, "pretrain", show)


if __name__ == "__main__":
    sys.exit(main())
