"""What one would use instead of a neural network: TF-IDF and a linear SVM, from scikit-learn."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from kerasbert.choices import RuleName
from kerasbert.errors import InputError
from kerasbert.evaluation.f1 import f1_scores
from kerasbert.heads.classification.decision import predict_labels
from kerasbert.heads.classification.rule import fit_common

NAME = "TF-IDF + LinearSVC"

# A word is a run of letters and digits, one-letter words included ("C", "R"). In Chinese, Japanese,
# Thai, Lao, Burmese and Khmer nothing separates words: there a character is a word of its own.
_ALONE = (
    "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
)
TOKEN_PATTERN = rf"[{_ALONE}]|[^\W{_ALONE}]+"

# Decision scores lie around -1 and 1; 0 is the side of the line where the SVM itself would decide.
SCORE_GRID = np.round(np.arange(-1.5, 1.501, 0.02), 2)


def linear_svc_baseline(
    train_texts: list[str],
    train_gold: np.ndarray,
    valid_texts: list[str],
    valid_gold: np.ndarray,
    test_texts: list[str] | None,
    test_gold: np.ndarray | None,
    kind: str,
    unseen_valid: int = 0,
    unseen_test: int = 0,
    progress: Callable[[int, int], None] | None = None,
    rule: RuleName | None = None,
    top_k: int | None = None,
) -> dict[str, Any] | None:
    """Train on TF-IDF of words and pairs of words, and score with the F1 of every other model.

    For "multi-label", one SVM a label and one threshold on the decision scores, fitted on the
    validation texts, with the top label or none where none reaches it, as these prefer. Otherwise a
    plain LinearSVC and its most probable label.

    Args:
        train_texts: N texts. A pair of texts is given as one string.
        train_gold: (N, K) multi-hot; likewise for valid and test.
        valid_texts: texts that the threshold is fitted on.
        valid_gold: their labels.
        test_texts: texts that nothing is fitted on; None where there are none.
        test_gold: their labels.
        kind: "multi-label", "multi-class" or "binary".
        unseen_valid: gold occurrences outside the label set in valid, as in `f1_scores`.
        unseen_test: the same in test.
        progress: called with (SVMs trained, SVMs in all) after each one.
        rule: for "multi-label", what to do instead where no label reaches the threshold, as in
            `fit_decision`; `top_k` is for the rule "top-k".
        top_k: labels a document.

    Returns:
        name, valid and, where there is one, test (each the figures of `f1_scores`), seconds
        (reading the texts to the last score), threshold and rule (None unless multi-label). None
        when scikit-learn isn't installed, or when there is nothing to learn: no word or no label in
        the training texts.

    Raises:
        InputError: a split is empty, or an unknown kind.
    """
    try:
        words = _words_and_pairs()
    except ImportError:
        return None
    train_gold = np.asarray(train_gold) > 0
    began = time.perf_counter()
    try:
        train = words.fit_transform(train_texts)
    except ValueError:  # scikit-learn's "empty vocabulary": no text has a word
        return None
    if not train_gold.any():
        return None
    parts = {"valid": (valid_gold, unseen_valid)}
    texts = {"valid": valid_texts}
    if test_texts is not None and test_gold is not None:
        parts["test"], texts["test"] = (test_gold, unseen_test), test_texts
    others = {name: words.transform(part) for name, part in texts.items()}
    return _judged(NAME, train, train_gold, others, parts, kind, rule, top_k, began, progress)


def word_features(texts: list[str]) -> Any:
    """The TF-IDF of words and pairs of words, a sparse matrix (N, ...).

    Raises:
        InputError: no text has a word.
    """
    try:
        return _words_and_pairs().fit_transform(texts)
    except ValueError:
        raise InputError(
            f"none of {len(texts):,} texts has a word, so none says anything."
        ) from None


def _words_and_pairs() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, token_pattern=TOKEN_PATTERN, dtype=np.float32
    )


def linear_svc_on_vectors(
    name: str,
    vectors: Mapping[str, np.ndarray],
    gold: Mapping[str, np.ndarray],
    kind: str,
    unseen: Mapping[str, int],
    rule: RuleName | None = None,
    top_k: int | None = None,
) -> dict[str, Any]:
    """The same of the vectors of an encoder, each brought to length 1.

    Args:
        name: of what this is, for people.
        vectors: of "train", "valid" and, where there is one, "test": (N, P).
        gold: of each, (N, K) multi-hot.
        kind: "multi-label", "multi-class" or "binary".
        unseen: of each, gold occurrences outside the label set.
        rule: as for `linear_svc_baseline`.
        top_k: likewise.
    """
    began = time.perf_counter()
    rows = {
        part: found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
        for part, found in vectors.items()
    }
    train = rows.pop("train")
    parts = {part: (gold[part], unseen[part]) for part in rows}
    return _judged(
        name, train, np.asarray(gold["train"]) > 0, rows, parts, kind, rule, top_k, began
    )


def _judged(
    name: str,
    train: Any,
    train_gold: np.ndarray,
    others: Mapping[str, Any],
    parts: Mapping[str, tuple[np.ndarray, int]],
    kind: str,
    rule: RuleName | None,
    top_k: int | None,
    began: float,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """What `linear_svc_baseline` returns, of features: a matrix (N, ...) for each part."""
    if kind == "multi-label":
        columns = score_each_label(train, train_gold, list(others.values()), progress)
    else:
        columns = _score_classes(train, train_gold, list(others.values()))
    valid = columns[0]
    threshold = None
    options: dict[str, Any] = {}
    if kind == "multi-label":
        rule, threshold = fit_common(valid, *parts["valid"], grid=SCORE_GRID, prefer=0.0, rule=rule)
        options = {"threshold": threshold, "fallback": rule != "threshold", "top_k": top_k}
    scores = {
        part: f1_scores(predict_labels(found, kind, **options), *parts[part])
        for part, found in zip(others, columns, strict=True)
    }
    return {
        "name": name,
        **scores,
        "seconds": time.perf_counter() - began,
        "threshold": threshold,
        "rule": rule if kind == "multi-label" else None,
    }


def score_each_label(
    train: Any, gold: np.ndarray, others: list[Any], progress: Callable[[int, int], None] | None
) -> list[np.ndarray]:
    """Decision scores (N, K) of each of `others`, from one SVM a label."""
    labels = gold.shape[1]
    scores = [np.empty((part.shape[0], labels)) for part in others]
    for label in range(labels):
        for part, column in zip(scores, _two_classes(train, gold[:, label], others), strict=True):
            part[:, label] = column
        if progress is not None:
            progress(label + 1, labels)
    return scores


def _two_classes(train: Any, gold: np.ndarray, others: list[Any]) -> Iterator[np.ndarray]:
    """Decision scores (N,) of one label; a label that all or none have is not learned."""
    if gold.all() or not gold.any():
        yield from (np.full(part.shape[0], np.inf if gold.all() else -np.inf) for part in others)
        return
    model = _linear_svc().fit(train, gold)
    yield from (model.decision_function(part) for part in others)


def _score_classes(train: Any, gold: np.ndarray, others: list[Any]) -> list[np.ndarray]:
    """(N, K) of each of `others`: 1 at the class that one multi-class SVM chooses, else 0."""
    labelled = gold.any(axis=1)  # a document without a label teaches no class
    classes = gold[labelled].argmax(axis=1)
    if (classes == classes[0]).all():
        chosen = [np.full(part.shape[0], classes[0]) for part in others]
    else:
        model = _linear_svc().fit(train[labelled], classes)
        chosen = [model.predict(part) for part in others]
    return [np.eye(gold.shape[1])[numbers] for numbers in chosen]


def _linear_svc() -> Any:
    """A LinearSVC that gives the same result every time."""
    from sklearn.svm import LinearSVC

    return LinearSVC(random_state=0)
