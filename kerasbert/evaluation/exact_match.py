"""Exact match and F1 of answers that are stretches of text, by words or by Chinese characters.

By words as the script of SQuAD 2.0 counts them, of which that of 1.1 is the case where all
questions have an answer; by characters as the script of CMRC 2018 does. Each gives the best figure
over the right answers of a question. A question without an answer is right if none is given.

Sources: Rajpurkar et al. 2018, https://arxiv.org/abs/1806.03822, and its evaluate-v2.0.py; Cui et
al. 2019, https://arxiv.org/abs/1810.07366, section 3.2, and its cmrc2018_evaluate.py.
"""

import re
import string
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import Any

from kerasbert.choices import AnswerUnit

_ARTICLE = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_CHINESE = re.compile(r"[\u4e00-\u9fa5]")
_LETTER = re.compile(r"[^\W\d_]")
# What the script of CMRC 2018 leaves out; what stands on both sides of it then is one word.
_MARKS = frozenset("-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
# Between Chinese characters, about as NLTK has them, which the script asks.
_OTHER_WORDS = re.compile(r"\w+(?:\.\w+|,\d+)*|[^\w\s]")


def answer_unit(contexts: Iterable[str]) -> AnswerUnit:
    """Characters, where most letters of the contexts are Chinese; words elsewhere."""
    letters = chinese = 0
    for context in contexts:
        letters += len(_LETTER.findall(context))
        chinese += len(_CHINESE.findall(context))
    return "characters" if 2 * chinese > letters else "words"


def normalized(text: str) -> str:
    """In lower case, without ASCII punctuation and English articles, one space between words."""
    return " ".join(_ARTICLE.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def chinese_units(text: str) -> list[str]:
    """Chinese characters one by one, and the words between them, without marks, in lower case."""
    units: list[str] = []
    between = ""
    for character in text.strip().lower():
        if character in _MARKS:
            continue
        if _CHINESE.match(character):
            units += [*_OTHER_WORDS.findall(between), character]
            between = ""
        else:
            between += character
    return units + _OTHER_WORDS.findall(between)


def exact_match(answer: str, gold: Sequence[str], unit: AnswerUnit = "words") -> float:
    """1 if the answer is one of the right ones but for what does not count, else 0.

    Args:
        answer: empty for "no answer".
        gold: the right answers; none where the question has no answer.
        unit: what figures are counted by.
    """
    if unit == "characters":
        found = _without_marks(answer)
        return float(any(found == _without_marks(one) for one in gold or ("",)))
    return float(any(normalized(answer) == normalized(one) for one in _telling(gold)))


def answer_f1(answer: str, gold: Sequence[str], unit: AnswerUnit = "words") -> float:
    """The harmonic mean of the shares of an answer and of a right one that both have in common.

    By words, in any order; by characters, the longest stretch that stands in both. See
    `exact_match`.
    """
    if unit == "characters":
        found = chinese_units(answer)
        return max(_f1_of_stretch(found, chinese_units(one)) for one in gold or ("",))
    words = normalized(answer).split()
    return max(_f1_of_words(words, normalized(one).split()) for one in _telling(gold))


def answer_figures(
    answers: Sequence[str], gold: Sequence[Sequence[str]], unit: AnswerUnit = "words"
) -> tuple[list[float], list[float]]:
    """Exact match and F1 of each of N answers, in 0 to 1."""
    return (
        [exact_match(one, right, unit) for one, right in zip(answers, gold, strict=True)],
        [answer_f1(one, right, unit) for one, right in zip(answers, gold, strict=True)],
    )


def _telling(gold: Sequence[str]) -> list[str]:
    """Right answers of which something is left; "" where there is none."""
    return [one for one in gold if normalized(one)] or [""]


def _f1_of_words(words: Sequence[str], gold: Sequence[str]) -> float:
    if not words or not gold:
        return float(words == gold)
    return _f1((Counter(words) & Counter(gold)).total(), len(words), len(gold))


def _f1_of_stretch(units: Sequence[str], gold: Sequence[str]) -> float:
    if not units or not gold:
        return float(units == gold)
    # Counted over all units: by default those that are frequent are left out of long texts.
    match = SequenceMatcher(None, units, gold, autojunk=False).find_longest_match()
    return _f1(match.size, len(units), len(gold))


def _f1(common: int, found: int, right: int) -> float:
    if not common:
        return 0.0
    precision, recall = common / found, common / right
    return 2 * precision * recall / (precision + recall)


def _without_marks(text: str) -> str:
    return "".join(character for character in text.strip().lower() if character not in _MARKS)


def mean_figures(matches: Sequence[float], f1: Sequence[float]) -> dict[str, Any]:
    """Means of what `answer_figures` gives, over all N questions, and N as "documents"."""
    count = len(f1)
    return {"exact_match": sum(matches) / count, "f1": sum(f1) / count, "documents": count}
