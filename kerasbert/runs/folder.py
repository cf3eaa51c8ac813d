"""A run's folder: the only hand-over between commands, and complete."""

import csv
import hashlib
import importlib.metadata
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from kerasbert.config import EncoderConfig, config_from_json, config_to_json
from kerasbert.errors import InputError
from kerasbert.files import atomic_path, check_writable, write_json, write_text
from kerasbert.invocation import command_line, today
from kerasbert.runs.settings import as_used

FINISHED = "metrics.json"
MODEL = "model.keras"
FORMAT = 2  # of config.json; 1 had no number


class RunFolder:
    """The files of a run, by name.

    `config.json` (architecture, settings, kind, seed, versions, backend), `tokenizer.json`,
    `labels.txt`, `model.keras`, `history.csv`, `metrics.json` (written last: a run that has it is
    finished), `report.html`, `README.md` (a model card), and `state/` for resuming.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)

    def file(self, name: str) -> Path:
        return self.path / name

    @property
    def holds_public_model(self) -> bool:
        """Whether it is a public model: in the form of Hugging Face, KerasHub or Google."""
        if not self.file("config.json").is_file():
            return self.file("bert_config.json").is_file()
        values = self.read_json("config.json")
        named = isinstance(values, dict) and ("model_type" in values or "class_name" in values)
        return named and "stage" not in values

    @property
    def finished(self) -> bool:
        return self.file(FINISHED).exists()

    @classmethod
    def create(cls, path: str | Path, resume: bool = False) -> "RunFolder":
        """A folder for a new run, or one to go on with. It is made when a file is written to it.

        Raises:
            InputError: the folder holds something and `resume` is not set, or is no run's folder,
                or nothing can be written there.
        """
        path = Path(path)
        check_writable(path, folder=True)
        if path.exists() and any(path.iterdir()):
            if not resume:
                raise InputError(
                    f"{path}: the folder is not empty. Choose another --out, or go on with the run "
                    "that is there: --resume."
                )
            if not (path / "config.json").exists() and not _only_begun(path):
                raise InputError(f"{path}: no run is there to resume, and it is not empty.")
        return cls(path)

    @classmethod
    def open(cls, path: str | Path) -> "RunFolder":
        """The folder of a finished run.

        Raises:
            InputError: something that a finished run has is missing.
        """
        run = cls(path)
        if not run.path.is_dir():
            raise InputError(f"{path}: no such folder, expected the folder of a run.")
        for name in ("config.json", "tokenizer.json", "model.keras", FINISHED):
            if not run.file(name).exists():
                hint = "the run has not finished: repeat its command with --resume"
                if not run.file("config.json").exists():
                    hint = "expected a folder that `kerasbert pretrain` or `finetune` made"
                elif run.holds_public_model:
                    hint = (
                        "it holds a public model, of which this makes a run:"
                        f" kerasbert convert {path} --out RUN"
                    )
                raise InputError(f"{path}: there is no {name}; {hint}.")
        run.config()
        return run

    def read_json(self, name: str) -> dict[str, Any]:
        try:
            return json.loads(self.file(name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{self.file(name)}: cannot be read as JSON ({error}).") from error

    def write_json(self, name: str, values: Any) -> None:
        write_json(self.file(name), values)

    def write_history(self, rows: list[dict[str, Any]]) -> None:
        """history.csv, whole each time: a torn line is worse than a few kilobytes again."""
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(self.file("history.csv"), text.getvalue())

    def config(self) -> dict[str, Any]:
        """What config.json holds.

        Raises:
            InputError: a newer version wrote it, in a format that is unknown here.
        """
        config = self.read_json("config.json")
        if config.get("format", 1) > FORMAT:
            raise InputError(
                f"{self.path}: the run was written by kerasbert "
                f"{config.get('versions', {}).get('kerasbert', '')} in format {config['format']}, "
                f"this version reads formats up to {FORMAT}. Install a newer one."
            )
        return config

    def write_config(
        self,
        stage: str,
        architecture: EncoderConfig | None,
        settings: dict[str, Any],
        used: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> None:
        """config.json; a run that goes on keeps the one that it was begun with.

        Args:
            stage: "pretrain", "finetune" or "compare".
            architecture: None for a user's own encoder, which model.keras holds.
            settings: as they were given.
            used: what was settled where they were left open, beside the architecture.
            more: further values.
        """
        import keras

        if self.file("config.json").exists():
            return
        values = {
            "format": FORMAT,
            "stage": stage,
            "command": command_line(),
            "date": today(),
            "architecture": config_to_json(architecture) if architecture is not None else None,
            "settings": as_used(settings, architecture, used or {}),
            "given": settings,
            **more,
            "tokenizer_sha256": _sha256(self.file("tokenizer.json")),
            **self._special_ids(more.get("segmenter")),
            "backend": keras.backend.backend(),
            "versions": versions(),
        }
        self.write_json("config.json", values)

    def settle_settings(self, **used: Any) -> None:
        """Put what was settled while it trained in the place of settings that were left open."""
        config = self.config()
        config["settings"] = as_used(config["settings"], None, used)
        self.write_json("config.json", config)

    def architecture(self) -> EncoderConfig | None:
        values = self.config().get("architecture")
        return config_from_json(values) if values is not None else None

    def trained_length(self, otherwise: int) -> int:
        """Positions of the longest row of this run, or `otherwise` where its settings say none."""
        return self.config()["settings"].get("max_length", otherwise)

    def _special_ids(self, segmenter: str | None) -> dict[str, Any]:
        """The ids of the special tokens, which earlier versions took to be 0 to 4."""
        from kerasbert.tokenizer.tokenizer import Tokenizer

        path = self.file("tokenizer.json")
        if not path.exists():
            return {}
        return {"special_ids": asdict(Tokenizer.load(path, segmenter).special)}

    def tokenizer(self, as_trained: bool = False):
        """The run's tokenizer.

        Args:
            as_trained: with the special ids that the run was trained with. Those of earlier
                versions are 0 to 4 whatever the file says: a model that learned so answers so.
        """
        from kerasbert.tokenizer.special_ids import SpecialIds
        from kerasbert.tokenizer.tokenizer import Tokenizer

        config, path = self.config(), self.file("tokenizer.json")
        tokenizer = Tokenizer.load(path, segmenter=config.get("segmenter"))
        if config.get("tokenizer_sha256") not in (None, _sha256(path)):
            raise InputError(
                f"{path}: this is not the tokenizer that the run was made with: its token ids mean "
                "other words to the model. Put the run's own file back, or train again."
            )
        if as_trained and "special_ids" not in config:
            tokenizer.special = replace(SpecialIds(), unk=tokenizer.special.unk)
        return tokenizer

    def special_note(self) -> str | None:
        """What to say of a run whose special ids are not those of its tokenizer."""
        trained = self.tokenizer(as_trained=True).special
        named = self.tokenizer().special
        if trained == named:
            return None
        return (
            f"{self.path}: an earlier version trained it with the special ids {trained.ids}, the"
            f" tokenizer has {named.ids}. What follows takes the tokenizer's; pre-train anew for a"
            " better start."
        )

    def save_model(self, model, name: str = MODEL) -> None:
        """The file of a model, without the optimizer."""
        import keras

        from kerasbert.without_tensorflow import keep_tensorflow_out

        keep_tensorflow_out()
        bare = keras.Model(model.input, model.output, name=model.name)  # the same layers
        with atomic_path(self.file(name)) as temporary:
            bare.save(temporary)

    def load_model(self, name: str = MODEL):
        return load_model(self.file(name))


def load_model(run: str | Path):
    """The Keras model of a run, or of a `.keras` file, on any backend, whichever wrote it.

    It is not compiled. (`keras.models.load_model` compiles it, after `import kerasbert.training`.)

    Raises:
        InputError: there is no model, or it cannot be read; a user's own layer must have been
            registered (`keras.saving.register_keras_serializable`) and imported before.
    """
    from kerasbert.runs.loading import load_saved

    path = Path(run)
    if path.suffix != ".keras" or path.is_dir():
        path /= "model.keras"
    if not path.exists():
        raise InputError(
            f"{path}: no such file, expected the folder of a run, or a file that ends with .keras."
        )
    try:
        return load_saved(path)
    except Exception as error:
        raise InputError(
            f"{path}: cannot be loaded. It is damaged, or uses a layer that is not registered: "
            f"import the module that defines it first.\nKeras says: {str(error)[:500]}"
        ) from error


def versions() -> dict[str, str]:
    """The installed versions of what a run's figures depend on."""
    found = {}
    for name in ("kerasbert", "keras", "numpy", "tokenizers", "jax", "torch", "tensorflow"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _sha256(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None


def _only_begun(path: Path) -> bool:
    """Nothing but what a run that was killed before it wrote config.json may have left."""
    names = {entry.name for entry in path.iterdir() if not entry.name.startswith(".")}
    trained = any(path.glob("state/step-*.npz"))
    return names <= {"store", "labels.txt", "tokenizer.json", "state"} and not trained
