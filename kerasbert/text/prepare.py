"""From text files to a token store: train or take a tokenizer, encode, write.

The store is the same to the byte for any number of workers, and memory does not grow with the
corpus: documents pass through in pieces, of which only a few are under way at any time.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerasbert.errors import InputError
from kerasbert.text.documents import CorpusCounts, LineProblems, check_file, read_corpus
from kerasbert.text.store_writer import StoreWriter, check_new_folder
from kerasbert.text.tokenizer import Tokenizer, train_tokenizer

_PIECE_DOCUMENTS = 1000
_PIECE_CHARACTERS = 1 << 20


@dataclass
class _Piece:
    """Encoded documents, flat: few large arrays travel between processes faster than many small."""

    token_ids: np.ndarray  # (T,) int32
    tokens: list[int]  # of each sentence
    sentences: list[int]  # of each document
    hashes: list[int]  # of each document


def hash_text(sentences: Sequence[str]) -> int:
    """Return 8 bytes of BLAKE2b of the text; white space does not count, duplicates get equal."""
    text = " ".join(" ".join(sentences).split())
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def prepare_store(
    corpus: Sequence[str | Path],
    out: str | Path,
    *,
    tokenizer: Tokenizer | None = None,
    style: str = "wordpiece",
    vocabulary_size: int = 20000,
    lowercase: bool = True,
    corpus_format: str = "lines",
    workers: int = 1,
    skip_bad_lines: bool = False,
    limit: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Encode raw text files into a token store.

    Args:
        corpus: the files, in this order.
        out: the folder to make.
        tokenizer: takes precedence over `style`, `vocabulary_size` and `lowercase`, with which one
            is otherwise trained in a first pass over the same documents.
        style: see `kerasbert.text.tokenizer.STYLES`.
        vocabulary_size: the most entries of the vocabulary.
        lowercase: whether the trained tokenizer lower-cases.
        corpus_format: "lines" or "sentences", see `read_corpus`.
        workers: processes that encode; the result does not depend on it.
        skip_bad_lines: leave out and count lines that are not UTF-8, instead of stopping.
        limit: take the first documents only.
        progress: called with the number of documents encoded since its last call.

    Returns:
        documents, sentences, tokens, dropped (documents without a token), unknown_share (of
        tokens), vocabulary_size, stripped_labels (lines that lost labels), skipped_lines,
        skipped_examples.

    Raises:
        InputError: an input that cannot be read, a folder that is not empty, a wrong setting.
    """
    if not corpus:
        raise InputError("no corpus file was named, expected at least one text file.")
    if workers < 1:
        raise InputError(f"--workers must be at least 1, received {workers}.")
    files = [check_file(path) for path in corpus]
    check_new_folder(out)
    if tokenizer is None:
        quiet = LineProblems(skip=skip_bad_lines)  # counted in the second pass
        documents = read_corpus(files, corpus_format, quiet, limit)
        texts = (sentence for document in documents for sentence in document)
        tokenizer = train_tokenizer(texts, style, vocabulary_size, lowercase)
    problems = LineProblems(skip=skip_bad_lines)
    counts = CorpusCounts()
    documents = read_corpus(files, corpus_format, problems, limit, counts)
    unknown = 0
    writer = StoreWriter(
        out,
        tokenizer,
        inputs=[{"name": path.name, "bytes": path.stat().st_size} for path in files],
        settings={
            "corpus_format": corpus_format,
            "tokenizer": tokenizer.style,
            "lowercase": tokenizer.lowercase,
            "skip_bad_lines": skip_bad_lines,
            "limit": limit,
        },
    )
    try:
        with writer:
            for piece in _encode_pieces(tokenizer, _gather(documents), workers):
                unknown += int(np.count_nonzero(piece.token_ids == tokenizer.unk_id))
                _write(writer, piece)
                if progress is not None:
                    progress(len(piece.hashes))
    except OSError as error:
        raise InputError(
            f"{out}: writing the store failed ({error.strerror or error}), nothing was kept."
            " Check the room on that disk."
        ) from error
    return {
        **writer.counts,
        "unknown_share": unknown / writer.counts["tokens"],
        "vocabulary_size": tokenizer.vocabulary_size,
        "stripped_labels": counts.stripped_labels,
        "skipped_lines": problems.skipped,
        "skipped_examples": list(problems.examples),
    }


def _gather(documents: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    """Yield pieces of documents, bounded in number and in characters."""
    piece: list[list[str]] = []
    characters = 0
    for document in documents:
        piece.append(document)
        characters += sum(map(len, document))
        if len(piece) >= _PIECE_DOCUMENTS or characters >= _PIECE_CHARACTERS:
            yield piece
            piece, characters = [], 0
    if piece:
        yield piece


def _encode(tokenizer: Tokenizer, documents: list[list[str]]) -> _Piece:
    encoded = tokenizer.encode([sentence for document in documents for sentence in document])
    return _Piece(
        token_ids=np.concatenate(encoded) if encoded else np.empty(0, np.int32),
        tokens=[len(sentence) for sentence in encoded],
        sentences=[len(document) for document in documents],
        hashes=[hash_text(document) for document in documents],
    )


def _write(writer: StoreWriter, piece: _Piece) -> None:
    sentences = np.split(piece.token_ids, np.cumsum(piece.tokens)[:-1])
    start = 0
    for size, text_hash in zip(piece.sentences, piece.hashes, strict=True):
        writer.add(sentences[start : start + size], text_hash)
        start += size


def _encode_pieces(
    tokenizer: Tokenizer, pieces: Iterator[list[list[str]]], workers: int
) -> Iterator[_Piece]:
    """Encode the pieces in order, here or in `workers` processes."""
    if workers == 1:
        for piece in pieces:
            yield _encode(tokenizer, piece)
        return
    # Not fork: the tokenizers library has threads, and a forked copy of a held lock never opens.
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(tokenizer.to_json(), tokenizer.segmenter),
    )
    try:
        under_way: deque[Future[_Piece]] = deque()
        for piece in pieces:
            under_way.append(pool.submit(_encode_in_worker, piece))
            if len(under_way) >= 2 * workers:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    except BrokenProcessPool:
        raise InputError(
            "a worker process of --workers ended before its work was done, killed for memory"
            " perhaps. Give fewer workers."
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_worker_tokenizer: Tokenizer


def _start_worker(tokenizer: str, segmenter: str | None) -> None:
    global _worker_tokenizer  # the only way a process pool hands a worker its state
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # a worker is one process for one core
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops the work, once
    _worker_tokenizer = Tokenizer(tokenizer, segmenter)


def _encode_in_worker(documents: list[list[str]]) -> _Piece:
    return _encode(_worker_tokenizer, documents)
