"""A regressor of texts in the way of scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import numpy as np

from kerasbert.choices import BestNumber
from kerasbert.estimators.base import TextEstimator
from kerasbert.estimators.numbers import labels_of, numbers_of_y
from kerasbert.estimators.texts import documents_of, unequal
from kerasbert.heads.regression.head import Regression
from kerasbert.text.inputs import rows_of


class TextRegressor(TextEstimator):
    """A regressor of texts, or pairs of them, for scikit-learn and without it.

        regressor = TextRegressor(epochs=7).fit(texts, prices)
        regressor.predict(["A viewer for PNG images."])

    With N documents, `X` is a list, an array or a Series of N strings; pairs are tuples of two, or
    an array or a table (N, 2). `y` is a number for each (N,), or K of them (N, K).

    It works in `clone`, `cross_val_score`, `GridSearchCV` and `Pipeline`; what is said there of
    `TextClassifier` holds here, too.

    Args:
        pretrained: the run of `kerasbert pretrain`, or the folder of a public model, to start from.
        out: a new folder for the run; a temporary one unless given.
        minutes: for everything; where there is a corpus, half of them are for pre-training.
        valid_share: of the documents, set aside to choose the epoch and fit intervals by, unless
            `fit` is given others. Near copies of a text stay on one side.
        verbose: say what is done, on standard error. Warnings are said in any case.
        **settings: any other setting of fine-tuning, under the name of its flag with its default:
            `epochs`, `loss`, `best`, `coverage`, `pair`, ... See `FineTuneSettings`.

    Attributes:
        run_: the folder of the run: every command works on it.
        metrics_: its figures; those on what was set aside are in `metrics_["valid"]`.
    """

    _estimator_type = "regressor"  # scikit-learn before 1.6 asks for it
    _columns: int  # of y in `fit`; 0 where it was no matrix

    def fit(self, X: Any, y: Any, corpus: Any = None, valid: Any = None) -> TextRegressor:
        """Learn from texts and their numbers.

        Args:
            X: N texts.
            y: (N,) or (N, K) numbers.
            corpus: raw text to pre-train on first: a list of texts, or the path of a file or
                several `Path`s, as `kerasbert pretrain --corpus` takes them.
            valid: (texts, numbers) to choose the epoch and fit intervals by.

        Raises:
            ValueError: texts, numbers or parameters that do not fit, saying which one.
            TypeError: something in X is no text.
        """
        numbers = numbers_of_y(y)
        documents = documents_of(rows_of(X, "X"), labels_of(numbers), "X")
        beside = None
        if valid is not None:
            more = labels_of(numbers_of_y(valid[1], numbers.shape[1:]))
            beside = documents_of(rows_of(valid[0], "valid"), more, "valid")
        run = self._learn(documents, beside, corpus, head=Regression.name)
        self._columns = numbers.shape[1] if numbers.ndim == 2 else 0
        self._note(run, columns=self._columns)
        self._run = run
        return self

    @classmethod
    def load(cls, folder: str | Path) -> TextRegressor:
        """The estimator of a run: of `save`, of `out`, or one that `kerasbert finetune` made.

        Its model is loaded when it is first asked, on any backend.

        Raises:
            InputError: it is not the folder of a finished regression.
        """
        made, head, noted = cls._made_of(folder, Regression, "predicts numbers")
        count = len(head.names)
        made._columns = noted["columns"] if noted is not None else count if count > 1 else 0
        return made

    def predict(self, X: Any) -> np.ndarray:
        """(N,) float64, or (N, K) where `y` was a matrix, in their own unit."""
        predictor, rows = self._asked(X)
        found = predictor.outputs(rows) if rows else np.zeros((0, max(self._columns, 1)))
        return found if self._columns else found[:, 0]

    def predict_interval(self, X: Any) -> np.ndarray:
        """(N, 2) float64, or (N, K, 2): between which the right numbers lie.

        That holds for the share `coverage` of new documents like those that were set aside.

        Raises:
            ValueError: too few were set aside for intervals.
        """
        decision = self._fitted().predictor.decision
        if decision.half_widths is None:
            raise ValueError(f"There are no intervals: {decision.reason}.")
        found = self.predict(X)
        half = np.array(decision.half_widths) if self._columns else decision.half_widths[0]
        return np.stack([found - half, found + half], axis=-1)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R², the share of the variance that is explained; the mean of it over K numbers."""
        found = self.predict(X)
        gold = numbers_of_y(y, found.shape[1:])
        if len(gold) != len(found):
            raise ValueError(unequal(len(found), len(gold)))
        weights = np.ones(len(gold)) if sample_weight is None else np.asarray(sample_weight)
        middle = np.average(gold, axis=0, weights=weights)
        missed = np.average((gold - found) ** 2, axis=0, weights=weights)
        spread = np.average((gold - middle) ** 2, axis=0, weights=weights)
        # As scikit-learn: where all numbers are the same, 1 if they are met and else 0.
        with np.errstate(divide="ignore", invalid="ignore"):
            explained = np.where(spread > 0, 1 - missed / spread, np.where(missed > 0, 0.0, 1.0))
        return float(np.mean(explained))

    def _facts(self) -> Mapping[str, Any]:
        if not self.__sklearn_is_fitted__():
            return {"fitted": "no"}
        valid = self.metrics_["valid"]
        names = Regression.figure_names
        shown = [f"{names[name]} {valid[name]:.3f}" for name in get_args(BestNumber) if valid[name]]
        return {"validation": ", ".join(shown), "run_": self.run_}

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks of an estimator; it is there when it asks."""
        from sklearn.utils import InputTags, RegressorTags, Tags, TargetTags

        return Tags(
            estimator_type="regressor",
            target_tags=TargetTags(required=True, multi_output=True),
            regressor_tags=RegressorTags(),
            input_tags=InputTags(one_d_array=True, two_d_array=False, string=True),
        )
