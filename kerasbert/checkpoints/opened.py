"""A public model of any form, as a folder in that of Hugging Face, for as long as it is read."""

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasbert.checkpoints import google
from kerasbert.checkpoints.hub import fetch, is_address
from kerasbert.errors import InputError


@dataclass(frozen=True)
class Public:
    """A public model that is being read.

    Attributes:
        folder: in the form of Hugging Face, or with the tokenizer alone beside a backbone.
        name: what the run remembers.
        backbone: of KerasHub, where there is no such form of it.
    """

    folder: Path
    name: str
    backbone: Any = None


@contextlib.contextmanager
def opened(source: Any, tokenizer: Any = None) -> Iterator[Public]:
    """A public model, in a folder that is there inside.

    Args:
        source: see `convert`.
        tokenizer: of a `Backbone` of KerasHub.

    Raises:
        InputError: it cannot be read.
    """
    if not isinstance(source, str | Path):
        with _saved(source, tokenizer) as folder, _translated(folder, source.name) as public:
            yield public
        return
    place, name = fetch(source) if is_address(source) else (Path(source), str(source))
    if google.is_google(place) or _is_preset(place):
        with _translated(place, name) as public:
            yield public
    else:
        yield Public(place, name)


@contextlib.contextmanager
def _translated(folder: Path, name: str) -> Iterator[Public]:
    """A folder of Google or KerasHub in the form of Hugging Face."""
    with tempfile.TemporaryDirectory(prefix="kerasbert-") as made:
        out = Path(made)
        try:
            if google.is_google(folder):
                google.write_as_hugging_face(folder, out)
                yield Public(out, name)
            else:
                from kerasbert.checkpoints.keras_hub import write_as_hugging_face

                yield Public(out, name, write_as_hugging_face(folder, out))
        except InputError as error:  # which names the folder that will be gone
            raise InputError(str(error).replace(made, name)) from None


@contextlib.contextmanager
def _saved(backbone: Any, tokenizer: Any) -> Iterator[Path]:
    """The preset of a `Backbone`, with its tokenizer."""
    if tokenizer is None or not hasattr(backbone, "save_to_preset"):
        raise InputError(
            f"expected a path, or a Backbone of KerasHub with its tokenizer, received a"
            f" {type(backbone).__name__}{' without one' if tokenizer is None else ''}. Give it as"
            " tokenizer=..., of a class such as keras_hub.tokenizers.BertTokenizer."
        )
    with tempfile.TemporaryDirectory(prefix="kerasbert-") as made:
        for part in (backbone, tokenizer):
            part.save_to_preset(made)
        yield Path(made)


def _is_preset(folder: Path) -> bool:
    from kerasbert.checkpoints.keras_hub import is_preset

    return is_preset(folder)
