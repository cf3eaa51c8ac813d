"""The weights of a public model: safetensors in one file or many, as arrays of float32."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from kerasbert.checkpoints.public_folder import INDEX, WEIGHTS, PublicFolder
from kerasbert.errors import InputError
from kerasbert.files import write_bytes

READ = ("F64", "F32", "F16", "BF16")
_MISSING = (
    "public models need the package safetensors, which is not installed. Install it with: pip"
    " install kerasbert[hub]"
)
# Names that TensorFlow gave the two weights of a normalization, in files converted from it.
_OLD = {"weight": "gamma", "bias": "beta"}


class Tensors:
    """The weights of a folder by name. Nothing but what is asked for is read from the disk.

    A context manager: the files are open inside.

    Args:
        folder: of the model.
        prefixes: with which names may begin, such as "bert."; a model without heads has none.
        probe: a name, without prefix, that every model of the family has: it tells the prefix.

    Raises:
        InputError: a file is missing, damaged or names what is not in it; or `probe` is missing.
    """

    def __init__(self, folder: PublicFolder, prefixes: Sequence[str], probe: str):
        self.folder = folder
        self._open = contextlib.ExitStack()
        self._files: dict[Path, Any] = {}
        self._places = self._find()
        self._taken: set[str] = set()
        found = [prefix for prefix in ("", *prefixes) if prefix + probe in self._places]
        if not found:
            raise InputError(
                f"{self.path}: there is no weight {probe}, with or without {' or '.join(prefixes)}"
                " before it. Is config.json that of another model?"
            )
        self._prefix = found[0]

    def __enter__(self) -> "Tensors":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._files.clear()
        self._open.close()

    @property
    def path(self) -> Path:
        """What messages name."""
        return self.folder.file(WEIGHTS if self.folder.has(WEIGHTS) else INDEX)

    @property
    def unread(self) -> list[str]:
        """Names of the weights that nobody has taken."""
        buffers = ("position_ids", "token_type_ids")  # computed, not learned
        return sorted(
            name for name in self._places if name not in self._taken and not name.endswith(buffers)
        )

    def has(self, name: str) -> bool:
        return self._stored(name) is not None

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a weight, which is not read for it."""
        stored = self._required(name)
        with _reading(self._places[stored]):
            return tuple(self._file(stored).get_slice(stored).get_shape())

    def take(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """A weight, float32.

        Args:
            name: without the prefix; the old names of a normalization are found, too.
            shape: that it must have, as config.json says.

        Raises:
            InputError: it is missing, of another shape, or quantized.
        """
        stored = self._required(name)
        if (found := self.shape(name)) != shape:
            raise InputError(
                f"{self._places[stored]}: {stored} has the shape {found}, config.json describes"
                f" {shape}. The two are of different models, or the file is damaged."
            )
        self._taken.add(stored)
        return self.peek(name)

    def peek(self, name: str) -> np.ndarray:
        """A weight as it is, float32, without taking it; see `take`."""
        stored = self._required(name)
        with _reading(self._places[stored]):
            kind = self._file(stored).get_slice(stored).get_dtype()
            if kind not in READ:
                raise InputError(
                    f"{self._places[stored]}: {stored} is stored as {kind}, expected one of"
                    f" {', '.join(READ)}. Quantized weights are not read."
                )
            return np.asarray(self._file(stored).get_tensor(stored)).astype(np.float32)

    def _stored(self, name: str) -> str | None:
        """The name in the file; with the prefix, or of a head, which has none."""
        stem, _, last = name.rpartition(".")
        names = [name, f"{stem}.{_OLD[last]}"] if last in _OLD else [name]
        known = (prefix + one for prefix in (self._prefix, "") for one in names)
        return next((one for one in known if one in self._places), None)

    def _required(self, name: str) -> str:
        if (stored := self._stored(name)) is None:
            raise InputError(
                f"{self.path}: the weight {self._prefix}{name} is missing, which config.json"
                " describes. The file is damaged, or of another model."
            )
        return stored

    def _find(self) -> dict[str, Path]:
        """By name the file that a weight is in."""
        if self.folder.has(WEIGHTS):
            path = self.folder.file(WEIGHTS)
            return dict.fromkeys(self._names(path), path)
        places = self.folder.json(INDEX).get("weight_map")
        if not isinstance(places, dict) or not places:
            raise InputError(f"{self.folder.file(INDEX)}: expected weight_map, from name to file.")
        found = {name: self.folder.member(file) for name, file in places.items()}
        for path in sorted(set(found.values())):
            missing = {name for name in found if found[name] == path} - set(self._names(path))
            if missing:
                raise InputError(
                    f"{path}: {min(missing)} is not in it, though {INDEX} says so. The file is"
                    " another one's, or damaged: download it again."
                )
        return found

    def _names(self, path: Path) -> list[str]:
        try:
            import ml_dtypes  # noqa: F401, so that numpy knows bfloat16; Keras brings it
            from safetensors import safe_open
        except ImportError:
            raise InputError(_MISSING) from None
        if not path.is_file():
            raise InputError(f"{path}: no such file. Download the model again, all of its shards.")
        with _reading(path):
            self._files[path] = self._open.enter_context(safe_open(path, framework="np"))
            return list(self._files[path].keys())

    def _file(self, stored: str) -> Any:
        return self._files[self._places[stored]]


def save_tensors(path: Path, tensors: dict[str, np.ndarray]) -> None:
    """Write a safetensors file.

    Raises:
        InputError: the library is not installed.
    """
    try:
        from safetensors.numpy import save
    except ImportError:
        raise InputError(_MISSING) from None
    whole = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    write_bytes(path, save(whole, metadata={"format": "pt"}))


@contextlib.contextmanager
def _reading(path: Path):
    """What the library raises, with the name of the file."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # its own class is no subclass of ValueError or OSError
        raise InputError(
            f"{path}: cannot be read as safetensors ({error}). It is damaged or not complete:"
            " download it again."
        ) from None
