"""Is pre-training worth it? From scratch against pre-trained, each at its best learning rate."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kerasbert.command import print_table, run_command, say
from kerasbert.errors import InputError
from kerasbert.options import (
    FineTuningOptions,
    KindName,
    TrainingOptions,
    check_length,
    given_flags,
    refuse_other_settings,
    settings_of,
)

SIDES = ("scratch", "pretrained")


@dataclass(frozen=True, kw_only=True)
class Config(TrainingOptions, FineTuningOptions):
    """A pre-trained run and labelled text in; a table, a report and compare.json out.

    Both sides have the same tokenizer, architecture, seeds, data and steps. On the first seed each
    tries all learning rates; that with the best validation F1 at the end is taken for the others.

    Example: kerasbert compare --pretrained runs/lm --train train.txt --valid valid.txt
    --test test.txt --out runs/compare --seeds 3
    """

    pretrained: Path
    """The run whose encoder is compared with an untrained one."""
    train: Path
    """Labelled text to learn from."""
    valid: Path
    """Labelled text for the F1 after each epoch, for learning rates and thresholds."""
    test: Path
    """Labelled text that nothing is chosen on."""
    out: Path
    """The folder for table, picture and runs."""
    epochs: int = 7
    """Passes over the training data."""
    seeds: int = 1
    """Runs of each side, with the seeds --seed, --seed + 1 and so on."""
    learning_rates: tuple[float, ...] = ()
    """What each side tries; half, once and twice the encoder's default unless given."""
    kind: KindName | None = None
    """What is to be predicted; recognised from the labels unless given."""
    linear_svm: bool = False
    """Beside both sides, as in finetune; without them the table says what the networks learned."""
    thresholds: Literal["label", "common", "half"] = "common"
    """Of the saved runs, as in finetune; TF-IDF + LinearSVC always has one for all labels."""

    def __post_init__(self) -> None:
        self.check()
        self.check_fine_tuning()
        if self.seeds < 1 or self.epochs < 1:
            raise InputError("--seeds and --epochs: expected 1 or more.")
        if self.learning_rate is not None and self.learning_rates:
            raise InputError("expected one of --learning-rate and --learning-rates.")


def run(config: Config) -> dict[str, Any]:
    """Compare, and return what compare.json holds."""
    from kerasbert.evaluation.comparison import draw_comparison, summarize
    from kerasbert.evaluation.comparison_text import (
        comparison_sentence,
        comparison_table,
        markdown_table,
    )
    from kerasbert.evaluation.report import comparison_report
    from kerasbert.files import write_text
    from kerasbert.recipes import finetune
    from kerasbert.text.unknown import unknown_in
    from kerasbert.training.run_folder import RunFolder

    folder = RunFolder.create(config.out, config.resume)
    if folder.file("compare.json").exists():
        say(f"{folder.path}: the comparison is finished; nothing to do.")
        return folder.read_json("compare.json")
    if folder.file("config.json").exists():
        refuse_other_settings(folder.read_json("config.json")["settings"], config)
    source = RunFolder.open(config.pretrained)
    documents, kind = finetune.read_parts(config)
    texts = [document.texts for document in documents["train"]]
    unknown_in(source.tokenizer(), texts).check(str(config.train))
    check_length(source.architecture(), config.max_length)
    # Many equal models, compiled once. JAX reads this when it is imported, so it is set before.
    compiled = folder.path.absolute() / "compiled"
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(compiled))
    folder.write_config("compare", source.architecture(), settings_of(config))
    rates = _learning_rates(config, source)

    # The cheap rival first: a user who sees that it wins can stop here.
    baseline = _baseline(documents, kind)
    rows = {side: _runs(config, folder, side, rates) for side in SIDES}
    baselines = [baseline] if baseline is not None else []
    seconds = float(source.read_json("metrics.json").get("seconds", 0.0))
    summary = summarize(rows, seconds, baselines)
    table = comparison_table(summary)
    sentence = comparison_sentence(summary)
    draw_comparison(folder.file("compare.png"), rows, baselines)
    write_text(folder.file("compare.md"), f"{markdown_table(table)}\n{sentence}\n")
    result = {**rows, "summary": summary, "table": table, "sentence": sentence}
    about = folder.read_json("config.json")
    comparison_report(folder.file("report.html"), folder.path.name, result, about)
    folder.write_json("compare.json", result)
    return result


def _learning_rates(config: Config, source) -> list[float]:
    from kerasbert.recipes.finetune import peak_learning_rate

    if config.learning_rates:
        return sorted(config.learning_rates)
    peak = peak_learning_rate(config, source.architecture())
    return [peak] if config.learning_rate is not None else [peak / 2, peak, peak * 2]


def _runs(config: Config, folder, side: str, rates: list[float]) -> list[dict[str, Any]]:
    """A run for each seed, at the learning rate that was best on the first."""
    tried = [_run(config, folder, side, rate, config.seed) for rate in rates]
    best = max(tried, key=lambda run: run["history"][-1]["val_f1"])
    for run in tried:
        say(
            f"{side}, learning rate {run['learning_rate']:g}: validation F1 "
            f"{run['history'][-1]['val_f1']:.4f} at the end" + (" (best)" if run is best else "")
        )
    rest = [
        _run(config, folder, side, best["learning_rate"], config.seed + number)
        for number in range(1, config.seeds)
    ]
    return [best, *rest]


def _run(config: Config, folder, side: str, rate: float, seed: int) -> dict[str, Any]:
    """One fine-tuning, in a folder of its own: a comparison that was stopped goes on after it."""
    import csv

    import keras

    from kerasbert.recipes import finetune

    out = folder.path / "runs" / f"{side}-lr{rate:g}-seed{seed}"
    say(f"--- {side}, learning rate {rate:g}, seed {seed}")
    keras.utils.clear_session()
    metrics = finetune.run(
        finetune.Config(
            train=config.train,
            valid=config.valid,
            test=config.test,
            out=out,
            pretrained=config.pretrained,
            from_scratch=side == "scratch",
            kind=config.kind,
            epochs=config.epochs,
            **given_flags(config, FineTuningOptions),
            thresholds=config.thresholds,
            batch_size=config.batch_size,
            accumulate=config.accumulate,
            precision=config.precision,
            learning_rate=rate,
            decay=config.decay,
            seed=seed,
            limit=config.limit,
            save_minutes=config.save_minutes,
            skip_bad_lines=config.skip_bad_lines,
            resume=True,
        )
    )
    shutil.rmtree(out / "state", ignore_errors=True)  # many runs: keep the small part
    with (out / "history.csv").open(encoding="utf-8", newline="") as file:
        history = [
            {name: int(value) if name == "epoch" else float(value) for name, value in row.items()}
            for row in csv.DictReader(file)
        ]
    return {
        "seed": seed,
        "learning_rate": rate,
        "history": history,
        "initial_loss": metrics["initial_loss"],
        "test": metrics["last_epoch_at_half"]["test"],
        "tuned_test": metrics["test"],
    }


def _baseline(documents: dict[str, list], kind: str) -> dict[str, Any] | None:
    """TF-IDF + LinearSVC on the same files: what one would use instead."""
    from kerasbert.evaluation.baseline import linear_svc_baseline
    from kerasbert.text import LabelSet

    say("--- TF-IDF + LinearSVC")
    labels = LabelSet.from_documents(documents["train"])
    texts = {name: [" ".join(d.texts) for d in part] for name, part in documents.items()}
    gold = {name: labels.encode(part) for name, part in documents.items()}
    unseen = {name: sum(labels.unseen(part).values()) for name, part in documents.items()}
    baseline = linear_svc_baseline(
        texts["train"],
        gold["train"],
        texts["valid"],
        gold["valid"],
        texts["test"],
        gold["test"],
        kind=kind,
        unseen_valid=unseen["valid"],
        unseen_test=unseen["test"],
    )
    if baseline is None:
        say("left out: it needs scikit-learn (pip install scikit-learn).")
    else:
        say(f"test F1 {baseline['test']['f1']:.4f} in {baseline['seconds']:.1f} s")
    return baseline


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(result: dict[str, Any]) -> None:
        print_table("pre-training against from scratch", result["table"])
        print(result["sentence"])

    return run_command(Config, run, argv, "compare", show)


if __name__ == "__main__":
    sys.exit(main())
