"""Figures of spans with types, exactly right or not, as `seqeval` counts them. No Keras."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

Span = tuple[int, int, str]


def entity_figures(
    gold: Sequence[Sequence[Span]], found: Sequence[Sequence[Span]]
) -> dict[str, Any]:
    """Precision, recall and F1 of spans; one counts where its ends and its type are right.

    Where there is nothing to divide by a figure is 0.

    Args:
        gold: the right spans of N documents.
        found: those that were answered.

    Returns:
        precision, recall and entity_f1 over all spans; macro_precision, macro_recall and macro_f1,
        the means over the types that are in either; by_type: of each precision, recall, f1, gold,
        found.

    Source: the evaluation of CoNLL-2000, Tjong Kim Sang and Buchholz 2000,
    https://aclanthology.org/W00-0726, section 4.
    """
    right: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    answered: Counter[str] = Counter()
    for true, answer in zip(gold, found, strict=True):
        wanted.update(kind for _, _, kind in true)
        answered.update(kind for _, _, kind in answer)
        right.update(kind for _, _, kind in set(true) & set(answer))
    by_type = {}
    for kind in sorted(set(wanted) | set(answered)):
        figures = _figures(right[kind], answered[kind], wanted[kind])
        by_type[kind] = dict(zip(("precision", "recall", "f1"), figures, strict=True)) | {
            "gold": wanted[kind],
            "found": answered[kind],
        }
    precision, recall, f1 = _figures(right.total(), answered.total(), wanted.total())
    return {
        "entity_f1": f1,
        "precision": precision,
        "recall": recall,
        **{
            f"macro_{name}": _mean([each[name] for each in by_type.values()])
            for name in ("f1", "precision", "recall")
        },
        "by_type": by_type,
    }


def _figures(right: int, found: int, gold: int) -> tuple[float, float, float]:
    precision = right / found if found else 0.0
    recall = right / gold if gold else 0.0
    both = precision + recall
    return precision, recall, 2 * precision * recall / both if both else 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def span_mistakes(gold: Sequence[Span], found: Sequence[Span]) -> list[tuple[str, str, str]]:
    """What is wrong with the spans of a document: the mistake, the right type, the answered one.

    "type": the right place, another type; "boundary": the right type, another place that overlaps;
    "boundary and type": both; "missed": nothing overlaps it; "invented": it overlaps nothing right.
    Each right span is in one mistake at most.
    """
    same = set(gold) & set(found)
    left = [span for span in found if span not in same]
    mistakes = []
    for start, end, kind in gold:
        if (start, end, kind) in same:
            continue
        near = [other for other in left if other[0] < end and start < other[1]]
        if not near:
            mistakes.append(("missed", kind, ""))
            continue
        best = min(near, key=lambda o: (o[:2] != (start, end), o[2] != kind, o))
        what = "type" if best[:2] == (start, end) else "boundary"
        if what == "boundary" and best[2] != kind:
            what = "boundary and type"
        mistakes.append((what, kind, best[2]))
    for start, end, kind in left:
        if not any(other[0] < end and start < other[1] for other in gold):
            mistakes.append(("invented", "", kind))
    return mistakes
