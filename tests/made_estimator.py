"""A stand-in for what learns in an estimator: least squares on words, in milliseconds."""

import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from kerasbert.estimator import TextClassifier
from kerasbert.heads.classification.decision import Decision


class LeastSquares:
    """What a `KeptRun` and its predictor are to an estimator."""

    pairs = False

    def __init__(self, documents, kind):
        self.words = sorted({word for document in documents for word in self.split(document)})
        names = sorted({name for document in documents for name in document.labels})
        gold = np.array([[name in document.labels for name in names] for document in documents])
        states = self.states([document.texts for document in documents])
        self.weights = np.linalg.lstsq(states, 2.0 * gold - 1, rcond=None)[0]
        self.decision = Decision(kind)
        self.head = SimpleNamespace(labels=SimpleNamespace(names=tuple(names)))
        self._folder = tempfile.TemporaryDirectory()
        self.path, self.predictor = Path(self._folder.name), self

    def __getstate__(self):
        return self.__dict__ | {"_folder": None}

    def split(self, document):
        return document.texts[0].split()

    def states(self, rows):
        found = [set(row[0].split()) for row in rows]
        return np.array([[1.0, *(word in one for word in self.words)] for one in found])

    def outputs(self, rows):
        return self.states(rows) @ self.weights


class Quick(TextClassifier):
    """The estimator with the stand-in."""

    def _learn(self, documents, valid, corpus, kind):
        return LeastSquares(documents, kind)


class OfNumbers(Quick):
    """For checks with numbers as features: each becomes a word, after scikit-learn looked at it."""

    def _texts(self, X, reset):
        from sklearn.utils.validation import validate_data

        X = validate_data(self, X, reset=reset)
        return [" ".join(f"{i}:{int(np.floor(4 * v))}" for i, v in enumerate(row)) for row in X]

    def fit(self, X, y, corpus=None, valid=None):
        return super().fit(self._texts(X, reset=True), y)

    def _decided(self, X):
        self._fitted()
        return super()._decided(self._texts(X, reset=False))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.one_d_array = True, False
        return tags
