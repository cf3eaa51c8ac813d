"""What of a head a class of transformers can hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PublicLayer:
    """A head that is one linear layer, on the states of tokens or on that of a text.

    Attributes:
        holds: what the class is for, a key of `CLASSES` of `kerasbert.checkpoints.export`.
        layer: ours, by its name.
        public: theirs; empty for a text's, which each family calls in its own way.
        config: what config.json says of it.
        left_out: what no public class holds, in a sentence.
        unit: factors and summands, K each, that make answers of the K outputs; they go into the
            weights. None where the outputs leave as they are.
    """

    holds: str
    layer: str
    public: str
    config: dict[str, Any]
    left_out: str
    unit: tuple[Sequence[float], Sequence[float]] | None = None


def output_names(names: Sequence[str]) -> dict[str, Any]:
    """What config.json says of outputs with these names, in their order."""
    return {
        "id2label": {str(number): name for number, name in enumerate(names)},
        "label2id": {name: number for number, name in enumerate(names)},
    }
