"""Questions by what they ask for, and by how long their answers are."""

import re
from collections.abc import Sequence
from typing import Any

from kerasbert.choices import AnswerUnit
from kerasbert.evaluation.exact_match import chinese_units, mean_figures, normalized
from kerasbert.text.questions import QuestionDocument

OTHER, NOTHING = "other", "no answer"
_ENGLISH = re.compile(
    r"\b(how (?:many|much)|what|who|whom|whose|when|where|which|why|how)\b", re.IGNORECASE
)
_SAME = {"whom": "who", "how much": "how many"}
# The longer ones first: 什么时候 asks for a time, not for a thing.
_CHINESE = (
    ("when", re.compile("什么时候|何时|几时|哪一?年|哪一?天|哪一?[月日]|几月")),
    ("where", re.compile("什么地方|哪里|哪儿|何处|何地|哪[国省市个]*[地城]方?")),
    ("why", re.compile("为什么|为何|什么原因|何故")),
    ("how many", re.compile("多少|多[大长高远久]|几")),
    ("how", re.compile("怎么|怎样|如何")),
    ("who", re.compile("谁|何人|什么人")),
    ("which", re.compile("哪")),
    ("what", re.compile("什么|何|啥")),
)
_LENGTHS = {"words": (1, 3, 6, 12), "characters": (2, 5, 10, 20)}


def question_word(question: str) -> str:
    """What asks: the first English question word, or a Chinese one by its English name."""
    if found := _ENGLISH.search(question):
        word = found[1].lower()
        return _SAME.get(word, word)
    return next((name for name, form in _CHINESE if form.search(question)), OTHER)


def length_of(question: QuestionDocument, unit: AnswerUnit) -> int:
    """Words or characters of the first right answer; 0 where there is none."""
    if not question.answers:
        return 0
    text = question.answers[0].text
    return len(chinese_units(text) if unit == "characters" else normalized(text).split())


def length_group(length: int, unit: AnswerUnit) -> str:
    """The group of an answer of so many words or characters."""
    if not length:
        return NOTHING
    low = 1
    for high in _LENGTHS[unit]:
        if length <= high:
            return f"{low}" if low == high else f"{low} to {high}"
        low = high + 1
    return f"{low} or more"


def grouped(
    groups: Sequence[str], matches: Sequence[float], f1: Sequence[float], column: str
) -> list[dict[str, Any]]:
    """Exact match and F1 of each group, the largest first.

    Args:
        groups: of N questions.
        matches: (N,) in 0 to 1.
        f1: (N,) in 0 to 1.
        column: what a group is called by.
    """
    rows = []
    for group in dict.fromkeys(groups):
        those = [place for place, one in enumerate(groups) if one == group]
        parts = ([each[place] for place in those] for each in (matches, f1))
        rows.append({column: group, **mean_figures(*parts)})
    return sorted(rows, key=lambda row: -row["documents"])
