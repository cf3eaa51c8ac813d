"""What the figures of a run are worth, in a sentence: beside its rival, or beside other figures."""

from collections.abc import Mapping
from typing import Any, Literal

from kerasbert.evaluation.standing import difference
from kerasbert.figures import figure_name, number

FAR = 0.1  # from such a share of a figure on, documents are said to be others
PARTS = {"test": "test", "valid": "validation"}


def rival_verdict(
    metrics: Mapping[str, Any],
    best: str,
    mode: Literal["max", "min"] = "max",
    chance: float = 0.0,
    advice: str = "train longer",
) -> str:
    """Whether a run is better than its rival.

    Args:
        metrics: with the figures of "test" or "valid", and "rival" or "rival_reason"; and, where
            they are known, those of "knowing_nothing".
        best: the figure that decides.
        mode: whether the higher or the lower one is better.
        chance: a difference below it says little of so few documents.
        advice: what to try where it isn't better.
    """
    part = next(part for part in PARTS if part in metrics)
    ours, name, data = number(metrics[part][best]), figure_name(best), f"{PARTS[part]} data"
    if ours is None:
        why = metrics[part].get(f"{best}_reason")
        return f"No {name} on {data}{f': {why}' if why else ''}."
    rival = metrics.get("rival")
    if rival and number(rival[part][best]) is None:
        rival = None
    known = (metrics.get("knowing_nothing") or {}).get(part, {}).get(best)
    if known is not None and (ours <= known if mode == "max" else ours >= known):
        return (
            f"Nothing learned yet: {name} {ours:.3f} on {data}, always the same answer has "
            f"{known:.3f}; {advice}."
        )
    if not rival:
        reason = metrics.get("rival_reason")
        said = f"{name} {ours:.3f} on {data}{f'; no rival beside it: {reason}' if reason else ''}."
        return said[0].upper() + said[1:]
    theirs = rival[part][best]
    ahead = round(ours - theirs, 3) * (1 if mode == "max" else -1)
    little = ""
    if 0 < abs(ahead) < chance:
        little = f"; {metrics[part]['documents']:,} documents are too few to be sure of that"
    if ahead > 0:
        change = difference(ours, theirs)
        said = f"{name} {ours:.3f} on {data}, {change} {rival['name']} ({theirs:.3f}){little}."
        return said[0].upper() + said[1:]
    if not ahead:
        return f"No better than {rival['name']}: both have {name} {ours:.3f} on {data}; {advice}."
    return (
        f"{rival['name']} is ahead: {theirs:.3f} against {ours:.3f}, {name} on {data}{little};"
        f" {advice}."
    )


def is_ahead(
    metrics: Mapping[str, Any], best: str, mode: Literal["max", "min"] = "max"
) -> bool | None:
    """Whether a run is better than its rival, to three digits; None where there is none."""
    if not (rival := metrics.get("rival")):
        return None
    part = next(part for part in PARTS if part in metrics)
    ours, theirs = number(metrics[part][best]), number(rival[part][best])
    if ours is None or theirs is None:
        return None
    ahead = round(ours - theirs, 3)
    return ahead > 0 if mode == "max" else ahead < 0


def with_rival(table: list[list[Any]], metrics: Mapping[str, Any], best: str) -> list[list[Any]]:
    """A table of figures, a row a part, with the rival's in a column of its own.

    Args:
        table: its header first; the first cell of a row is "valid" or "test".
        metrics: with "rival", if there is one.
        best: the figure that is shown.
    """
    if not (rival := metrics.get("rival")):
        return table
    column = [f"{figure_name(best)} of {rival['name']}"]
    column += [rival.get(row[0], {}).get(best, "") for row in table[1:]]
    return [[*row, cell] for row, cell in zip(table, column, strict=True)]


def change_verdict(
    found: Mapping[str, Any], metrics: Mapping[str, Any], best: str, mode: Literal["max", "min"]
) -> str:
    """Whether a run does on other documents what it did on its own.

    Args:
        found: the figures of other documents.
        metrics: of the run, with those of its "test" or "valid".
        best: the figure that decides.
        mode: whether the higher or the lower one is better.
    """
    part = next((part for part in PARTS if part in metrics), None)
    ours, name = number(found[best]), figure_name(best)
    if ours is None:
        why = found.get(f"{best}_reason")
        return f"No {name}{f': {why}' if why else ''}."
    said = f"{name[0].upper()}{name[1:]} {ours:.3f} on {found['documents']:,} documents"
    own = None if part is None else number(metrics[part][best])
    if part is None or own is None:
        return f"{said}."
    text = f"{said}, {difference(ours, own)} that of the run's {PARTS[part]} data ({own:.3f})"
    worse = (own - ours) * (1 if mode == "max" else -1)
    if worse > FAR * abs(own):
        text += ": these documents differ from those that it learned from, or their labels do"
    return f"{text}."


def doubts_sentence(found: Mapping[str, Any]) -> str:
    """What `Head.doubts` found, and how much to give on it.

    Args:
        found: what it returns.
    """
    doubtful, of = len(found["rows"]), found["of"]
    rare = found["labels"] - found["judged"]
    left_out = f" {rare:,} of {found['labels']:,} labels have too few to be judged." if rare else ""
    if not doubtful:
        return f"No label of {of:,} documents is in doubt.{left_out}"
    return (
        f"Labels of {doubtful:,} of {of:,} documents are in doubt ({doubtful / of:.1%}), the first"
        f" ones most: read these. The judge itself has micro F1 {found['agreement']:.3f} on labels"
        f" that it has not seen, so many of the later ones will be right.{left_out}"
    )
