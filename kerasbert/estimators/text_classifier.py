"""A classifier of texts in the way of scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from kerasbert.estimators.base import TextEstimator
from kerasbert.estimators.targets import Targets
from kerasbert.estimators.texts import documents_of, length_of, unequal
from kerasbert.heads.classification.head import Classification
from kerasbert.text.inputs import rows_of

if TYPE_CHECKING:
    from kerasbert.estimators.kept_run import KeptRun


class TextClassifier(TextEstimator):
    """A classifier of texts, or pairs of them, for scikit-learn and without it.

        classifier = TextClassifier(epochs=7).fit(texts, labels)
        classifier.predict(["A viewer for PNG images."])

    With N documents and K labels, `X` is a list, an array or a Series of N strings; pairs are
    tuples of two, or an array or a table (N, 2). `y` is a label for each (strings, whole numbers,
    booleans), a list of labels for each (of any number, also none), or an indicator matrix (N, K)
    of 0 and 1.

    It works in `clone`, `cross_val_score`, `GridSearchCV` and `Pipeline`. There labels as lists
    need `cv=KFold(5)` instead of `cv=5`, for which scikit-learn itself looks at `y`. A pickle holds
    the files of the run, so that a fitted estimator goes to other processes and other backends;
    what `save` writes holds no pickle. `GridSearchCV(...).fit(X, y, corpus=...)` pre-trains anew
    for every fit: pre-train once, and name that run as `pretrained`.

    Args:
        pretrained: the run of `kerasbert pretrain`, or the folder of a public model, to start from.
        out: a new folder for the run; a temporary one unless given.
        minutes: for everything; where there is a corpus, half of them are for pre-training.
        valid_share: of the documents, set aside to choose epoch and decision by, unless `fit` is
            given others. Near copies of a text stay on one side.
        verbose: say what is done, on standard error. Warnings are said in any case.
        **settings: any other setting of fine-tuning, under the name of its flag with its default:
            `epochs`, `seed`, `max_length`, `learning_rate`, `size`, `encoder`, ... See
            `FineTuneSettings`, and `get_params()`. The same seed gives the same answers.

    Attributes:
        classes_: (K,) the labels, sorted and of the type that was given; the numbers of its columns
            for an indicator matrix, or their names if it was a table.
        run_: the folder of the run: every command works on it.
        metrics_: its figures. Micro and macro F1 on what was set aside are in
            `metrics_["valid"]`; of other documents `sklearn.metrics.f1_score(y, predict(X),
            average="micro")` or `kerasbert evaluate` tells them.
    """

    _estimator_type = "classifier"  # scikit-learn before 1.6 asks for it
    classes_: np.ndarray
    _targets: Targets

    def fit(self, X: Any, y: Any, corpus: Any = None, valid: Any = None) -> TextClassifier:
        """Learn from texts and their labels.

        Args:
            X: N texts.
            y: their labels.
            corpus: raw text to pre-train on first: a list of texts, or the path of a file or
                several `Path`s, as `kerasbert pretrain --corpus` takes them.
            valid: (texts, labels) to choose epoch and decision by.

        Raises:
            ValueError: texts, labels or parameters that do not fit, saying which one.
            TypeError: something in X is no text.
        """
        rows = rows_of(X, "X")
        if (given := length_of(y)) not in (None, 0, len(rows)):
            raise ValueError(unequal(len(rows), given))  # before anything is said of the labels
        targets, labels = Targets.of(y)
        documents = documents_of(rows, labels, "X")
        beside = None
        if valid is not None:
            beside = documents_of(rows_of(valid[0], "valid"), targets.read(valid[1]), "valid")
        kind = "multi-label" if targets.form != "labels" else "multi-class"
        if kind == "multi-class" and len(targets.classes) == 2:
            kind = "binary"
        run = self._learn(documents, beside, corpus, kind=kind)
        self._note(run, targets=targets.to_json())
        self._keep(run, targets)
        return self

    @classmethod
    def load(cls, folder: str | Path) -> TextClassifier:
        """The estimator of a run: of `save`, of `out`, or one that `kerasbert finetune` made.

        Its model is loaded when it is first asked, on any backend.

        Raises:
            InputError: it is not the folder of a finished classification.
        """
        made, head, noted = cls._made_of(folder, Classification, "predicts labels")
        if noted is not None:
            targets = Targets.of_json(noted["targets"])
        else:
            targets = Targets(
                "lists" if head.kind == "multi-label" else "labels", np.array(head.labels.names)
            )
        made._keep(made._run, targets)
        return made

    def _keep(self, run: KeptRun, targets: Targets) -> None:
        self._run, self._targets, self.classes_ = run, targets, targets.classes

    def predict(self, X: Any) -> Any:
        """The labels of each text, in the form that `y` had in `fit`.

        Returns:
            (N,) of the type of `classes_`; a list of N lists; or an indicator matrix (N, K).
        """
        said, chosen = self._decided(X)
        if self._targets.form == "labels":
            chosen = said == said.max(axis=1, keepdims=True)
        return self._targets.answers(chosen)

    def predict_proba(self, X: Any) -> np.ndarray:
        """(N, K) float64 probabilities in the order of `classes_`, calibrated on validation data.

        Those of labels that exclude each other add up to 1. Of several labels `predict` chooses
        those that reach their own thresholds, which need not be one half.
        """
        return self._decided(X)[0]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of texts whose label, or whose set of labels, is right: accuracy."""
        predictions = self.predict(X)
        gold = self._targets.read(y)
        if len(gold) != len(predictions):
            raise ValueError(unequal(len(predictions), len(gold)))
        found = self._targets.read(predictions)
        right = [set(one) == set(other) for one, other in zip(found, gold, strict=True)]
        return float(np.average(right, weights=sample_weight))

    def _decided(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """(N, K) float64 probabilities, and (N, K) bool what is chosen by them."""
        predictor, rows = self._asked(X)
        said = np.zeros((len(rows), len(self.classes_)))
        chosen = np.zeros(said.shape, bool)
        if rows:
            columns = self._targets.columns(cast(Classification, predictor.head).labels.names)
            found = predictor.decision.probabilities(predictor.outputs(rows))
            said[:, columns], chosen[:, columns] = found, predictor.decision.choose(found)
        return said, chosen

    def _facts(self) -> Mapping[str, Any]:
        if not self.__sklearn_is_fitted__():
            return {"fitted": "no"}
        names, valid = self._targets.names, self.metrics_["valid"]
        more = f", and {len(names) - 5:,} more" if len(names) > 5 else ""
        return {
            "classes_": ", ".join(names[:5]) + more,
            "validation": f"micro F1 {valid['micro_f1']:.3f}, macro F1 {valid['macro_f1']:.3f}",
            "run_": self.run_,
        }

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks of an estimator; it is there when it asks."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(multi_label=True),
            input_tags=InputTags(one_d_array=True, two_d_array=False, string=True),
        )
