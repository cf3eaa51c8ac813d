"""The token store: a folder with the encoded corpus, read through memory mapping.

    STORE/tokens.h5        token_ids          uint16 or uint32 (T,)  all tokens, one after the other
                           sentence_offsets   uint64 (S + 1,)        in tokens
                           document_offsets   uint64 (N + 1,)        in sentences
                           document_hashes    uint64 (N,)            of the text, for duplicates
    STORE/tokenizer.json   what encoded it
    STORE/manifest.json    counts, inputs, settings, versions, checksum

The datasets are contiguous and uncompressed, so they can be mapped; equal inputs and settings give
equal bytes.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
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
from kerasbert.text.tokenizer import Tokenizer

STORE_FORMAT = "kerasbert token store"
STORE_VERSION = 1

_TOKENS, _TOKENIZER, _MANIFEST = "tokens.h5", "tokenizer.json", "manifest.json"
_OFFSETS = np.dtype("<u8")
_BLOCK = 1 << 20  # entries copied or checked at a time
_BUFFERED = 1 << 16  # tokens kept before they are written
_REMEDY = "Prepare the store again: kerasbert prepare."


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
            "sentence_offsets": _OFFSETS,
            "document_offsets": _OFFSETS,
            "document_hashes": _OFFSETS,
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
        tokens = self._folder / _TOKENS
        # Datasets that can grow must be chunked, and chunks cannot be mapped: hence the parts.
        with atomic_path(tokens) as target, h5py.File(target, "w") as file:
            for name, dtype in self._parts.items():
                part = self._folder / f"{name}.part"
                values = _map(part, dtype, 0, part.stat().st_size // dtype.itemsize)
                data = file.create_dataset(name, values.shape, dtype, track_times=False)
                for start in range(0, len(values), _BLOCK):
                    data[start : start + _BLOCK] = values[start : start + _BLOCK]
                del values
                part.unlink()
        self.tokenizer.save(self._folder / _TOKENIZER)
        manifest = {
            "format": STORE_FORMAT,
            "version": STORE_VERSION,
            "counts": self.counts,
            "vocabulary_size": self.tokenizer.vocabulary_size,
            "segmenter": self.tokenizer.segmenter,
            "tokenizer_fingerprint": self.tokenizer.fingerprint(),
            "tokens_sha256": _sha256(tokens),
            "inputs": self.inputs,
            "settings": self.settings,
            "versions": _versions(),
        }
        write_json(self._folder / _MANIFEST, manifest)
        if self.path.is_dir():
            self.path.rmdir()
        self._folder.rename(self.path.absolute())


class TokenStore:
    """An encoded corpus, mapped: opening costs no memory for the tokens. See `TokenStore.open`.

    With T tokens, S sentences and N documents:

        token_ids          (T,)     uint16 or uint32
        sentence_offsets   (S + 1,) uint64, sentence s is token_ids[offset[s]:offset[s + 1]]
        document_offsets   (N + 1,) uint64, document d is the sentences offset[d]:offset[d + 1]
        document_hashes    (N,)     uint64

    Every sentence has a token, every document a sentence. `documents`, `sentences` and `tokens` are
    N, S and T; `tokenizer` and `manifest` are what the folder holds.
    """

    def __init__(
        self,
        path: Path,
        tokenizer: Tokenizer,
        manifest: dict[str, Any],
        arrays: Mapping[str, np.ndarray],
    ) -> None:
        self.path = path
        self.tokenizer = tokenizer
        self.manifest = manifest
        self.token_ids = arrays["token_ids"]
        self.sentence_offsets = arrays["sentence_offsets"]
        self.document_offsets = arrays["document_offsets"]
        self.document_hashes = arrays["document_hashes"]
        self.documents = len(self.document_hashes)
        self.sentences = len(self.sentence_offsets) - 1
        self.tokens = len(self.token_ids)

    @functools.cached_property
    def training_counts(self) -> np.ndarray:
        """(V,) int64, how often each token occurs in the documents that are trained on."""
        size = self.tokenizer.vocabulary_size
        counts = np.zeros(size, np.int64)
        for start in range(0, self.tokens, _BLOCK):
            counts += np.bincount(self.token_ids[start : start + _BLOCK], minlength=size)
        starts = np.asarray(self.sentence_offsets)[np.asarray(self.document_offsets)]
        for document in np.flatnonzero(validation_documents(self.document_hashes)):
            held_out = self.token_ids[starts[document] : starts[document + 1]]
            np.subtract.at(counts, held_out, 1)
        return counts

    def token_shares(self) -> np.ndarray:
        """(V,) float64, each token's share of the training part, one added to each count."""
        counts = self.training_counts + 1.0
        return counts / counts.sum()

    @classmethod
    def open(cls, path: str | Path, verify: bool = False) -> TokenStore:
        """Open a store, checking that its parts fit each other.

        Args:
            path: the folder.
            verify: read all of it, and check checksum and token ids too.

        Raises:
            InputError: no store, parts missing, cut short, changed, or of another version.
        """
        path = Path(path)
        manifest = _read_manifest(path)
        tokenizer = Tokenizer.load(path / _TOKENIZER, manifest["segmenter"])
        if tokenizer.fingerprint() != manifest["tokenizer_fingerprint"]:
            raise InputError(
                f"{path}: {_TOKENIZER} is not the tokenizer that made this store. {_REMEDY}"
            )
        if verify and _sha256(path / _TOKENS) != manifest["tokens_sha256"]:
            raise InputError(
                f"{path}: {_TOKENS} has another checksum than when it was written. {_REMEDY}"
            )
        store = cls(path, tokenizer, manifest, _map_tokens(path / _TOKENS))
        store._check(verify)
        return store

    def _check(self, verify: bool) -> None:
        for name in ("documents", "sentences", "tokens"):
            expected, found = self.manifest["counts"][name], getattr(self, name)
            if expected != found:
                raise InputError(
                    f"{self.path}: the manifest counts {expected} {name}, {_TOKENS} holds {found}."
                    f" {_REMEDY}"
                )
        for offsets, last in (
            (self.sentence_offsets, self.tokens),
            (self.document_offsets, self.sentences),
        ):
            fits = len(offsets) > 0 and offsets[0] == 0 and offsets[-1] == last
            for start in range(0, len(offsets) - 1, _BLOCK):
                block = offsets[start : start + _BLOCK + 1]
                fits = fits and bool(np.all(block[1:] > block[:-1]))
            if not fits:
                raise InputError(
                    f"{self.path}: the boundaries in {_TOKENS} do not fit its data. {_REMEDY}"
                )
        for start in range(0, self.tokens if verify else 0, _BLOCK):
            highest = int(self.token_ids[start : start + _BLOCK].max())
            if highest >= self.tokenizer.vocabulary_size:
                raise InputError(
                    f"{self.path}: token id {highest} is beyond the vocabulary of"
                    f" {self.tokenizer.vocabulary_size}. {_REMEDY}"
                )


def verify(path: str | Path) -> dict[str, Any]:
    """Read the whole store, check everything, and return its counts and checksum.

    Raises:
        InputError: as `TokenStore.open(path, verify=True)`.
    """
    manifest = TokenStore.open(path, verify=True).manifest
    return {**manifest["counts"], "tokens_sha256": manifest["tokens_sha256"], "verified": True}


def validation_documents(hashes: np.ndarray, share: float = 0.01, minimum: int = 200) -> np.ndarray:
    """Choose the documents that are never trained on.

    `share` of the documents, at least `minimum`, never more than a fifth of all: those with the
    smallest mixed hash. So duplicates stay together, and the choice depends neither on the order of
    the corpus nor on a seed. Duplicates too many for the fifth stay in training as a whole, so a
    corpus of less than five documents, or of one text only, has no validation documents.

    Args:
        hashes: uint64 (N,) hash of each document's text.
        share: of all documents.
        minimum: number of documents.

    Returns:
        bool (N,), True for validation.
    """
    hashes = np.asarray(hashes, np.uint64)
    most = len(hashes) // 5
    wanted = min(max(int(np.ceil(share * len(hashes))), minimum), most)
    texts, times = np.unique(hashes, return_counts=True)
    chosen: list[int] = []
    taken = 0
    for index in np.argsort(_mix(texts), kind="stable"):
        if taken >= wanted:
            break
        if taken + times[index] <= most:
            chosen.append(index)
            taken += int(times[index])
    return np.isin(hashes, texts[np.array(chosen, np.int64)])


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


def _mix(hashes: np.ndarray) -> np.ndarray:
    """Scramble uint64 values (SplitMix64), so that the choice is independent of how they arose."""
    mixed = hashes + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _read_manifest(path: Path) -> dict[str, Any]:
    if not path.is_dir():
        raise InputError(f"{path}: no such folder, a token store was expected. {_REMEDY}")
    for name in (_MANIFEST, _TOKENIZER, _TOKENS):
        if not (path / name).is_file():
            raise InputError(f"{path}: no token store, {name} is missing. {_REMEDY}")
    try:
        manifest = json.loads((path / _MANIFEST).read_bytes())
        kind, version = manifest["format"], manifest["version"]
        complete = all(name in manifest["counts"] for name in ("documents", "sentences", "tokens"))
        for name in ("segmenter", "tokenizer_fingerprint", "tokens_sha256"):
            complete = complete and name in manifest
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: {_MANIFEST} cannot be read ({error!r}). {_REMEDY}") from None
    if kind != STORE_FORMAT or version != STORE_VERSION or not complete:
        raise InputError(
            f"{path}: a {STORE_FORMAT} of version {STORE_VERSION} was expected, received"
            f" {kind!r} of version {version!r}{'' if complete else ', incomplete'}. {_REMEDY}"
        )
    return manifest


def _map_tokens(path: Path) -> dict[str, np.ndarray]:
    """Find where each dataset lies in the HDF5 file, and map it."""
    expected = {
        "token_ids": ("<u2", "<u4"),
        "sentence_offsets": ("<u8",),
        "document_offsets": ("<u8",),
        "document_hashes": ("<u8",),
    }
    arrays = {}
    try:
        with h5py.File(path, "r") as file:
            for name, dtypes in expected.items():
                data = file[name]
                if data.ndim != 1 or data.dtype.str not in dtypes:
                    raise ValueError(f"{name} is {data.dtype} {data.shape}")
                offset = data.id.get_offset()
                if offset is None and data.size:
                    raise ValueError(f"{name} is chunked or compressed")
                if offset is not None and offset + data.nbytes > path.stat().st_size:
                    raise ValueError(f"{name} is cut short")
                arrays[name] = _map(path, data.dtype, offset or 0, data.size)
    except (OSError, KeyError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: damaged or cut short ({error}). {_REMEDY}") from None
    return arrays


def _map(path: Path, dtype: np.dtype, offset: int, size: int) -> np.ndarray:
    if not size:  # nothing can be mapped there
        return np.empty(0, dtype)
    return np.memmap(path, dtype, mode="r", offset=offset, shape=(size,))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _versions() -> dict[str, str]:
    versions = {}
    for name in ("kerasbert", "tokenizers", "h5py", "numpy"):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "unknown"
    return versions
