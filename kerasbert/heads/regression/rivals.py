"""What one would use instead of a network: ridge regression and cosines on TF-IDF."""

import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from kerasbert.evaluation.numbers import number_figures
from kerasbert.heads.classification.linear_svc import TOKEN_PATTERN
from kerasbert.heads.pair_vectors import Embed, features, sides

RIDGE = "TF-IDF + ridge"
COSINE = "TF-IDF cosine"
PENALTIES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


def number_rivals(
    texts: Mapping[str, Sequence[tuple[str, ...]]], gold: Mapping[str, np.ndarray]
) -> list[dict[str, Any]]:
    """Baselines trained on "train", chosen on "valid" and judged on both and "test".

    Ridge regression reads words and pairs of words, of a pair of texts those of both; the penalty
    is the one with the lowest squared error on "valid". The cosine of a pair's two texts becomes a
    number by the line that suits "train" best.

    Args:
        texts: of each part, N tuples of one text or two.
        gold: of each part, (N, K) float.

    Returns:
        name, valid and test (each with the figures) and seconds of each; or name and reason where
        scikit-learn is not installed, or no text of "train" has a word.
    """
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError:
        return [{"name": RIDGE, "reason": "it needs scikit-learn: pip install 'kerasbert[rival]'"}]
    pairs = len(texts["train"][0]) == 2
    joined = {name: [" ".join(row) for row in part] for name, part in texts.items()}
    began = time.perf_counter()
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=TOKEN_PATTERN)
    try:
        rows = {"train": words.fit_transform(joined["train"])}
    except ValueError:  # scikit-learn's "empty vocabulary": no text has a word
        return [{"name": RIDGE, "reason": "no text for training has a word"}]
    rows |= {name: words.transform(part) for name, part in joined.items() if name != "train"}
    rivals = [_judged(RIDGE, gold, _ridge(rows, gold), began)]
    if pairs:
        began = time.perf_counter()
        single = TfidfVectorizer(sublinear_tf=True, token_pattern=TOKEN_PATTERN)
        single.fit([text for row in texts["train"] for text in row])
        cosines = {name: _cosines(single, part) for name, part in texts.items()}
        rivals.insert(0, _judged(COSINE, gold, _by_line(cosines, gold), began))
    return rivals


def vector_rivals_of_numbers(
    texts: Mapping[str, Sequence[tuple[str, ...]]],
    gold: Mapping[str, np.ndarray],
    name: str,
    embed: Embed,
) -> list[dict[str, Any]]:
    """The same of the vectors of an encoder: ridge regression, and of pairs their cosine.

    Args:
        texts: of each part, N tuples of one text or two.
        gold: of each part, (N, K) float.
        name: of the encoder.
        embed: (N, P) of N texts.
    """
    began = time.perf_counter()
    both = {part: sides(embed, rows) for part, rows in texts.items()}
    rivals = []
    if len(both["train"]) == 2:
        cosines = {part: (u * v).sum(axis=1) for part, (u, v) in both.items()}
        made = _by_line(cosines, gold)
        rivals = [_judged(f"cosine of {name}", gold, made, began)]
    if find_spec("sklearn") is not None:
        rows = {part: features(found) for part, found in both.items()}
        rivals.append(_judged(f"vectors of {name} + ridge", gold, _ridge(rows, gold), began))
    return rivals


def _ridge(rows: Mapping[str, Any], gold: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    from sklearn.linear_model import Ridge

    mean = gold["train"].mean(axis=0)
    solver = "auto" if isinstance(rows["train"], np.ndarray) else "sparse_cg"
    best, found = np.inf, {}
    for penalty in PENALTIES:
        model = Ridge(alpha=penalty, solver=solver, random_state=0)
        model.fit(rows["train"], gold["train"] - mean)
        made = {
            name: model.predict(part).reshape(gold[name].shape) + mean
            for name, part in rows.items()
            if name != "train"
        }
        error = float(((made["valid"] - gold["valid"]) ** 2).mean())
        if error < best:
            best, found = error, made
    return found


def _cosines(words: Any, texts: Sequence[tuple[str, ...]]) -> np.ndarray:
    """(N,): rows of TF-IDF have length 1."""
    one, other = (words.transform([row[side] for row in texts]) for side in (0, 1))
    return np.asarray(one.multiply(other).sum(axis=1)).reshape(-1)


def _by_line(
    cosines: Mapping[str, np.ndarray], gold: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The cosines in the unit of the numbers."""

    def design(values: np.ndarray) -> np.ndarray:
        return np.stack([values, np.ones_like(values)], axis=1)

    line, *_ = np.linalg.lstsq(design(cosines["train"]), gold["train"], rcond=None)
    return {name: design(part) @ line for name, part in cosines.items() if name != "train"}


def _judged(
    name: str, gold: Mapping[str, np.ndarray], made: Mapping[str, np.ndarray], began: float
) -> dict[str, Any]:
    seconds = time.perf_counter() - began
    figures = {part: number_figures(gold[part], predicted) for part, predicted in made.items()}
    return {"name": name, **figures, "seconds": seconds}
