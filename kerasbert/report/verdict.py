"""Has pre-training learned anything? Each objective's held-out loss beside that of not knowing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kerasbert.figures import number

REMEDY = (
    "Train longer (--steps, --minutes), on more text or with another --learning-rate, a smaller one"
    " if the loss rose."
)
LITTLE, HARDLY = "next to nothing was learned so far", 0.01  # from such a share of the loss on


@dataclass(frozen=True)
class _Objective:
    """What is compared, and what either outcome means.

    Attributes:
        loss, known: the names of the figures: of the model, and of knowing nothing of the text.
        what, against: the two in words.
        learned, nothing: what follows.
    """

    loss: str
    known: str
    what: str
    against: str
    learned: str
    nothing: str


def _of_pairs(name: str) -> _Objective:
    return _Objective(
        f"val_loss_{name}",
        f"chance_loss_{name}",
        f"The validation loss of {name.replace('_', ' ')}",
        "the loss of guessing",
        "the encoder tells such pairs apart",
        "so far the encoder guesses",
    )


def _of_masked_lm(where: str, note: str = "") -> _Objective:
    return _Objective(
        f"val_loss{note}",
        f"unigram_loss{note}",
        f"On {where} positions the validation loss",
        "the unigram loss",
        "the encoder uses context",
        "so far the encoder has learned nothing but frequencies",
    )


# Of several figures the first counts, unless another one says that nothing was learned.
OBJECTIVES = {
    "masked_lm": (_of_masked_lm("[MASK]", "_mask"), _of_masked_lm("all masked")),
    "document_words": (
        _Objective(
            "val_loss_words",
            "unigram_loss_words",
            "The validation loss of document words",
            "their unigram loss",
            "the vector of a text tells of its words",
            "so far the vector of a text tells nothing of its words",
        ),
    ),
    "next_sentence": (_of_pairs("next_sentence"),),
    "sentence_order": (_of_pairs("sentence_order"),),
}


def pretraining_verdict(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Say of each objective that was scored whether it was learned.

    Args:
        figures: the last row of history.csv, or metrics.json.

    Returns:
        "learned", true or false by objective, and "verdict", a sentence for each and the remedy;
        nothing where none was scored.
    """
    learned, sentences = {}, []
    for name, choice in OBJECTIVES.items():
        scored = [found for one in choice if (found := _compare(one, figures)) is not None]
        if not scored:
            continue
        learned[name], said = next((found for found in scored if not found[0]), scored[0])
        sentences.append(said)
    if not sentences:
        return {}
    if not all(learned.values()) or any(LITTLE in said for said in sentences):
        sentences.append(REMEDY)
    return {"learned": learned, "verdict": " ".join(sentences)}


def _compare(one: _Objective, figures: Mapping[str, Any]) -> tuple[bool, str] | None:
    """Whether it was learned, in a sentence; None where nothing was scored."""
    loss, known = number(figures.get(one.loss)), number(figures.get(one.known))
    if known is None:
        return None
    if loss is not None and loss < known:
        what = LITTLE if known - loss < HARDLY * known else one.learned
        return True, (
            f"{one.what} is {known - loss:.3f} nats below {one.against} ({loss:.3f} against "
            f"{known:.3f}): {what}."
        )
    said = "no number" if loss is None else f"{loss:.3f}"
    return False, f"{one.what} ({said}) is not below {one.against} ({known:.3f}): {one.nothing}."
