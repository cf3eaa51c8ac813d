"""The token store: a folder with the encoded corpus, read through memory mapping.

    STORE/tokens-00000.h5 ...   the shards, see `shards.py`
    STORE/tokenizer.json        what encoded it
    STORE/manifest.json         counts, checksums, inputs, settings, versions, see `manifest.py`

Equal inputs and settings give equal bytes.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from kerasbert.corpus.store.held_out import HeldOut, hold_out
from kerasbert.corpus.store.manifest import TOKENIZER_FILE, read_manifest
from kerasbert.corpus.store.shards import BLOCK, REMEDY, Documents, Shard, ShardCounts
from kerasbert.errors import InputError
from kerasbert.tokenizer.tokenizer import Tokenizer
from kerasbert.tokenizer.unknown import Unknown


class TokenStore:
    """An encoded corpus: one sequence of documents, mapped from shards. See `TokenStore.open`.

    Every sentence has a token, every document a sentence.

    Attributes:
        documents, sentences, tokens: how many there are.
        shards: the mapped files.
        first_documents: (shards + 1,) int64, the number of the first document of each, and N.
        tokenizer, manifest: what the folder holds.
    """

    def __init__(
        self, path: Path, tokenizer: Tokenizer, manifest: dict[str, Any], shards: list[Shard]
    ) -> None:
        self.path = path
        self.tokenizer = tokenizer
        self.manifest = manifest
        self.shards = shards
        counts = manifest["counts"]
        self.documents: int = counts["documents"]
        self.sentences: int = counts["sentences"]
        self.tokens: int = counts["tokens"]
        sizes = [shard.counts.documents for shard in shards]
        self.first_documents = np.concatenate([[0], np.cumsum(sizes)])

    @classmethod
    def open(cls, path: str | Path, verify: bool = True) -> TokenStore:
        """Open a store.

        Args:
            path: the folder.
            verify: compare all of it with its checksums, about two seconds for a gigabyte and
                processor. Without it only what the parts say about each other is checked: enough
                to look at a store, not enough to train on it.

        Raises:
            InputError: no store, another version, parts missing, cut short or changed.
        """
        path = Path(path)
        manifest = read_manifest(path)
        if not (path / TOKENIZER_FILE).is_file():
            raise InputError(f"{path}: no token store, {TOKENIZER_FILE} is missing. {REMEDY}")
        tokenizer = Tokenizer.load(path / TOKENIZER_FILE, manifest["segmenter"])
        if tokenizer.fingerprint() != manifest["tokenizer_fingerprint"]:
            raise InputError(
                f"{path}: {TOKENIZER_FILE} is not the tokenizer that made this store. {REMEDY}"
            )
        _check_files(path, manifest["shards"])
        if verify:
            _check_sums(path, manifest["shards"])
        shards = []
        for entry in manifest["shards"]:
            shard = Shard(path / entry["name"])
            expected = ShardCounts(entry["documents"], entry["sentences"], entry["tokens"])
            if shard.counts != expected:
                raise InputError(
                    f"{path / entry['name']}: the manifest says {expected}, the shard holds"
                    f" {shard.counts}. {REMEDY}"
                )
            if len(shard.token_counts) != tokenizer.vocabulary_size:
                raise InputError(
                    f"{path / entry['name']}: made for another vocabulary than {TOKENIZER_FILE}."
                    f" {REMEDY}"
                )
            shards.append(shard)
        return cls(path, tokenizer, manifest, shards)

    @property
    def unknown(self) -> Unknown:
        """What its tokenizer does not know of a sample of its text; nothing in older stores."""
        return Unknown(**self.manifest.get("unknown_characters", {}))

    def read(self, first: int, stop: int) -> Documents:
        """Documents first to stop - 1 as arrays of their own."""
        bounds = self.first_documents
        lowest = int(np.searchsorted(bounds, first, "right")) - 1
        highest = int(np.searchsorted(bounds, stop, "left"))
        spans = (
            (shard, int(bounds[number]), int(bounds[number + 1]))
            for number, shard in enumerate(self.shards[lowest:highest], start=lowest)
        )
        return Documents.join(
            shard.documents.cut(max(first - begin, 0), min(stop, end) - begin)
            for shard, begin, end in spans
        )

    def hash_blocks(self) -> Iterator[np.ndarray]:
        """The hashes of all documents in order, (n,) uint64 at a time."""
        for shard in self.shards:
            hashes = shard.documents.document_hashes
            for start in range(0, len(hashes), BLOCK):
                yield np.array(hashes[start : start + BLOCK])
            shard.release()

    @functools.cached_property
    def held_out(self) -> HeldOut:
        """Which documents are never trained on."""
        return hold_out(self.hash_blocks)

    @functools.cached_property
    def training_counts(self) -> np.ndarray:
        """(V,) int64, how often each token occurs in the documents that are trained on."""
        size = self.tokenizer.vocabulary_size
        counts = np.zeros(size, np.int64)
        for shard in self.shards:
            counts += shard.token_counts.astype(np.int64)
            documents = shard.documents
            held_out = self.held_out.mask(documents.document_hashes)
            numbers = np.flatnonzero(held_out)
            for chosen in np.split(numbers, range(1000, len(numbers), 1000)):
                ids = [documents.cut(number, number + 1).token_ids for number in chosen]
                ids.append(np.empty(0, np.int64))  # none may be held out
                counts -= np.bincount(np.concatenate(ids), minlength=size)
            shard.release()
        return counts

    def token_shares(self) -> np.ndarray:
        """(V,) float64, each token's share of the training part, one added to each count."""
        counts = self.training_counts + 1.0
        return counts / counts.sum()


def verify(path: str | Path) -> dict[str, Any]:
    """Compare every byte of a store with its checksums, and return its counts.

    Raises:
        InputError: as `TokenStore.open`.
    """
    store = TokenStore.open(path)
    for entry, shard in zip(store.manifest["shards"], store.shards, strict=True):
        if not shard.fits():
            raise InputError(
                f"{store.path / entry['name']}: the boundaries do not fit the data. {REMEDY}"
            )
    return {**store.manifest["counts"], "shards": len(store.shards), "verified": True}


def file_sha256(path: Path) -> str:
    """The checksum of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_files(path: Path, entries: Iterable[dict[str, Any]]) -> None:
    """The shards of the manifest are there, in their size, and no others."""
    named = {entry["name"] for entry in entries}
    for found in sorted(path.glob("tokens*.h5")):
        if found.name not in named:
            raise InputError(f"{found}: this shard is not in the manifest. {REMEDY}")
    for entry in entries:
        shard = path / entry["name"]
        if not shard.is_file():
            raise InputError(f"{shard}: this shard is missing. {REMEDY}")
        size = shard.stat().st_size
        if size != entry["bytes"]:
            raise InputError(
                f"{shard}: damaged or cut short, it has {size} bytes instead of"
                f" {entry['bytes']}. {REMEDY}"
            )


def _check_sums(path: Path, entries: list[dict[str, Any]]) -> None:
    """Before HDF5 sees a byte of them: its library was not written for damaged files."""
    paths = [path / entry["name"] for entry in entries]
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
        for shard, entry, found in zip(paths, entries, pool.map(_sum, paths), strict=True):
            if found != entry["sha256"]:
                raise InputError(
                    f"{shard}: changed since it was written, its checksum is another. {REMEDY}"
                )


def _sum(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        raise InputError(f"{path}: reading failed ({error.strerror or error}).") from None
