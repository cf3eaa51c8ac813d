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
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from kerasbert.errors import InputError
from kerasbert.text.held_out import validation_documents
from kerasbert.text.tokenizer import Tokenizer

STORE_FORMAT = "kerasbert token store"
STORE_VERSION = 1

TOKENS_FILE, TOKENIZER_FILE, MANIFEST_FILE = "tokens.h5", "tokenizer.json", "manifest.json"
BLOCK = 1 << 20  # entries copied or checked at a time
_REMEDY = "Prepare the store again: kerasbert prepare."


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
        for start in range(0, self.tokens, BLOCK):
            counts += np.bincount(self.token_ids[start : start + BLOCK], minlength=size)
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
        tokenizer = Tokenizer.load(path / TOKENIZER_FILE, manifest["segmenter"])
        if tokenizer.fingerprint() != manifest["tokenizer_fingerprint"]:
            raise InputError(
                f"{path}: {TOKENIZER_FILE} is not the tokenizer that made this store. {_REMEDY}"
            )
        if verify and file_sha256(path / TOKENS_FILE) != manifest["tokens_sha256"]:
            raise InputError(
                f"{path}: {TOKENS_FILE} has another checksum than when it was written. {_REMEDY}"
            )
        store = cls(path, tokenizer, manifest, _map_tokens(path / TOKENS_FILE))
        store._check(verify)
        return store

    def _check(self, verify: bool) -> None:
        for name in ("documents", "sentences", "tokens"):
            expected, found = self.manifest["counts"][name], getattr(self, name)
            if expected != found:
                raise InputError(
                    f"{self.path}: the manifest counts {expected} {name}, {TOKENS_FILE} holds"
                    f" {found}. {_REMEDY}"
                )
        for offsets, last in (
            (self.sentence_offsets, self.tokens),
            (self.document_offsets, self.sentences),
        ):
            fits = len(offsets) > 0 and offsets[0] == 0 and offsets[-1] == last
            for start in range(0, len(offsets) - 1, BLOCK):
                block = offsets[start : start + BLOCK + 1]
                fits = fits and bool(np.all(block[1:] > block[:-1]))
            if not fits:
                raise InputError(
                    f"{self.path}: the boundaries in {TOKENS_FILE} do not fit its data. {_REMEDY}"
                )
        for start in range(0, self.tokens if verify else 0, BLOCK):
            highest = int(self.token_ids[start : start + BLOCK].max())
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


def _read_manifest(path: Path) -> dict[str, Any]:
    if not path.is_dir():
        raise InputError(f"{path}: no such folder, a token store was expected. {_REMEDY}")
    for name in (MANIFEST_FILE, TOKENIZER_FILE, TOKENS_FILE):
        if not (path / name).is_file():
            raise InputError(f"{path}: no token store, {name} is missing. {_REMEDY}")
    try:
        manifest = json.loads((path / MANIFEST_FILE).read_bytes())
        kind, version = manifest["format"], manifest["version"]
        complete = all(name in manifest["counts"] for name in ("documents", "sentences", "tokens"))
        for name in ("segmenter", "tokenizer_fingerprint", "tokens_sha256"):
            complete = complete and name in manifest
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: {MANIFEST_FILE} cannot be read ({error!r}). {_REMEDY}") from None
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
                arrays[name] = map_array(path, data.dtype, offset or 0, data.size)
    except (OSError, KeyError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: damaged or cut short ({error}). {_REMEDY}") from None
    return arrays


def map_array(path: Path, dtype: np.dtype, offset: int, size: int) -> np.ndarray:
    """Part of a file as an array (size,) that is read where it is used."""
    if not size:  # nothing can be mapped there
        return np.empty(0, dtype)
    return np.memmap(path, dtype, mode="r", offset=offset, shape=(size,))


def file_sha256(path: Path) -> str:
    """The checksum of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
