"""How a model of sentence-transformers makes one vector of a text: modules.json and 1_Pooling."""

from pathlib import Path
from typing import Any

from kerasbert.checkpoints.public_folder import PublicFolder
from kerasbert.choices import PoolingName
from kerasbert.errors import InputError
from kerasbert.files import write_json

MODULES = "modules.json"
_MODES: dict[str, PoolingName] = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_max_tokens": "max",
}


def read_pooling(folder: PublicFolder) -> tuple[PoolingName | None, dict[str, list[str]]]:
    """The pooling that a folder says is its own, and the modules that are not read.

    Returns:
        None where the folder is none of sentence-transformers, or its pooling is none of ours.

    Raises:
        InputError: a file is damaged, or a module lies outside of the folder.
    """
    if not folder.has(MODULES):
        return None, {}
    modules = folder.any_json(MODULES)
    if not isinstance(modules, list) or not all(isinstance(one, dict) for one in modules):
        raise InputError(f"{folder.file(MODULES)}: expected a list of modules.")
    pooling, unread = None, []
    for module in modules:
        kind = str(module.get("type", "")).rpartition(".")[2]
        if kind == "Pooling" and pooling is None:
            pooling = _pooling(folder, module)
            read = pooling is not None
        else:
            read = kind == "Transformer"
        if not read:
            unread.append(f"{kind} ({module.get('path')})")
    return pooling, {"modules": unread}


def _pooling(folder: PublicFolder, module: dict[str, Any]) -> PoolingName | None:
    directory = folder.member(module.get("path", ""))
    config = folder.json(f"{directory.name}/config.json")
    modes = {
        name for name, value in config.items() if name.startswith("pooling_mode") and value is True
    }
    if modes == {"pooling_mode_mean_tokens", "pooling_mode_max_tokens"}:
        return None  # joined the other way round
    known = {_MODES.get(mode) for mode in modes}
    return known.pop() if len(known) == 1 else None


def write_pooling(folder: Path, pooling: str, width: int, length: int) -> None:
    """What makes a folder one of sentence-transformers.

    Args:
        folder: with a model of transformers.
        pooling: "cls", "mean" or "max".
        width: of a state.
        length: positions of the longest text.
    """
    package = "sentence_transformers.models"
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": f"{package}.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": f"{package}.Pooling"},
    ]
    modes = {theirs: ours == pooling for theirs, ours in _MODES.items()}
    (folder / "1_Pooling").mkdir()
    write_json(folder / MODULES, modules)
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": width, **modes})
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": length})
