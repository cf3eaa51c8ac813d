"""What estimators have in common: a fit makes a run, and answers come from it."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from kerasbert.errors import InputError, Unfinished
from kerasbert.estimators.parameters import Parameters, keeps
from kerasbert.files import check_writable, write_json, write_text
from kerasbert.heads.head import Head
from kerasbert.ranges import check_numbers
from kerasbert.settings import FineTuneSettings, PretrainSettings
from kerasbert.settings.data import FieldSettings
from kerasbert.settings.encoder import EncoderSettings
from kerasbert.settings.teaching import TeachingSettings
from kerasbert.settings.tokenizer import TokenizerSettings
from kerasbert.terminal import quietly, say
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.inputs import rows_of
from kerasbert.text.split import write_documents

if TYPE_CHECKING:
    from typing import Self

    from kerasbert.estimators.kept_run import KeptRun
    from kerasbert.inference.predictor import Predictor

AnyHead = TypeVar("AnyHead", bound=Head)

FILE = "estimator.json"  # beside the files of a run: parameters, and the labels as they were given

_PRETRAINING = 0.5  # of `minutes`, where there is a corpus
_OF_COMMANDS = {"train", "valid", "test", "out", "kind", "from_scratch", "limit", "resume"} | {
    *("save_minutes", "skip_bad_lines"),
    *(field.name for group in (FieldSettings, TeachingSettings) for field in fields(group)),
}
_FROM_NOTHING = {f.name: f.default for g in (EncoderSettings, TokenizerSettings) for f in fields(g)}
SETTINGS = {f.name: f.default for f in fields(FineTuneSettings) if f.name not in _OF_COMMANDS}


class TextEstimator(Parameters):
    """What estimators of texts have in common: a fit makes a run, and answers come from it."""

    pretrained: str | Path | None
    out: str | Path | None
    minutes: float | None
    verbose: bool
    _run: KeptRun

    @keeps(SETTINGS)
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
        with _place() as place, in_python(place), quietly(not self.verbose):
            values = self._settings() | further | {"out": out}
            check_new(out, "out")
            for name, part in {"train": documents, "valid": valid}.items():
                if part is not None:
                    values[name] = place / f"{name}.jsonl"
                    values |= self._write(values[name], part)
            if valid is not None:
                values["valid_share"] = None
            FineTuneSettings(**values)  # refuses what is wrong before hours of pre-training
            if corpus is not None:
                values |= _FROM_NOTHING | {"pretrained": self._pretrain(corpus, values, place)}
            if self.minutes is not None:
                values["minutes"] = max(self.minutes - (time.monotonic() - began) / 60, 0.01)
            from kerasbert.estimators.kept_run import KeptRun
            from kerasbert.training.fine_tuning import fine_tune

            fine_tune(FineTuneSettings(**values))
        return KeptRun(out, kept)

    def _write(self, path: Path, documents: Sequence[LabeledDocument]) -> dict[str, Any]:
        """Write documents for the fine-tuning, and return the settings by which it reads them."""
        write_documents(path, documents)
        return {"text_field": ("text",), "label_field": ("labels",)}

    def _settings(self) -> dict[str, Any]:
        """The parameters that are settings of fine-tuning."""
        check_numbers({"minutes": self.minutes})
        values = {
            name: value.item() if isinstance(value, np.generic) else value
            for name, value in self.get_params().items()
            if name in SETTINGS
        }
        for name, kind in {"pretrained": str, "tokenizer_file": Path}.items():
            values[name] = None if values[name] is None else kind(values[name])
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

    def _note(self, run: KeptRun, **about: Any) -> None:
        """Write beside the files of the run what `load` needs to make the estimator again."""
        noted = {"estimator": type(self).__name__, **about, "parameters": self.get_params()}
        write_json(run.path / FILE, noted)

    @classmethod
    def _made_of(
        cls, folder: str | Path, expected: type[AnyHead], does: str
    ) -> tuple[Self, AnyHead, dict[str, Any] | None]:
        """An estimator that keeps the run of a folder, the run's head, and what `_note` wrote.

        Args:
            folder: of the run.
            expected: the class of its head.
            does: what such a run does, for the message.

        Raises:
            InputError: it is not the folder of a finished run with such a head.
        """
        from kerasbert.estimators.kept_run import KeptRun
        from kerasbert.runs.fine_tuned import open_head
        from kerasbert.runs.folder import RunFolder

        path = Path(folder).expanduser()
        head, config = open_head(path)
        if not isinstance(head, expected):
            raise InputError(f"{path}: expected a run that {does}, this is {head.name}.")
        noted = RunFolder(path).read_json(FILE) if (path / FILE).exists() else None
        parameters = noted["parameters"] if noted else config.get("given", config["settings"])
        known = cls().get_params()
        made = cls(**{name: value for name, value in parameters.items() if name in known})
        made.out = None  # the folder is there
        made._run = KeptRun(path)
        return made, head, noted

    def _asked(self, X: Any) -> tuple[Predictor, list[tuple[str, ...]]]:
        """The predictor, and the texts that it is asked about.

        Raises:
            ValueError: pairs where the run takes single texts, or the other way round.
        """
        predictor = self._fitted().predictor
        rows = rows_of(X, "X")
        if rows and (len(rows[0]) == 2) != predictor.pairs:
            forms = ["pairs of texts", "single texts"]
            raise ValueError(
                f"X: expected {forms[not predictor.pairs]}, as in fit. Received:"
                f" {forms[predictor.pairs]}"
            )
        return predictor, rows

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
        with in_python():
            check_new(folder, "folder")
        shutil.copytree(run, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("state"))
        return folder

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_run")


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


def check_new(folder: Path, name: str) -> None:
    """Refuse a folder that holds something, or cannot be written."""
    check_writable(folder, folder=True)
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{name}: {folder} is not empty. Name another one, or remove it.")


@contextlib.contextmanager
def in_python(place: Path | None = None) -> Iterator[None]:
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
