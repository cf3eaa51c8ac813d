"""A comparison: fine-tunings from scratch, the same from a pre-trained run, and a cheap rival."""

import csv
import functools
import shutil
from pathlib import Path
from typing import Any

import keras

from kerasbert.checkpoints.convert import open_source
from kerasbert.evaluation.comparison import Judged, draw_comparison, summarize
from kerasbert.evaluation.comparison_text import (
    comparison_sentence,
    comparison_table,
    comparison_verdict,
    markdown_table,
)
from kerasbert.files import write_text
from kerasbert.heads.head import Head
from kerasbert.inference.embedder import Embedder
from kerasbert.report import comparison_report
from kerasbert.runs.begin import begin_run
from kerasbert.runs.folder import RunFolder
from kerasbert.runs.leaving import leaves_nothing
from kerasbert.runs.same_data import check_same_data, data_digests
from kerasbert.runs.settings import settings_of
from kerasbert.settings.compare import CompareSettings
from kerasbert.settings.defaults import fine_tuning_rate, pooling_of
from kerasbert.settings.encoder import check_length
from kerasbert.terminal import say
from kerasbert.tokenizer.unknown import unknown_in
from kerasbert.training.compiled import keep_compiled
from kerasbert.training.fine_tuning import fine_tune
from kerasbert.training.parts import read_parts
from kerasbert.training.shipping import Shipping

SIDES = ("scratch", "pretrained")


@leaves_nothing
def compare(settings: CompareSettings, said: set[str] | None = None) -> dict[str, Any]:
    """Compare, and return what compare.json holds.

    Args:
        settings: what to compare, and how.
        said: as `fine_tune` takes it.

    Raises:
        InputError: settings and data do not fit each other; nothing is left behind.
        Interrupted: stopped by a signal; its state is saved, `resume` goes on.
    """
    folder, found = begin_run(settings, result="compare.json")
    if found is not None:
        return found
    source = open_source(settings.pretrained)
    ship = Shipping(settings, set() if said is None else said)
    documents, head = read_parts(settings, ship.said)
    digests = data_digests(documents)
    check_same_data(folder, digests, fixed=list(digests))
    texts = [document.texts for document in documents["train"]]
    unknown = unknown_in(source.tokenizer(), texts)
    unknown.check(str(settings.train))
    for warning in unknown.warnings("train"):  # as each of the trainings would say it
        say(warning, ship.said)
    check_length(source.architecture(), settings.max_length)
    keep_compiled(folder.path / "compiled")
    used = {
        "head": head.name,
        **head.settled(),
        "pooling": pooling_of(settings.pooling, source.architecture()),
    }
    folder.write_config("compare", source.architecture(), settings_of(settings), used, data=digests)
    rates = _learning_rates(settings, source)

    # The cheap rival first: a user who sees that it wins can stop here.
    judged = head.judged()
    baselines = _rivals(head, documents, judged, settings, source)
    rows = {side: _runs(settings, folder, side, rates, ship, head, source) for side in SIDES}
    shipped = [run.pop("shipped", None) for run in rows["pretrained"]]
    if all(shipped):  # not those of a comparison that an earlier version began
        rows["shipped"] = shipped
    seconds = float(source.read_json("metrics.json").get("seconds", 0.0))
    summary = summarize(rows, seconds, baselines, judged)
    table = comparison_table(summary)
    sentence = comparison_sentence(summary)
    draw_comparison(folder.file("compare.png"), rows, baselines, judged)
    write_text(folder.file("compare.md"), f"{markdown_table(table)}\n{sentence}\n")
    result = {**rows, "summary": summary, "table": table, "sentence": sentence}
    result["verdict"] = comparison_verdict(summary)
    about = folder.config()
    comparison_report(folder.file("report.html"), folder.path.name, result, about)
    folder.write_json("compare.json", result)
    return result


def _learning_rates(settings: CompareSettings, source: RunFolder) -> list[float]:
    if settings.learning_rates:
        return sorted(settings.learning_rates)
    peak = fine_tuning_rate(settings.learning_rate, source.architecture())
    return [peak] if settings.learning_rate is not None else [peak / 2, peak, peak * 2]


def _runs(
    settings: CompareSettings,
    folder: RunFolder,
    side: str,
    rates: list[float],
    ship: Shipping,
    head: Head,
    source: RunFolder,
) -> list[dict[str, Any]]:
    """A run for each seed, at the learning rate that was best on the first."""
    tried = [
        _run(settings, folder, side, rate, settings.seed, ship, head, source) for rate in rates
    ]
    sign, column = 1 if head.mode == "max" else -1, f"val_{head.best}"

    def at_the_end(run: dict[str, Any]) -> float:
        value = sign * run["history"][-1][column]
        return value if value == value else float("-inf")

    best = max(tried, key=at_the_end)
    for run in tried:
        say(
            f"{side}, learning rate {run['learning_rate']:g}: validation "
            f"{head.name_of(head.best)} {run['history'][-1][column]:.4f} at the end"
            + (" (best)" if run is best and len(tried) > 1 else "")
        )
    rest = [
        _run(
            settings,
            folder,
            side,
            best["learning_rate"],
            settings.seed + number,
            ship,
            head,
            source,
        )
        for number in range(1, settings.seeds)
    ]
    return [best, *rest]


def _run(
    settings: CompareSettings,
    folder: RunFolder,
    side: str,
    rate: float,
    seed: int,
    ship: Shipping,
    head: Head,
    source: RunFolder,
) -> dict[str, Any]:
    """One fine-tuning, in a folder of its own: a comparison that was stopped goes on after it."""
    out = folder.path / "runs" / f"{side}-lr{rate:g}-seed{seed}"
    say(f"--- {side}, learning rate {rate:g}, seed {seed}")
    keras.utils.clear_session()
    of_this_run = settings.fine_tuning(
        out=out,
        from_scratch=side == "scratch",
        learning_rate=rate,
        seed=seed,
        resume=True,
        head=head.name,
        rival=False,  # once, for all of them
    )
    beside = ship.beside(seed) if side == "pretrained" and head.ships_svms else None
    metrics = fine_tune(of_this_run, beside, ship.said, source=source)
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
        # The name of versions before 0.2.0 is in the runs of a comparison that they began.
        "test": (metrics.get("last_epoch") or metrics["last_epoch_at_half"])["test"],
        "tuned_test": metrics["test"],
    }
    return run | {"shipped": ship.run(out, run)} if beside is not None else run


def _rivals(
    head: Head,
    documents: dict[str, list],
    judged: Judged,
    settings: CompareSettings,
    source: RunFolder,
) -> list[dict[str, Any]]:
    """The same files for what one would use instead: words, and the encoder as it came."""
    say("--- what one would use instead")
    pooling = pooling_of(settings.pooling, source.architecture())

    @functools.cache  # loaded where a head asks for vectors
    def embedder() -> Embedder:
        return Embedder(source.path, pooling, settings.max_length)

    name = Path(settings.pretrained).name
    trained = []
    for rival in (
        *head.rivals(documents),
        *head.vector_rivals(documents, name, lambda texts: embedder().pooled(texts)),
    ):
        if "reason" in rival:
            say(f"{rival['name']}: left out: {rival['reason']}")
        else:
            figure = f"{judged.name} {rival['test'][judged.best]:.4f}"
            say(f"{rival['name']}: test {figure} in {rival['seconds']:.1f} s")
            trained.append(rival)
    return trained
