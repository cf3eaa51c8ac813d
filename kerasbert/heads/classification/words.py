"""The figures of a fine-tuned run in words: a table for people, and how labels were chosen."""

from collections.abc import Mapping, Sequence
from typing import Any

from kerasbert.figures import figure_name
from kerasbert.report.markdown import code, escaped
from kerasbert.visible import visible

SHOWN = 30  # labels in a model card


def unseen_note(unseen: Mapping[str, int]) -> str:
    """Gold labels that are not in the training set's label set, for people."""
    return (
        f"{len(unseen)} labels that training never saw, {sum(unseen.values())} times "
        f"({', '.join(map(visible, list(unseen)[:5]))}): they count as misses"
    )


def metrics_table(metrics: Mapping[str, Any]) -> list[list[Any]]:
    """Rows for people: each part by the saved rule, and at 0.5 where it has thresholds."""
    columns = ("micro_f1", "macro_f1", "f1", "loss", "documents")
    rows: list[list[Any]] = [["judged on", *map(figure_name, columns)]]
    views = [("", metrics), (" at 0.5", half_view(metrics))]
    for note, view in views:
        for name in ("valid", "test", "data"):
            if name in view:
                rows.append([name + note, *(view[name][column] for column in columns)])
    return rows


def half_view(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """The figures at threshold 0.5; empty where the most probable label is the answer anyway."""
    return (metrics.get("at_half") or {}) if metrics.get("kind") == "multi-label" else {}


def decision_text(metrics: Mapping[str, Any]) -> str:
    """How labels were chosen, in a few words."""
    if metrics["kind"] != "multi-label":
        return "the most probable label"
    rule, top_k = metrics["decision"]["rule"], metrics["decision"]["top_k"]
    if rule == "top-k":
        return f"the {top_k} most probable labels"
    each = isinstance(metrics["decision"]["threshold"], list)
    limit = "thresholds of each label, mean" if each else "threshold"
    return f"{limit} {metrics['threshold']:.2f}" + ("" if rule == "at-least-one" else " or none")


def share_text(share: float) -> str:
    """How much the linear SVMs count beside the network."""
    if share >= 0.995:
        return "all of the answer: on validation data the network adds nothing"
    if share < 0.005:
        return "no part of the answer: on validation data the network does as well alone"
    return f"{share:.0%} of the answer, the network the rest"


def rule_sentences(metrics: Mapping[str, Any]) -> str:
    """What a document gets that no label reaches, and why; empty unless the data are multi-label.

    Where it gets something else at 0.5, that is said, too.

    Args:
        metrics: with kind, decision, and at_half where there is one, as metrics.json has them.
    """
    if metrics.get("kind") != "multi-label":
        return ""
    decision = metrics["decision"]
    if decision["rule"] == "top-k":
        return f"The {decision['top_k']} most probable labels are the answer."
    text = f"A document that no label reaches {_gets(decision)}."
    half = (metrics.get("at_half") or {}).get("decision") or decision
    return text if half["rule"] == decision["rule"] else f"{text} At 0.5 it {_gets(half)}."


def label_sentences(
    kind: str, names: Sequence[str], metrics: Mapping[str, Any], beside: bool = False
) -> list[str]:
    """What is predicted and how it is decided, for the model card.

    Args:
        kind: of classification.
        names: of the labels.
        metrics: what metrics.json will hold.
        beside: whether linear SVMs on the tokens answer beside the network.
    """
    shown = ", ".join(map(code, names[:SHOWN]))
    more = f" and {len(names) - SHOWN:,} more, in `labels.txt`" if len(names) > SHOWN else ""
    takes = "Any number of" if kind == "multi-label" else "One of"
    decided = f"Decided by {decision_text(metrics)}. {rule_sentences(metrics)}".strip()
    if beside:
        share = metrics.get("linear", {}).get("share", 0.5)
        decided += f" Linear SVMs on the tokens are {share_text(share)}."
    return [f"{takes} {len(names):,} labels: {shown}{more}.", escaped(decided)]


def _gets(decision: Mapping[str, Any]) -> str:
    gets = "its most probable one" if decision["rule"] == "at-least-one" else "none"
    why = decision.get("why")
    return f"gets {gets}{f': {why}' if why else ''}"
