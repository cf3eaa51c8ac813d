"""What one would use instead of a network: the sentence of the context most like the question."""

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from kerasbert.choices import AnswerUnit
from kerasbert.evaluation.exact_match import answer_figures, mean_figures
from kerasbert.heads.classification.linear_svc import TOKEN_PATTERN
from kerasbert.text.questions import QuestionDocument
from kerasbert.text.sentences import split_sentences

SENTENCE = "TF-IDF sentence"


def sentence_rival(
    questions: Mapping[str, Sequence[QuestionDocument]], unit: AnswerUnit
) -> list[dict[str, Any]]:
    """The sentence of each context with the highest TF-IDF cosine to its question, as an answer.

    Words are weighted by the sentences of the training contexts; of figures by characters, those
    and pairs of them are the words. Of equally near sentences the first one is taken.

    Args:
        questions: of "train", "valid" and, where there is one, "test".
        unit: what figures are counted by.

    Returns:
        name, valid and test (each with exact_match, f1 and documents) and seconds; or name and
        reason where scikit-learn is not installed, or no context has a word.
    """
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError:
        return [
            {"name": SENTENCE, "reason": "it needs scikit-learn: pip install 'kerasbert[rival]'"}
        ]
    began = time.perf_counter()
    words = (
        TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True)
        if unit == "characters"
        else TfidfVectorizer(sublinear_tf=True, token_pattern=TOKEN_PATTERN)
    )
    contexts = dict.fromkeys(one.context for one in questions["train"])
    try:
        words.fit([sentence for context in contexts for sentence in sentences(context)])
    except ValueError:  # scikit-learn's "empty vocabulary": no text has a word
        return [{"name": SENTENCE, "reason": "no context for training has a word"}]
    figures = {
        name: _judged(words, part, unit) for name, part in questions.items() if name != "train"
    }
    return [{"name": SENTENCE, **figures, "seconds": time.perf_counter() - began}]


def sentences(context: str) -> list[str]:
    """Those of a context, which a line end parts, too."""
    parts = [one for line in re.split(r"[\r\n]+", context) for one in split_sentences(line)]
    return parts or [context]


def _judged(words: Any, part: Sequence[QuestionDocument], unit: AnswerUnit) -> dict[str, Any]:
    asked = words.transform([one.question for one in part])
    known: dict[str, tuple[list[str], Any]] = {}
    answers = []
    for number, one in enumerate(part):
        if one.context not in known:
            parts = sentences(one.context)
            known[one.context] = parts, words.transform(parts)
        parts, rows = known[one.context]
        likeness = (rows @ asked[number].T).toarray().reshape(-1)
        answers.append(parts[int(likeness.argmax())])
    return mean_figures(*answer_figures(answers, [one.gold for one in part], unit))
