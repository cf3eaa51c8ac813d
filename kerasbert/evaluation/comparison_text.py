"""The figures of a comparison in words: a table for people and an honest sentence."""

from collections.abc import Mapping, Sequence
from typing import Any

from kerasbert.evaluation.comparison import SHIPPED, SIDES, Judged
from kerasbert.evaluation.standing import difference
from kerasbert.figures import number

BRIEF = 10.0  # seconds


def comparison_table(summary: Mapping[str, Any]) -> list[list[str]]:
    """The figures as rows of text, the header first.

    Its columns are both sides and the gain, what finetune ships where it is known, and baselines.
    """
    judged, baselines = Judged.of(summary), summary["baselines"]
    last = summary["epochs"][-1]
    names = [str(baseline["name"]) for baseline in baselines]
    shipped = [side for side in SHIPPED if side in summary["sides"]]
    table = [["figure", *SIDES.values(), "gain", *(SHIPPED[side] for side in shipped), *names]]

    def add(text: str, name: str, digits: int, known: Sequence[Any] = ()) -> None:
        cells = [_figure(summary["sides"][side][name], digits) for side in SIDES]
        cells.append(_figure(summary["gain"][name], digits, sign=True))
        cells += [_figure(summary["sides"][side][name], digits) for side in shipped]
        shown = [_figure({"mean": value}, digits) for value in known] or [""] * len(names)
        table.append([text, *cells, *shown])

    rates = {side: _rates(found) for side, found in summary["learning_rate"].items()}
    cells = [*(rates[side] for side in SIDES), "", *(rates[side] for side in shipped)]
    table.append(["learning rate", *cells, *[""] * len(names)])
    for epoch in summary["epochs_shown"]:
        # Without the baselines: their thresholds are fitted on these very documents.
        note = " (last)" if epoch == last else ""
        text = f"validation {judged.name} after epoch {epoch}{note}"
        add(text, f"{judged.column}_epoch_{epoch}", 3)
    add(f"test {judged.name}, last epoch", f"test_{judged.best}", 3)
    fitted = f", {judged.fitted}" if judged.fitted else ""
    for name, text in judged.names.items():
        known = [_get(baseline, "test", name) for baseline in baselines]
        add(f"test {text}, best epoch{fitted}", f"tuned_test_{name}", 3, known)
    add("training loss at the beginning", "initial_loss", 4)
    add("validation loss, last epoch", "final_val_loss", 4)
    add(f"epochs until the best {judged.name} from scratch", "epochs_to_scratch_best", 1)
    # Of trainings that take no time to speak of, tenths: "+0" would look like a mistake.
    digits = 0 if summary["sides"]["scratch"]["training_seconds"]["mean"] >= BRIEF else 1
    add(f"seconds until the best {judged.name} from scratch", "seconds_to_scratch_best", digits)
    add("the same with pre-training", "seconds_to_scratch_best_with_pretraining", digits)
    known = [_get(baseline, "seconds") for baseline in baselines]
    add("seconds of training", "training_seconds", digits, known)
    return table


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """The table in Markdown, figures to the right."""
    lines = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines.insert(1, ["---", *["---:"] * (len(rows[0]) - 1)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _figure(figure: Mapping[str, Any], digits: int, sign: bool = False) -> str:
    """Mean and spread as text; says so when only some of the seeds have a value."""
    if number(figure.get("mean")) is None:
        return "never" if figure.get("values") else "–"
    plus = "+" if sign else ""
    text = f"{figure['mean']:{plus}.{digits}f}"
    if figure.get("std") is not None:
        text += f" ± {figure['std']:.{digits}f}"
    values = figure.get("values") or []
    missing = sum(value is None for value in values)
    return f"{text} ({len(values) - missing} of {len(values)} seeds)" if missing else text


def _rates(rates: Sequence[float]) -> str:
    return ", ".join(f"{rate:g}" for rate in dict.fromkeys(rates))


def _get(values: Any, *path: str) -> Any:
    for name in path:
        values = (values or {}).get(name)
    return values


def comparison_sentence(summary: Mapping[str, Any]) -> str:
    """Say what pre-training gained or lost in validation, how many epochs it saved, and where all
    of it ends on test data; whether it was worth it is `comparison_verdict`."""
    judged = Judged.of(summary)
    last, most = summary["epochs"][-1], summary["largest_difference_epoch"]
    when = {1: "after epoch 1"} if 1 in summary["epochs"] else {}
    when.setdefault(most, f"after epoch {most}")
    when.setdefault(last, f"after epoch {last}")
    parts = [
        _change(summary["gain"][f"{judged.column}_epoch_{epoch}"], judged)
        + f" {text}{_which(epoch, most if len(when) > 1 else None, last)}"
        for epoch, text in when.items()
    ]
    text = f"In validation {judged.name} pre-training "
    text += ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]
    text += f"; {_epochs(summary, judged)}"
    on_test = f"tuned_test_{judged.best}"
    ours = summary["sides"]["pretrained"][on_test]["mean"]
    if ours is None:
        return text + "."
    text += f". On test data the pre-trained network ends at {ours:.3f}"
    shipped = _get(summary, "sides", "shipped", on_test, "mean")
    if shipped is not None:  # the rival of the baseline is what a user would get
        text += f"; what finetune ships has {shipped:.3f}"
        ours = shipped
    against = []
    for baseline in summary["baselines"]:
        theirs = number(_get(baseline, "test", judged.best))
        if theirs is not None:
            against.append(f"{difference(ours, theirs)} {baseline['name']} ({theirs:.3f})")
    return text + "".join(f", {part}" for part in against) + "."


def comparison_verdict(summary: Mapping[str, Any]) -> str:
    """Whether pre-training is worth it, in a short sentence: on test data, over the seeds."""
    judged = Judged.of(summary)
    gain = summary["gain"][f"tuned_test_{judged.best}"]
    mean, spread, seeds = gain["mean"], gain["std"], len(summary["seeds"])
    if mean is None:
        return "Nothing can be said of pre-training: a side has no figure on test data."
    change = f"{mean:+.3f} {judged.name} on test data"
    if round(mean, 3) == 0:
        return f"Pre-training makes no difference here ({change})."
    if spread is not None and abs(mean) <= spread:
        return (
            f"Whether pre-training is worth it here stays open: {change}, and the seeds differ by "
            f"{spread:.3f}; more --seeds tell."
        )
    if spread is not None:
        change = change.replace(" ", f" ± {spread:.3f} ", 1)
    doubt = "" if seeds > 1 else ", with one seed; --seeds 3 tells whether that is chance"
    if judged.better(mean, 0):
        return f"Pre-training is worth it here: {change}{doubt}."
    return f"Pre-training does harm here: {change}{doubt}. Give it more minutes, or more text."


def _epochs(summary: Mapping[str, Any], judged: Judged) -> str:
    """How many times the epochs the from-scratch run needed for its best figure."""
    values = summary["epochs_ratio"]["values"]
    reached = [value for value in values if value is not None]
    if not reached:
        return f"it never reached the best {judged.name} from scratch"
    pretrained = summary["sides"]["pretrained"]["epochs_to_scratch_best"]["values"]
    at_least = "at least " if 1.0 in pretrained else ""  # nothing is known within the first epoch
    ratio = _figure(summary["epochs_ratio"] | {"values": reached}, 1)
    scratch = summary["sides"]["scratch"]["epochs_to_scratch_best"]["values"]
    if {*scratch, *pretrained} == {1.0}:
        return f"both reached the best {judged.name} from scratch within the first epoch"
    text = "the from-scratch run needed "
    text += f"{at_least}{ratio} times the epochs for the same {judged.name}"
    if len(reached) < len(values):
        text += (
            f" ({len(values) - len(reached)} of {len(values)} pre-trained runs never reached it)"
        )
    return text


def _which(epoch: int, most: int | None, last: int) -> str:
    """What is special about an epoch, in brackets."""
    marks = ["the largest difference"] * (epoch == most) + ["the last"] * (epoch == last)
    return f" ({', '.join(marks)})" if marks else ""


def _change(gain: Mapping[str, Any], judged: Judged) -> str:
    """ "gained 0.012 ± 0.003", "lost 0.012", and whether the seeds differ by more than that."""
    mean, spread = gain["mean"], gain["std"]
    if mean is None:
        return "yielded no comparable figure"
    if abs(mean) < 0.0005:
        return "changed nothing (0.000)"
    text = f"{'gained' if judged.better(mean, 0) else 'lost'} {abs(mean):.3f}"
    if spread is None:
        return text
    within = " (within the spread of the seeds)" if abs(mean) <= spread else ""
    return f"{text} ± {spread:.3f}{within}"
