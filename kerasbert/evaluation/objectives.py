"""What is known of a pre-training objective: held-out figures, and has it learned anything?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kerasbert.figures import number

REMEDY = (
    "Give it more minutes (--minutes, --steps), more text or another --learning-rate, a smaller one"
    " if the loss rose."
)
LITTLE, HARDLY = "next to nothing was learned so far", 0.01  # from such a share of the loss on


@dataclass(frozen=True)
class Compared:
    """A held-out loss beside that of knowing nothing of the text, and what either outcome means.

    Attributes:
        loss, known: the names of the figures; `known` is empty where nothing is to compare with.
        title, unit: of the curve.
        nothing_known: what the other curve is.
        what, against: the two in words.
        learned, nothing: what follows.
        measure: what the difference is counted in.
    """

    loss: str
    known: str
    title: str
    unit: str
    nothing_known: str = ""
    what: str = ""
    against: str = ""
    learned: str = ""
    nothing: str = ""
    measure: str = "nats "


@dataclass(frozen=True)
class Figures:
    """The held-out figures of one objective.

    Attributes:
        losses: the first is the objective's own, which is its part of `val_loss`. A verdict is that
            of the last one, unless another one says that nothing was learned.
        shares: further figures from 0 to 1, by name: the title of their curve.
    """

    losses: tuple[Compared, ...]
    shares: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """The names of all figures, in the order of history.csv."""
        named = [name for one in self.losses for name in (one.loss, one.known) if name]
        return [*named, *self.shares]


def own_figures(name: str) -> Figures:
    """Those of an objective that says nothing of them: its loss."""
    title = f"{name.replace('_', ' ').capitalize()} loss"
    return Figures((Compared(f"val_loss_{name}", "", title, "its loss"),))


def pretraining_verdict(
    objectives: Mapping[str, Figures], figures: Mapping[str, Any]
) -> dict[str, Any]:
    """Say of each objective that was scored whether it was learned.

    Args:
        objectives: by name, those that were trained.
        figures: the last row of history.csv, or metrics.json.

    Returns:
        "learned", true or false by objective, and "verdict", a sentence for each and the remedy;
        nothing where none was scored.
    """
    learned, sentences = {}, []
    for name, objective in objectives.items():
        scored = [
            found
            for one in reversed(objective.losses)
            if (found := _compare(name, one, figures)) is not None
        ]
        if not scored:
            continue
        learned[name], said = next((found for found in scored if not found[0]), scored[0])
        sentences.append(said)
    if not sentences:
        return {}
    if not all(learned.values()) or any(LITTLE in said for said in sentences):
        sentences.append(REMEDY)
    return {"learned": learned, "verdict": " ".join(sentences)}


def _compare(name: str, one: Compared, figures: Mapping[str, Any]) -> tuple[bool, str] | None:
    """Whether it was learned, in a sentence; None where nothing was scored."""
    loss, known = number(figures.get(one.loss)), number(figures.get(one.known))
    if known is None:
        return None
    if loss is not None and loss < known:
        what = LITTLE if known - loss < HARDLY * known else one.learned
        return True, (
            f"{one.what} is {known - loss:.3f} {one.measure}below {one.against} "
            f"({loss:.3f} against {known:.3f}): {what}."
        )
    said = "no number" if loss is None else f"{loss:.3f}"
    return False, (
        f"Nothing learned yet of {name.replace('_', ' ')}: val {said}, knowing nothing {known:.3f}"
        f" ({one.against}); {one.nothing}."
    )
