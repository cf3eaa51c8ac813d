"""Is pre-training worth it? From scratch against pre-trained, each at its best learning rate."""

import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasbert.choices import KindName, Thresholds
from kerasbert.command import leaves_nothing, print_table, run_command, say
from kerasbert.errors import InputError
from kerasbert.options import (
    FineTuningOptions,
    TrainingOptions,
    check_length,
    shared_flags,
)
from kerasbert.ranges import SEEDS

SIDES = ("scratch", "pretrained")


@dataclass(frozen=True, kw_only=True)
class Config(TrainingOptions, FineTuningOptions):
    """A pre-trained run and labelled text in; a table, a report and compare.json out.

    Both sides have the same tokenizer, architecture, seeds, data and steps. On the first seed each
    tries all learning rates; that with the best validation F1 at the end is taken for the others.
    Beside them stands what `finetune` ships at that rate: the pre-trained network with linear SVMs
    beside it, and a threshold for each label.

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
    """Beside both sides, as in finetune; without them these say what the networks learned."""
    thresholds: Thresholds = "common"
    """Of both sides, as in finetune; TF-IDF + LinearSVC always has one for all labels."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_fine_tuning()
        if self.seed + self.seeds > SEEDS:
            raise InputError(
                f"--seed {self.seed} and --seeds {self.seeds}: the last seed would be "
                f"{self.seed + self.seeds - 1}, expected at most {SEEDS - 1}."
            )
        if self.learning_rate is not None and self.learning_rates:
            raise InputError("expected one of --learning-rate and --learning-rates.")


@leaves_nothing
def run(config: Config) -> dict[str, Any]:
    """Compare, and return what compare.json holds."""
    from kerasbert.evaluation.comparison import draw_comparison, summarize
    from kerasbert.evaluation.comparison_text import (
        comparison_sentence,
        comparison_table,
        markdown_table,
    )
    from kerasbert.files import write_text
    from kerasbert.recipes import finetune
    from kerasbert.report import comparison_report
    from kerasbert.runs.begin import begin_run
    from kerasbert.runs.folder import RunFolder
    from kerasbert.runs.same_data import check_same_data, data_digests
    from kerasbert.runs.settings import settings_of
    from kerasbert.tokenizer.unknown import unknown_in

    folder, found = begin_run(config, result="compare.json")
    if found is not None:
        say(f"{folder.path}: the comparison is finished; nothing to do.")
        return found
    source = RunFolder.open(config.pretrained)
    ship = _Ship(config)
    documents, kind = finetune.read_parts(config, ship.said)
    digests = data_digests(documents)
    check_same_data(folder, digests, fixed=list(digests))
    texts = [document.texts for document in documents["train"]]
    unknown = unknown_in(source.tokenizer(), texts)
    unknown.check(str(config.train))
    for warning in unknown.warnings(str(config.train)):
        say(warning)
    check_length(source.architecture(), config.max_length)
    # Many equal models, compiled once. JAX reads this when it is imported, so it is set before.
    compiled = folder.path.absolute() / "compiled"
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(compiled))
    folder.write_config("compare", source.architecture(), settings_of(config), data=digests)
    rates = _learning_rates(config, source)

    # The cheap rival first: a user who sees that it wins can stop here.
    baseline = _baseline(config, documents, kind)
    rows = {side: _runs(config, folder, side, rates, ship) for side in SIDES}
    shipped = [run.pop("shipped", None) for run in rows["pretrained"]]
    if all(shipped):  # not those of a comparison that an earlier version began
        rows["shipped"] = shipped
    baselines = [baseline] if baseline is not None else []
    seconds = float(source.read_json("metrics.json").get("seconds", 0.0))
    summary = summarize(rows, seconds, baselines)
    table = comparison_table(summary)
    sentence = comparison_sentence(summary)
    draw_comparison(folder.file("compare.png"), rows, baselines)
    write_text(folder.file("compare.md"), f"{markdown_table(table)}\n{sentence}\n")
    result = {**rows, "summary": summary, "table": table, "sentence": sentence}
    about = folder.config()
    comparison_report(folder.file("report.html"), folder.path.name, result, about)
    folder.write_json("compare.json", result)
    return result


def _learning_rates(config: Config, source) -> list[float]:
    from kerasbert.recipes.finetune import peak_learning_rate

    if config.learning_rates:
        return sorted(config.learning_rates)
    peak = peak_learning_rate(config, source.architecture())
    return [peak] if config.learning_rate is not None else [peak / 2, peak, peak * 2]


class _Ship:
    """Judges what `finetune` ships beside the training of the pre-trained network alone."""

    def __init__(self, config: Config):
        self.config = config
        # Of each seed, whatever the learning rate; None where finetune ships none.
        self.svms: dict[int, Any] = {}
        self.seconds: dict[int, float] = {}
        self.said: set[str] = set()  # of the data, which are those of every training

    def beside(self, seed: int) -> Callable[..., Any]:
        """What `finetune.run` takes as `beside`."""

        def judge(folder, epoch_f1, data, vocabulary_size: int, pairs: bool):
            from kerasbert.heads.classification.linear_svm import too_many_weights
            from kerasbert.training.shipped import Shipped, half_of_svms

            config = self.config
            lead, labels = config.leading_positions(pairs), data["train"].gold.shape[1]
            if seed not in self.svms and not (config.linear_svm or pairs):
                if why := too_many_weights(vocabulary_size, lead, labels):
                    if not self.svms:
                        say(why)
                    self.svms[seed] = None
                else:
                    began = time.perf_counter()
                    self.svms[seed] = half_of_svms(data, vocabulary_size, lead, seed, config.rule)
                    self.seconds[seed] = time.perf_counter() - began
            return Shipped(
                folder.file("shipped.json"),
                epoch_f1,
                data,
                self.svms.get(seed),
                config.epochs,
                self.seconds.get(seed, 0.0),
                config.rule,
                config.top_k,
            )

        return judge

    def run(self, folder: Path, alone: dict[str, Any]) -> dict[str, Any] | None:
        """What was judged, as a run; None where epochs are missing."""
        from kerasbert.training.shipped import read_shipped

        found = read_shipped(folder / "shipped.json")
        if found is None or len(found["history"]) < len(alone["history"]):
            return None
        history = [
            row | {"seconds": of_network["seconds"]}
            for row, of_network in zip(found["history"], alone["history"], strict=True)
        ]
        history[0]["seconds"] += found["seconds"]
        return {**alone, **found, "history": history}


def _runs(
    config: Config, folder, side: str, rates: list[float], ship: _Ship
) -> list[dict[str, Any]]:
    """A run for each seed, at the learning rate that was best on the first."""
    tried = [_run(config, folder, side, rate, config.seed, ship) for rate in rates]
    best = max(tried, key=lambda run: run["history"][-1]["val_f1"])
    for run in tried:
        say(
            f"{side}, learning rate {run['learning_rate']:g}: validation F1 "
            f"{run['history'][-1]['val_f1']:.4f} at the end" + (" (best)" if run is best else "")
        )
    rest = [
        _run(config, folder, side, best["learning_rate"], config.seed + number, ship)
        for number in range(1, config.seeds)
    ]
    return [best, *rest]


def _run(config: Config, folder, side: str, rate: float, seed: int, ship: _Ship) -> dict[str, Any]:
    """One fine-tuning, in a folder of its own: a comparison that was stopped goes on after it."""
    import csv

    import keras

    from kerasbert.recipes import finetune

    out = folder.path / "runs" / f"{side}-lr{rate:g}-seed{seed}"
    say(f"--- {side}, learning rate {rate:g}, seed {seed}")
    keras.utils.clear_session()
    settings = shared_flags(config, finetune.Config) | {
        "out": out,
        "from_scratch": side == "scratch",
        "learning_rate": rate,
        "seed": seed,
        "resume": True,
    }
    beside = ship.beside(seed) if side == "pretrained" else None
    metrics = finetune.run(finetune.Config(**settings), beside, ship.said)
    shutil.rmtree(out / "state", ignore_errors=True)  # many runs: keep the small part
    with (out / "history.csv").open(encoding="utf-8", newline="") as file:
        history = [
            {
                name: int(value) if name == "epoch" else float(value or "nan")
                for name, value in row.items()
            }
            for row in csv.DictReader(file)
        ]
    run = {
        "seed": seed,
        "learning_rate": rate,
        "history": history,
        "initial_loss": metrics["initial_loss"],
        "test": metrics["last_epoch_at_half"]["test"],
        "tuned_test": metrics["test"],
    }
    return run | {"shipped": ship.run(out, run)} if side == "pretrained" else run


def _baseline(config: Config, documents: dict[str, list], kind: str) -> dict[str, Any] | None:
    """TF-IDF + LinearSVC on the same files: what one would use instead."""
    from kerasbert.heads.classification.linear_svc import linear_svc_baseline
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
        rule=config.rule,
        top_k=config.top_k,
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
