"""Estimators in the way of scikit-learn, which need no scikit-learn: a fit is a normal run."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from kerasbert.errors import InputError, Unfinished
from kerasbert.files import check_writable, write_json, write_text
from kerasbert.heads.classification.head import Classification
from kerasbert.parameters import Parameters, keeps
from kerasbert.ranges import check_numbers
from kerasbert.settings import FineTuneSettings, PretrainSettings
from kerasbert.settings.data import FieldSettings
from kerasbert.settings.encoder import EncoderSettings
from kerasbert.settings.tokenizer import TokenizerSettings
from kerasbert.terminal import quietly, say
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.inputs import rows_of
from kerasbert.text.split import write_documents
from kerasbert.text.targets import Labels, Targets

if TYPE_CHECKING:
    from kerasbert.inference.kept_run import KeptRun

FILE = "estimator.json"  # beside the files of a run: parameters, and the labels as they were given
_PRETRAINING = 0.5  # of `minutes`, where there is a corpus
_OF_COMMANDS = {"train", "valid", "test", "out", "kind", "from_scratch", "limit", "resume"} | {
    *("save_minutes", "skip_bad_lines"),
    *(field.name for field in fields(FieldSettings)),
}
_FROM_NOTHING = {f.name: f.default for g in (EncoderSettings, TokenizerSettings) for f in fields(g)}
_SETTINGS = {f.name: f.default for f in fields(FineTuneSettings) if f.name not in _OF_COMMANDS}


class TextEstimator(Parameters):
    """What estimators of texts have in common: a fit makes a run, and answers come from it."""

    pretrained: str | Path | None
    out: str | Path | None
    minutes: float | None
    verbose: bool
    _run: KeptRun

    def _learn(
        self,
        documents: Sequence[LabeledDocument],
        valid: Sequence[LabeledDocument] | None,
        corpus: Any,
        **further: Any,
    ) -> KeptRun:
        """Pre-train on the corpus, if there is one, fine-tune, and return the run.

        Args:
            documents: to learn from.
            valid: to choose epoch and decision by; a share of `documents` unless given.
            corpus: see `fit`.
            further: settings of the fine-tuning.

        Raises:
            ValueError: data or parameters that do not fit; nothing is left behind.
        """
        began = time.monotonic()
        kept = None if self.out is not None else tempfile.TemporaryDirectory(prefix="kerasbert-")
        out = Path(kept.name, "run") if kept is not None else Path(str(self.out)).expanduser()
        with _place() as place, _in_python(place), quietly(not self.verbose):
            values = self._settings() | further | {"out": out}
            _check_new(out, "out")
            for name, part in {"train": documents, "valid": valid}.items():
                if part is not None:
                    values[name] = place / f"{name}.jsonl"
                    write_documents(values[name], part)
            values |= {"text_field": ("text",), "label_field": ("labels",)}
            if valid is not None:
                values["valid_share"] = None
            FineTuneSettings(**values)  # refuses what is wrong before hours of pre-training
            if corpus is not None:
                values |= _FROM_NOTHING | {"pretrained": self._pretrain(corpus, values, place)}
            if self.minutes is not None:
                values["minutes"] = max(self.minutes - (time.monotonic() - began) / 60, 0.01)
            from kerasbert.inference.kept_run import KeptRun
            from kerasbert.training.fine_tuning import fine_tune

            fine_tune(FineTuneSettings(**values))
        return KeptRun(out, kept)

    def _settings(self) -> dict[str, Any]:
        """The parameters that are settings of fine-tuning."""
        check_numbers({"minutes": self.minutes})
        values = {
            name: value.item() if isinstance(value, np.generic) else value
            for name, value in self.get_params().items()
            if name in _SETTINGS
        }
        for name in ("pretrained", "tokenizer_file"):
            values[name] = None if values[name] is None else Path(values[name])
        return values

    def _pretrain(self, corpus: Any, values: Mapping[str, Any], place: Path) -> Path:
        """The run of a pre-training on the corpus; it goes with `place`."""
        from kerasbert.training.pretraining import pretrain

        settings = PretrainSettings(
            out=place / "pretrained",
            corpus=_as_files(corpus, place / "corpus.txt"),
            minutes=None if self.minutes is None else self.minutes * _PRETRAINING,
            **{name: values[name] for name in ("seed", "precision", "pretrained", *_FROM_NOTHING)},
        )
        if verdict := pretrain(settings).get("verdict"):
            say(verdict)
        return place / "pretrained"

    def _fitted(self) -> KeptRun:
        """The run.

        Raises:
            NotFittedError: there is none yet; that of scikit-learn, where it is installed.
        """
        if not self.__sklearn_is_fitted__():
            raise _not_fitted()(
                f"This {type(self).__name__} instance is not fitted yet. Call 'fit' with texts and"
                " labels before using this estimator, or `load` a run."
            )
        return self._run

    @property
    def run_(self) -> Path:
        """The folder of the run; a temporary one goes with the estimator."""
        return self._fitted().path

    @property
    def metrics_(self) -> dict[str, Any]:
        """The figures of the run: its metrics.json."""
        from kerasbert.runs.folder import RunFolder

        return RunFolder(self.run_).read_json("metrics.json")

    def save(self, folder: str | Path) -> Path:
        """Copy the run to a folder that is new or empty, for `load` and for every command.

        Raises:
            NotFittedError: there is no run yet.
            ValueError: the folder holds something, or cannot be written.
        """
        run, folder = self.run_, Path(folder).expanduser()
        with _in_python():
            _check_new(folder, "folder")
        shutil.copytree(run, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("state"))
        return folder

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_run")


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

    @keeps(_SETTINGS)
    def __init__(
        self,
        *,
        pretrained: str | Path | None = None,
        out: str | Path | None = None,
        minutes: float | None = None,
        valid_share: float = 0.1,
        verbose: bool = True,
        **settings: Any,
    ): ...

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
        targets, labels = Targets.of(y)
        documents = _documents(rows, labels, "X")
        beside = None
        if valid is not None:
            beside = _documents(rows_of(valid[0], "valid"), targets.read(valid[1]), "valid")
        kind = "multi-label" if targets.form != "labels" else "multi-class"
        if kind == "multi-class" and len(targets.classes) == 2:
            kind = "binary"
        run = self._learn(documents, beside, corpus, kind=kind)
        about = {"estimator": type(self).__name__, "targets": targets.to_json()}
        write_json(run.path / FILE, about | {"parameters": self.get_params()})
        self._keep(run, targets)
        return self

    @classmethod
    def load(cls, folder: str | Path) -> TextClassifier:
        """The estimator of a run: of `save`, of `out`, or one that `kerasbert finetune` made.

        Its model is loaded when it is first asked, on any backend.

        Raises:
            InputError: it is not the folder of a finished classification.
        """
        from kerasbert.inference.kept_run import KeptRun
        from kerasbert.runs.fine_tuned import open_head
        from kerasbert.runs.folder import RunFolder

        path = Path(folder).expanduser()
        head, config = open_head(path)
        if not isinstance(head, Classification):
            raise InputError(f"{path}: expected a run that predicts labels, this is {head.name}.")
        if (path / FILE).exists():
            about = RunFolder(path).read_json(FILE)
            parameters, targets = about["parameters"], Targets.of_json(about["targets"])
        else:
            parameters = config.get("given", config["settings"])
            targets = Targets(
                "lists" if head.kind == "multi-label" else "labels", np.array(head.labels.names)
            )
        known = cls().get_params()
        made = cls(**{name: value for name, value in parameters.items() if name in known})
        made.out = None  # the folder is there
        made._keep(KeptRun(path), targets)
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
            raise ValueError(_unequal(len(predictions), len(gold)))
        found = self._targets.read(predictions)
        right = [set(one) == set(other) for one, other in zip(found, gold, strict=True)]
        return float(np.average(right, weights=sample_weight))

    def _decided(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """(N, K) float64 probabilities, and (N, K) bool what is chosen by them."""
        predictor = self._fitted().predictor
        rows = rows_of(X, "X")
        if rows and (len(rows[0]) == 2) != predictor.pairs:
            forms = ["pairs of texts", "single texts"]
            raise ValueError(
                f"X: expected {forms[not predictor.pairs]}, as in fit. Received:"
                f" {forms[predictor.pairs]}"
            )
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


def _documents(rows: Sequence[tuple[str, ...]], labels: Labels, name: str) -> list[LabeledDocument]:
    """Texts with their labels, counted from 1 as rows of a file are.

    Raises:
        ValueError: unequal lengths, or a text without text.
    """
    if len(rows) != len(labels):
        raise ValueError(_unequal(len(rows), len(labels)))
    for number, row in enumerate(rows):
        if not all(part.strip() for part in row):
            raise ValueError(
                f"{name}[{number}]: an empty text. Fill it in, or remove it and its y."
            )
    return [
        LabeledDocument(row, names, number)
        for number, (row, names) in enumerate(zip(rows, labels, strict=True), start=1)
    ]


def _unequal(texts: int, labels: int) -> str:
    return (
        f"X and y have inconsistent numbers of samples: {texts:,} texts, {labels:,} labels. Give as"
        " many of each."
    )


def _as_files(corpus: Any, path: Path) -> tuple[str, ...]:
    """The files of a corpus; texts are written to `path`, one a line."""
    if isinstance(corpus, str | Path):
        return (str(corpus),)
    if hasattr(corpus, "tolist"):
        corpus = corpus.tolist()
    given = list(corpus)
    if given and all(isinstance(one, Path) for one in given):
        return tuple(map(str, given))
    texts = [text for row in rows_of(given, "corpus") for text in row]
    write_text(path, "".join(f"{' '.join(text.split())}\n" for text in texts))
    return (str(path),)


def _check_new(folder: Path, name: str) -> None:
    check_writable(folder, folder=True)
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{name}: {folder} is not empty. Name another one, or remove it.")


@contextlib.contextmanager
def _in_python(place: Path | None = None) -> Iterator[None]:
    """Errors of settings and data as those of arguments: flags by their names in Python.

    Args:
        place: a temporary folder, of which nobody knows.
    """
    try:
        yield
    except Unfinished:
        raise
    except InputError as error:
        text = re.sub(r"--([a-z]+(?:-[a-z]+)*)", lambda m: m[1].replace("-", "_"), str(error))
        if place is not None:
            text = re.sub(rf"{re.escape(str(place))}/(\w+)(\.\w+)?", r"\1", text)
        raise ValueError(text) from error


@contextlib.contextmanager
def _place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="kerasbert-") as folder:
        yield Path(folder)


def _not_fitted() -> type[Exception]:
    try:
        from sklearn.exceptions import NotFittedError
    except ImportError:
        return ValueError
    return NotFittedError
