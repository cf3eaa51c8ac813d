"""Which words carry an answer: what the model would say of the text without each of them.

Leaving words out needs nothing but answers: it is the same on every backend and for a user's own
encoder, and its figures can be checked by hand. A gradient would say how the answer changes for an
embedding moved a little, which no text has. Where two words say the same, each alone seems to
matter little: that is a limit of the method.

Source: Li et al. 2016, "Understanding neural networks through representation erasure",
https://arxiv.org/abs/1612.08220.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasbert.batches.encoded import tokens_read
from kerasbert.errors import InputError
from kerasbert.inference.predictor import Predictor, given_options
from kerasbert.text.inputs import is_empty
from kerasbert.tokenizer.segmenters import chinese_words, has_chinese


@dataclass(frozen=True)
class Word:
    """A word of a text.

    Attributes:
        part: 0, or 1 in the second text of a pair.
        start: its first character in that text.
        end: behind its last one.
        weights: by what is explained, such as a label: by how much the word raises its log-odds
            (nats); negative where it speaks against it.
    """

    part: int
    start: int
    end: int
    weights: dict[str, float]


@dataclass(frozen=True)
class Explanation:
    """An answer with the words that speak for and against it.

    Attributes:
        texts: one text, or two of a pair, as the tokenizer split them.
        answer: labels and scores, as the predictor gives them.
        words: in the order of the text; those beyond the model's length are left out.
        explained: what of the answer is explained, such as its labels.
        runner_up: what came next, in the form of an answer, or None.
        next_explained: what of that is explained.
        read: the characters of each text up to which it was read.
    """

    texts: tuple[str, ...]
    answer: dict[str, Any]
    words: list[Word]
    explained: tuple[str, ...] = ()
    runner_up: dict[str, Any] | None = None
    next_explained: tuple[str, ...] = ()
    read: tuple[int, ...] = ()

    @property
    def cut(self) -> bool:
        """Whether something lies beyond what was read."""
        return any(end < len(text) for end, text in zip(self.read, self.texts, strict=True))

    def strongest(self, name: str, most: int = 10) -> list[dict[str, Any]]:
        """The words that raise its log-odds most: word and weight."""
        return self._by_weight(name, most, 1)

    def against(self, name: str, most: int = 10) -> list[dict[str, Any]]:
        """The words that lower its log-odds most: word and weight, which is negative."""
        return self._by_weight(name, most, -1)

    def _by_weight(self, name: str, most: int, sign: int) -> list[dict[str, Any]]:
        found = [(sign * word.weights[name], word) for word in self.words]
        found = sorted((one for one in found if one[0] > 0), key=lambda pair: -pair[0])
        return [
            {
                "word": self.texts[word.part][word.start : word.end],
                "weight": round(sign * weight, 4),
            }
            for weight, word in found[:most]
        ]

    def to_json(self) -> dict[str, Any]:
        """The answer, and "words" and "against" by label; of the runner-up the same.

        "read" is there where a text was cut: how many characters of each text were read.
        """
        made = self.answer | self._words(self.explained)
        if self.runner_up is not None:
            made["runner_up"] = self.runner_up | self._words(self.next_explained)
        return made | ({"read": list(self.read)} if self.cut else {})

    def _words(self, names: Sequence[str]) -> dict[str, Any]:
        return {
            "words": {name: self.strongest(name) for name in names},
            "against": {name: self.against(name) for name in names},
        }


def explain(
    predictor: Predictor,
    texts: Sequence[str | tuple[str, ...]],
    top_k: int | None = None,
    **options: Any,
) -> list[Explanation]:
    """Answer each text, and again without each of its words.

    Words are the tokenizer's; those of Chinese are jieba's, where it is installed.

    Args:
        predictor: of a fine-tuning run.
        texts: strings, or pairs of strings.
        top_k: how many labels to answer with; see `Predictor`.
        **options: further ones of the predictor.
    """
    if predictor.head.by_token:
        raise InputError(
            f"--explain: the run's head, {predictor.head.name}, answers with places in the text,"
            " and no word speaks for a place. Leave it out."
        )
    options = given_options(top_k=top_k, **options)
    predictor.head.check_options(options)
    return [_explain(predictor, row, options) for row in predictor.rows(texts)]


def _explain(
    predictor: Predictor, texts: tuple[str, ...], options: Mapping[str, Any]
) -> Explanation:
    head, decision = predictor.head, predictor.decision
    shown = tuple(predictor.tokenizer.segment(text) for text in texts)
    if is_empty(texts):
        return Explanation(shown, head.empty_answer(**options), [], read=tuple(map(len, shown)))
    read = _read(predictor, texts)
    spans = [
        (part, start, end)
        for part, text in enumerate(shown)
        for start, end in _words(predictor, texts[part], text)
        if start < read[part]
    ]
    # What lies beyond would move up in the place of a word that is left out.
    seen = tuple(text[:end] for text, end in zip(shown, read, strict=True))
    without = [
        tuple(
            _without(text, start, end) if other == part else text for other, text in enumerate(seen)
        )
        for part, start, end in spans
    ]
    outputs = predictor.outputs([texts])
    tried = np.concatenate([outputs, predictor.outputs(without, count=False)] if without else [])
    if seen != shown:
        tried[:1] = predictor.outputs([seen], count=False)
    (answer,) = head.answers(outputs, decision, **options)
    found = head.evidence(tried, decision, answer)
    runner_up = head.runner_up(outputs, decision, answer)
    following = head.evidence(tried, decision, runner_up) if runner_up is not None else {}
    drops = {name: (one[0] - one[1:]).tolist() for name, one in (found | following).items()}
    words = [
        Word(*span, {name: drop[place] for name, drop in drops.items()})
        for place, span in enumerate(spans)
    ]
    return Explanation(shown, answer, words, tuple(found), runner_up, tuple(following), read)


def _read(predictor: Predictor, texts: tuple[str, ...]) -> tuple[int, ...]:
    """The characters of each segmented text up to which the model reads."""
    ends = [predictor.tokenizer.token_ends(text) for text in texts]
    lengths = [len(one) for one in ends]
    kept = tokens_read(lengths, predictor.max_length, predictor.windows)
    return tuple(
        one[count - 1] if 0 < count < length else len(predictor.tokenizer.segment(text))
        for text, one, count, length in zip(texts, ends, kept, lengths, strict=True)
    )


def _words(predictor: Predictor, text: str, shown: str) -> list[tuple[int, int]]:
    """The words of a text; what jieba takes for one word of Chinese is one."""
    spans = predictor.tokenizer.word_spans(text)
    if predictor.tokenizer.segmenter is not None or not has_chinese(shown):
        return spans
    whole = chinese_words(shown)
    if whole is None:
        return spans
    ends = np.array([end for _, end in whole])
    joined: list[tuple[int, int]] = []
    last = -1
    for start, end in spans:
        word = int(np.searchsorted(ends, start, side="right"))  # in which it begins
        if word == last:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
        last = word if has_chinese(shown[start:end]) else -1
    return joined


def _without(text: str, start: int, end: int) -> str:
    """With one space in the place of a word: a tokenizer of bytes sees how many there are."""
    return f"{text[:start].rstrip()} {text[end:].lstrip()}".strip()
