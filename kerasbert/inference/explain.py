"""Which words carry a label: what the model would say of the text without each of them.

Leaving words out needs nothing but answers: it is the same on every backend and for a user's own
encoder, and its figures can be checked by hand. A gradient would say how the answer changes for an
embedding moved a little, which no text has. Where two words say the same, each alone seems to
matter little: that is a limit of the method.

Source: Li et al. 2016, "Understanding neural networks through representation erasure",
https://arxiv.org/abs/1612.08220.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasbert.inference.predictor import Predictor


@dataclass(frozen=True)
class Word:
    """A word of a text.

    Attributes:
        part: 0, or 1 in the second text of a pair.
        start: its first character in that text.
        end: behind its last one.
        weights: by predicted label, by how much the word raises the log-odds of it (nats).
    """

    part: int
    start: int
    end: int
    weights: dict[str, float]


@dataclass(frozen=True)
class Explanation:
    """An answer with the words that carry it.

    Attributes:
        texts: one text, or two of a pair, as the tokenizer split them.
        answer: labels and scores, as the predictor gives them.
        words: in the order of the text; those beyond the model's length are left out.
        explained: the names of what the words carry, such as the labels of the answer.
    """

    texts: tuple[str, ...]
    answer: dict[str, Any]
    words: list[Word]
    explained: tuple[str, ...] = ()

    def strongest(self, label: str, most: int = 10) -> list[dict[str, Any]]:
        """The words that raise a label's log-odds most: word and weight."""
        found = [(word.weights[label], word) for word in self.words if word.weights[label] > 0]
        found.sort(key=lambda pair: -pair[0])
        return [
            {"word": self.texts[word.part][word.start : word.end], "weight": round(weight, 4)}
            for weight, word in found[:most]
        ]


def explain(
    predictor: Predictor, texts: Sequence[str | tuple[str, ...]], top_k: int | None = None
) -> list[Explanation]:
    """Answer each text, and again without each of its words.

    Args:
        predictor: of a fine-tuning run.
        texts: strings, or pairs of strings.
        top_k: how many labels to answer with; see `Predictor`.
    """
    return [_explain(predictor, row, top_k) for row in predictor.rows(texts)]


def _explain(predictor: Predictor, texts: tuple[str, ...], top_k: int | None) -> Explanation:
    shown = tuple(predictor.tokenizer.segment(text) for text in texts)
    spans = [
        (part, start, end)
        for part, text in enumerate(texts)
        for start, end in predictor.tokenizer.word_spans(text)[: predictor.positions]
    ]
    without = [
        tuple(
            _without(text, start, end) if other == part else text
            for other, text in enumerate(shown)
        )
        for part, start, end in spans
    ]
    outputs = predictor.outputs([texts])
    if without:
        outputs = np.concatenate([outputs, predictor.outputs(without, count=False)])
    answer = predictor.head.answers(outputs[:1], predictor.decision, top_k=top_k)[0]
    evidence = predictor.head.evidence(outputs, predictor.decision, answer)
    drops = {name: (found[0] - found[1:]).tolist() for name, found in evidence.items()}
    words = [
        Word(*span, {name: drop[place] for name, drop in drops.items()})
        for place, span in enumerate(spans)
    ]
    return Explanation(shown, answer, words, tuple(evidence))


def _without(text: str, start: int, end: int) -> str:
    """With one space in the place of a word: a tokenizer of bytes sees how many there are."""
    return f"{text[:start].rstrip()} {text[end:].lstrip()}".strip()
