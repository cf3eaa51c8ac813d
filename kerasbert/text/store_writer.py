"""Write a token store, whole or not at all."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np

from kerasbert.errors import InputError
from kerasbert.files import atomic_path, write_json
from kerasbert.text.store import (
    BLOCK,
    MANIFEST_FILE,
    STORE_FORMAT,
    STORE_VERSION,
    TOKENIZER_FILE,
    TOKENS_FILE,
    file_sha256,
    map_array,
)
from kerasbert.text.tokenizer import Tokenizer

OFFSETS = np.dtype("<u8")
_BUFFERED = 1 << 16  # tokens kept before they are written


class StoreWriter:
    """Write a store document by document, in memory that does not grow with the corpus.

    The folder appears under its name when the `with` block ends well, complete; when it does not,
    nothing is left behind.

    Args:
        path: the folder to make; it may exist if it is empty.
        tokenizer: what encoded the sentences; it is saved in the store.
        inputs: what the store was made of, for the manifest.
        settings: how it was made, for the manifest.

    Attributes:
        counts: documents, sentences, tokens and dropped (documents without a token) so far.

    Raises:
        InputError: the folder is not empty, or cannot be made.
    """

    def __init__(
        self,
        path: str | Path,
        tokenizer: Tokenizer,
        inputs: Sequence[Mapping[str, Any]] = (),
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.path = Path(path)
        self.tokenizer = tokenizer
        self.inputs = [dict(entry) for entry in inputs]
        self.settings = dict(settings or {})
        self.counts = {"documents": 0, "sentences": 0, "tokens": 0, "dropped": 0}
        self.dtype = np.dtype("<u2" if tokenizer.vocabulary_size < 1 << 16 else "<u4")
        check_new_folder(self.path)
        absolute = self.path.absolute()
        self._folder = absolute.with_name(f".{absolute.name}.writing-{os.getpid()}")
        self._parts = {
            "token_ids": self.dtype,
            "sentence_offsets": OFFSETS,
            "document_offsets": OFFSETS,
            "document_hashes": OFFSETS,
        }
        self._buffers: dict[str, list[Any]] = {name: [] for name in self._parts}
        self._buffered = 0

    def __enter__(self) -> StoreWriter:
        shutil.rmtree(self._folder, ignore_errors=True)  # of a killed process with this number
        try:
            self._folder.mkdir(parents=True)
        except OSError as error:
            raise InputError(
                f"{self.path}: the store cannot be made ({error.strerror})."
                " Give an --out folder where you may write."
            ) from None
        self._files = {name: (self._folder / f"{name}.part").open("wb") for name in self._parts}
        self._buffers["sentence_offsets"].append(0)
        self._buffers["document_offsets"].append(0)
        return self

    def add(self, sentences: Sequence[np.ndarray], text_hash: int) -> None:
        """Append a document: the token ids of each sentence. Empty sentences are left out."""
        filled = [sentence for sentence in sentences if len(sentence)]
        if not filled:
            self.counts["dropped"] += 1
            return
        for sentence in filled:
            self.counts["tokens"] += len(sentence)
            self._buffers["sentence_offsets"].append(self.counts["tokens"])
            self._buffered += len(sentence)
        self._buffers["token_ids"].extend(filled)
        self.counts["sentences"] += len(filled)
        self.counts["documents"] += 1
        self._buffers["document_offsets"].append(self.counts["sentences"])
        self._buffers["document_hashes"].append(text_hash)
        if self._buffered >= _BUFFERED:
            self._flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._flush()
            for file in self._files.values():
                file.close()
            if kind is None:
                self._finish()
        finally:
            for file in self._files.values():
                file.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _flush(self) -> None:
        tokens = self._buffers["token_ids"]
        if tokens:
            ids = np.concatenate(tokens)
            if ids.min() < 0 or ids.max() >= self.tokenizer.vocabulary_size:
                raise ValueError(
                    f"token ids from {ids.min()} to {ids.max()} do not fit the vocabulary of"
                    f" {self.tokenizer.vocabulary_size}"
                )
            self._files["token_ids"].write(ids.astype(self.dtype).tobytes())
        for name, dtype in self._parts.items():
            if name != "token_ids":
                self._files[name].write(np.array(self._buffers[name], dtype).tobytes())
            self._buffers[name].clear()
        self._buffered = 0

    def _finish(self) -> None:
        if not self.counts["documents"]:
            raise InputError(
                f"{self.path}: no document is left to store, {self.counts['dropped']} had no token."
                " Check the corpus."
            )
        tokens = self._folder / TOKENS_FILE
        # Datasets that can grow must be chunked, and chunks cannot be mapped: hence the parts.
        with atomic_path(tokens) as target, h5py.File(target, "w") as file:
            for name, dtype in self._parts.items():
                part = self._folder / f"{name}.part"
                values = map_array(part, dtype, 0, part.stat().st_size // dtype.itemsize)
                data = file.create_dataset(name, values.shape, dtype, track_times=False)
                for start in range(0, len(values), BLOCK):
                    data[start : start + BLOCK] = values[start : start + BLOCK]
                del values
                part.unlink()
        self.tokenizer.save(self._folder / TOKENIZER_FILE)
        manifest = {
            "format": STORE_FORMAT,
            "version": STORE_VERSION,
            "counts": self.counts,
            "vocabulary_size": self.tokenizer.vocabulary_size,
            "segmenter": self.tokenizer.segmenter,
            "tokenizer_fingerprint": self.tokenizer.fingerprint(),
            "tokens_sha256": file_sha256(tokens),
            "inputs": self.inputs,
            "settings": self.settings,
            "versions": _versions(),
        }
        write_json(self._folder / MANIFEST_FILE, manifest)
        if self.path.is_dir():
            self.path.rmdir()
        self._folder.rename(self.path.absolute())


def check_new_folder(path: str | Path) -> None:
    """Refuse a folder that holds something, or a file in its place.

    Raises:
        InputError: saying so.
    """
    path = Path(path)
    if path.is_dir() and any(path.iterdir()):
        raise InputError(f"{path}: the folder is not empty. Name a new --out, or remove it first.")
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: this is a file, a new folder was expected. Name another --out.")


def _versions() -> dict[str, str]:
    versions = {}
    for name in ("kerasbert", "tokenizers", "h5py", "numpy"):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "unknown"
    return versions
