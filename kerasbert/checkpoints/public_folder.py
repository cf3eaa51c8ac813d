"""A folder in the form of Hugging Face: what is in it, and what of it cannot be read here."""

import json
from pathlib import Path
from typing import Any

from kerasbert.errors import InputError

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
PICKLED = ("pytorch_model.bin", "pytorch_model.bin.index.json")
OTHER_WEIGHTS = ("tf_model.h5", "flax_model.msgpack", "bert_model.ckpt.index", "model.ckpt.index")
_MOST = 256 << 20  # bytes of a JSON file; no tokenizer comes near

# Of config.json: what has no part in what embedding and encoder compute.
_WITHOUT_EFFECT = {
    *("_name_or_path", "architectures", "dtype", "torch_dtype", "transformers_version"),
    *("initializer_range", "use_cache", "gradient_checkpointing", "output_past"),
    *("bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id", "mask_token_id"),
    *("is_decoder", "add_cross_attention", "is_encoder_decoder", "chunk_size_feed_forward"),
    *("tie_word_embeddings", "tie_encoder_decoder", "output_attentions", "output_hidden_states"),
    *("return_dict", "torchscript", "cross_attention_hidden_size"),
}
# Settings under which these models compute something else, and the one value that is read.
_EXPECTED: dict[str, Any] = {
    "is_decoder": False,
    "add_cross_attention": False,
    "is_encoder_decoder": False,
    "position_embedding_type": "absolute",
}
_REFUSED = {
    "auto_map": "it comes with code of its own (auto_map), which is never run",
    "quantization_config": "its weights are quantized (quantization_config)",
    "pruned_heads": "some of its attention heads were pruned (pruned_heads)",
    "adapters": "it has adapters",
}


class Files:
    """The files of a folder, by name."""

    def __init__(self, path: str | Path):
        self.path = Path(path)

    def file(self, name: str) -> Path:
        return self.path / name

    def has(self, name: str) -> bool:
        try:
            return self.file(name).is_file()
        except OSError:  # links in a circle
            return False

    def json(self, name: str) -> dict[str, Any]:
        """The object in a JSON file.

        Raises:
            InputError: it is missing, or no JSON object.
        """
        found = self.any_json(name)
        if not isinstance(found, dict):
            raise InputError(f"{self.file(name)}: expected a JSON object.")
        return found

    def any_json(self, name: str) -> Any:
        """Whatever a JSON file holds; see `json`."""
        return json_of(self.file(name), self.text(name))

    def text(self, name: str) -> str:
        """The text of a file.

        Raises:
            InputError: it is missing or cannot be read.
        """
        return read_text(self.file(name))

    def member(self, name: str) -> Path:
        """The path of a file that another one names.

        Raises:
            InputError: the name leads out of the folder.
        """
        if not isinstance(name, str) or name in ("", ".", "..") or {"/", "\\", "\0"} & set(name):
            raise InputError(
                f"{self.path}: {name!r} is not the name of a file in this folder, expected one such"
                " as model-00001-of-00002.safetensors."
            )
        return self.file(name)


class PublicFolder(Files):
    """The files of a public model, by name.

    Args:
        path: of a folder with config.json and model.safetensors, or its shards and their index.

    Attributes:
        settings: what config.json holds.

    Raises:
        InputError: no such folder; nothing in it that can be read safely; or a kind of model that
            is not read here.
    """

    def __init__(self, path: str | Path):
        super().__init__(path)
        if not self.path.is_dir():
            raise InputError(f"{path}: no such folder, expected one with config.json.")
        adapters = ("adapter_config.json", "adapter_model.safetensors")
        if found := next((name for name in adapters if self.has(name)), None):
            raise InputError(
                f"{self.file(found)}: an adapter is not a whole model. Merge it into its base model"
                " first (merge_and_unload of the peft library), and save that."
            )
        self.settings = Settings(self.json("config.json"), self.file("config.json"))
        self._check_weights()

    def _check_weights(self) -> None:
        if self.has(WEIGHTS) or self.has(INDEX):
            return
        if found := next((name for name in PICKLED if self.has(name)), None):
            raise InputError(
                f"{self.file(found)}: a pickle can run code when it is read, so it is not. Convert"
                " it where you trust it, with transformers installed: python -c 'from transformers"
                f' import AutoModel; AutoModel.from_pretrained("{self.path}")'
                f'.save_pretrained("{self.path}")\'. Expected {WEIGHTS}.'
            )
        found = next((name for name in OTHER_WEIGHTS if self.has(name)), None)
        there = f"{found} is not read" if found else "no weights are there"
        raise InputError(f"{self.path}: {there}, expected {WEIGHTS} or {INDEX}.")


class Settings:
    """config.json, which remembers what was asked of it.

    Args:
        values: what it holds.
        path: of the file, for messages.

    Raises:
        InputError: it describes what is not read here.
    """

    def __init__(self, values: dict[str, Any], path: Path):
        self.path = path
        self._values = values
        self._read = set(_WITHOUT_EFFECT) | {"model_type"}
        self.model_type: str | None = values.get("model_type")
        for name, why in _REFUSED.items():
            if values.get(name):
                raise InputError(f"{path}: {why}; such a model is not read.")
            self._read.add(name)
        for name, expected in _EXPECTED.items():
            self._read.add(name)
            if values.get(name, expected) not in (expected, None):
                raise InputError(
                    f"{path}: {name} {values[name]!r} is not read, expected {expected!r}."
                )

    def number(self, name: str, default: float | None = None) -> Any:
        """A number; `default` where the file has none, as the family's own class has it.

        Raises:
            InputError: there is none, or it is no number above or equal to 0.
        """
        found = self.get(name, default)
        if isinstance(found, bool) or not isinstance(found, int | float) or found < 0:
            raise InputError(f"{self.path}: {name}: expected a number, received {found!r}.")
        if isinstance(default, int) and not isinstance(found, int):
            raise InputError(f"{self.path}: {name}: expected a whole number, received {found!r}.")
        return found

    def get(self, name: str, default: Any = None) -> Any:
        self._read.add(name)
        found = self._values.get(name)
        return default if found is None else found

    def ignore(self, *names: str) -> None:
        """Settings that have no part in what is read."""
        self._read.update(names)

    @property
    def unread(self) -> list[str]:
        """Names of what nobody has asked for."""
        return sorted(name for name in self._values if name not in self._read)


def read_text(path: Path) -> str:
    """The text of a file of a public model.

    Raises:
        InputError: it is missing or cannot be read.
    """
    try:
        if path.stat().st_size > _MOST:
            raise InputError(f"{path}: expected at most {_MOST >> 20} MB.")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: cannot be read ({error}). Expected the folder of a public model with"
            f" config.json, {WEIGHTS} and tokenizer.json."
        ) from None


def json_of(path: Path, text: str) -> Any:
    """What a JSON text holds.

    Raises:
        InputError: it is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error}).") from None
