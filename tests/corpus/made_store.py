"""A small store made by hand, without text."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from kerasbert.corpus.store.manifest import TOKENIZER_FILE, shard_name, write_manifest
from kerasbert.corpus.store.shards import Documents, ShardCounts, offsets, write_shard
from kerasbert.corpus.store.token_store import file_sha256
from kerasbert.tokenizer.tokenizer import Tokenizer
from kerasbert.tokenizer.training import train_tokenizer

TOKENIZER = train_tokenizer(["a b c d e f g h i j k l m n"], "word", min_frequency=1)
DOCUMENTS = [([[5, 6, 7], [8]], 11), ([[9, 10]], 2**64 - 1), ([[5], [6], [7, 8]], 11)]


def as_documents(documents) -> Documents:
    """From [(sentences of token ids, hash)]."""
    sentences = [sentence for document, _ in documents for sentence in document]
    return Documents(
        np.array([token for sentence in sentences for token in sentence], np.int64),
        offsets(np.array([len(sentence) for sentence in sentences], np.int64)),
        offsets(np.array([len(document) for document, _ in documents], np.int64)),
        np.array([text_hash for _, text_hash in documents], np.uint64),
    )


def counts_of(documents: Documents) -> ShardCounts:
    sentences, tokens = len(documents.sentence_offsets) - 1, len(documents.token_ids)
    return ShardCounts(len(documents), sentences, tokens)


def build(path: Path, *shards, tokenizer: Tokenizer = TOKENIZER) -> Path:
    """A store with a shard for each list of documents; of `DOCUMENTS` unless given."""
    path.mkdir(parents=True)
    entries = []
    for number, documents in enumerate(shards or (DOCUMENTS,)):
        part = as_documents(documents)
        shard = path / shard_name(number)
        write_shard(shard, iter([part]), counts_of(part), tokenizer.vocabulary_size)
        sizes = {"bytes": shard.stat().st_size, "sha256": file_sha256(shard)}
        entries.append({"name": shard.name, **asdict(counts_of(part)), **sizes})
    tokenizer.save(path / TOKENIZER_FILE)
    names = ("documents", "sentences", "tokens")
    write_manifest(
        path,
        {
            "counts": {name: sum(entry[name] for entry in entries) for name in names},
            "dropped": {},
            "shards": entries,
            "vocabulary_size": tokenizer.vocabulary_size,
            "segmenter": tokenizer.segmenter,
            "tokenizer_fingerprint": tokenizer.fingerprint(),
            "inputs": [],
            "settings": {},
        },
    )
    return path
