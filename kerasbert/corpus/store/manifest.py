"""The manifest of a token store: what is in it, what it was made of and how.

format, version            of the store
counts                     documents, sentences, tokens, stripped_labels, skipped_lines
dropped                    documents that were left out, by reason
unknown_characters         of a sample of the text, behind unknown tokens, and of how many
shards                     name, documents, sentences, tokens, bytes, sha256 of each
vocabulary_size, segmenter, tokenizer_fingerprint
vocabulary                 what became of that of another tokenizer, if it is a changed one
inputs                     name, bytes, sha256 of each file
settings, versions         what the store depends on: no time, host or number of workers
checksum                   sha256 of all of the above
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from pathlib import Path
from typing import Any

from kerasbert.corpus.store.shards import REMEDY
from kerasbert.errors import InputError
from kerasbert.files import to_json, write_bytes

STORE_FORMAT = "kerasbert token store"
STORE_VERSION = 2
MANIFEST_FILE, TOKENIZER_FILE = "manifest.json", "tokenizer.json"


def shard_name(number: int) -> str:
    """The file of a shard, by its number from 0."""
    return f"tokens-{number:05d}.h5"


def write_manifest(folder: Path, content: dict[str, Any]) -> None:
    """Complete the manifest of a store and write it."""
    whole = {
        "format": STORE_FORMAT,
        "version": STORE_VERSION,
        **content,
        "versions": {name: _version(name) for name in ("kerasbert", "tokenizers", "h5py", "numpy")},
    }
    write_bytes(folder / MANIFEST_FILE, _to_bytes({**whole, "checksum": _checksum(whole)}))


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read and check the manifest of a store.

    Raises:
        InputError: no store, another version, or a manifest that is not as it was written.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder, a token store was expected. {REMEDY}")
    path = folder / MANIFEST_FILE
    if not path.is_file():
        raise InputError(f"{folder}: no token store, {MANIFEST_FILE} is missing. {REMEDY}")
    try:
        written = path.read_bytes()
        manifest = json.loads(written)
        kind, version = manifest.get("format"), manifest.get("version")
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read ({error!r}). {REMEDY}") from None
    if kind != STORE_FORMAT or version != STORE_VERSION:
        raise InputError(
            f"{path}: a {STORE_FORMAT} of version {STORE_VERSION} was expected, received"
            f" {kind!r} of version {version!r}. {REMEDY}"
        )
    checksum = manifest.pop("checksum", None)
    # Bytes, too: JSON has many ways to write the same, and only one of them was written.
    if checksum != _checksum(manifest) or written != _to_bytes({**manifest, "checksum": checksum}):
        raise InputError(f"{path}: not as it was written, its checksum is another. {REMEDY}")
    return manifest


def _to_bytes(manifest: dict[str, Any]) -> bytes:
    return (to_json(manifest, indent=2) + "\n").encode("utf-8", "replace")


def _checksum(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(_to_bytes(manifest)).hexdigest()


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
