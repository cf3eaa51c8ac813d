"""Encode text fast: what stands between two spaces becomes the same ids wherever it is met again.

A tokenizer that splits at white space before anything else treats every chunk between two spaces
by itself. So a block of text is split at its spaces, each chunk is looked up, and the remembered
ids are put together; Python touches a chunk once, for the look-up. The ids of a new chunk come from
the library's own normalizer, pre-tokenizer and model. A document that is not of this simple kind
(Chinese sentences, which end without a space; unusual white space) is encoded by the library, a
sentence at a time; every document of a tokenizer that is not, as a whole.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kerasbert.text.fingerprints import text_hash
from kerasbert.text.sentences import split_sentences
from kerasbert.tokenizer.chunk_ids import DOCUMENT_END, IS_MARK, IS_ODD, ChunkIds, is_local
from kerasbert.tokenizer.tokenizer import Tokenizer

_NO_BREAK_SPACE = "\u00a0".encode()
# White space to Python, which splits at it; removed by BERT's normalizer, which joins what is left.
_CONTROLS = (b"\x0b", b"\x0c")
_OTHER_SPACES = (_NO_BREAK_SPACE, b"\t", b"\n", b"\r", *_CONTROLS)
_LONGEST_DOCUMENT = 4 << 20  # bytes; its chunks would take too much memory all at once
_LIBRARY_CHARACTERS = 1 << 18

# Every tokenizer parts words here; at other white space BERT's normalizer joins them.
_GAP = re.compile(r"[ \t\n\r\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")


@dataclass
class Encoded:
    """Encoded documents, flat: T tokens in S sentences of D documents.

    Attributes:
        token_ids: (T,) int32.
        sentence_lengths: (S,) int64, tokens of each sentence; one without a token is left out.
        document_lengths: (D,) int64, sentences of each document that was given, 0 for one without
            a token.
        hashes: (D,) uint64 of each document's text; white space does not count.
        word_starts: (T,) bool, where words begin; None where the ids say it.
    """

    token_ids: np.ndarray
    sentence_lengths: np.ndarray
    document_lengths: np.ndarray
    hashes: np.ndarray
    word_starts: np.ndarray | None = None


class WordCache:
    """A tokenizer that remembers chunks of text; its ids are the tokenizer's own.

    Args:
        tokenizer: what encodes.
        most_bytes: about the memory that may be remembered in; when it is full, all is forgotten.

    Attributes:
        local: whether the tokenizer treats chunks by themselves; if not, nothing is remembered.
    """

    def __init__(self, tokenizer: Tokenizer, most_bytes: int = 320 << 20) -> None:
        self.tokenizer = tokenizer
        self.most_bytes = most_bytes
        self.local = is_local(tokenizer)
        self._chunks = ChunkIds(tokenizer) if self.local else None

    def encode(self, texts: Sequence[str], corpus_format: str = "lines") -> Encoded:
        r"""Encode documents.

        Args:
            texts: of each document; about a megabyte at a time is fast, see `batches`.
            corpus_format: "lines", sentences are found by `split_sentences`; or "sentences", they
                are parted by `\n`.
        """
        table = self._chunks
        if table is None:
            return self._by_library(texts, corpus_format)
        if table.held > self.most_bytes:
            table.forget()
        documents = [_utf8(text) for text in texts]
        odd = np.array([len(document) > _LONGEST_DOCUMENT for document in documents], bool)
        if odd.any():
            documents = [b"" if long else text for text, long in zip(documents, odd, strict=True)]
        block = b" \xff ".join([*documents, b""])
        for control in _CONTROLS:
            if control in block:
                odd |= [control in document for document in documents]
        hashes = _hash_texts(documents, not any(space in block for space in _OTHER_SPACES))
        block = block.replace(_NO_BREAK_SPACE, b" ")
        if table.lowers:  # fewer chunks to remember
            block = block.lower()
        if corpus_format == "sentences":
            block = block.replace(b"\n", b" \xfe ")
        chunks = block.split()
        numbers = np.fromiter(map(table.numbers.__getitem__, chunks), np.int32, len(chunks))
        table.learn()
        kinds = table.kinds(numbers)
        stops = np.flatnonzero(numbers == DOCUMENT_END)
        odd[np.searchsorted(stops, np.flatnonzero(kinds == IS_ODD))] = True
        sizes = table.sizes(numbers)
        if odd.any():
            sizes[np.repeat(odd, np.diff(stops, prepend=-1))] = 0
        token_ids = table.ids(numbers, sizes)
        ends = np.flatnonzero(kinds if corpus_format == "lines" else kinds == IS_MARK)
        lengths = np.diff(np.cumsum(sizes, dtype=np.int64)[ends], prepend=0)
        owners = np.searchsorted(stops, ends)[lengths > 0]
        encoded = Encoded(
            token_ids,
            lengths[lengths > 0],
            np.bincount(owners, minlength=len(texts)),
            hashes,
        )
        if odd.any():
            which = np.flatnonzero(odd)
            rest = self._by_library([texts[index] for index in which.tolist()], corpus_format)
            return _put_in(encoded, rest, which)
        return encoded

    def _by_library(self, texts: Sequence[str], corpus_format: str) -> Encoded:
        whole = [_utf8(text).decode() for text in texts]
        documents = [
            split_sentences(text) if corpus_format == "lines" else text.split("\n")
            for text in whole
        ]
        if self.tokenizer.tells_words and (self.local or self.tokenizer.segmenter is not None):
            ids, sizes = self._sentence_by_sentence(documents)
            starts = None
        else:
            if corpus_format == "sentences":
                whole = [text.replace("\n", " ") for text in whole]
            ids, sizes, starts = self._as_a_whole(whole, documents)
        owners = np.repeat(np.arange(len(texts)), [len(sentences) for sentences in documents])
        return Encoded(
            ids,
            sizes[sizes > 0],
            np.bincount(owners[sizes > 0], minlength=len(texts)),
            np.array([hash_text(sentences) for sentences in documents], np.uint64),
            None if self.tokenizer.tells_words else starts,
        )

    # The library's answers take some 400 bytes a token, so texts go to it in small batches.

    def _sentence_by_sentence(self, documents: list[list[str]]) -> tuple[np.ndarray, np.ndarray]:
        """Ids, and how many each sentence has, where it makes no difference what stands before."""
        ids, lengths = [np.empty(0, np.int32)], [0]
        for batch in batches(itertools.chain.from_iterable(documents), _LIBRARY_CHARACTERS):
            encoded = self.tokenizer.encode(batch if len(batch) > 1 else list(_parts(batch[0])))
            if len(batch) == 1:
                encoded = [np.concatenate(encoded)]
            ids += encoded
            lengths += map(len, encoded)
        return np.concatenate(ids), np.array(lengths[1:], np.int64)

    def _as_a_whole(
        self, whole: list[str], documents: list[list[str]]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Ids, how many each sentence has, and where words begin.

        Tokens of bytes and of SentencePiece hold the space before a word. So a document is encoded
        whole, as a text is in the stages that follow, and then its tokens are dealt out.
        """
        if self.tokenizer.segmenter is not None:
            documents = [[sentence] for sentences in documents for sentence in sentences]
            whole = [sentence for (sentence,) in documents]
        ids, lengths = [np.empty(0, np.int32)], [np.empty(0, np.int64)]
        starts = [np.empty(0, bool)]
        left = iter(documents)
        for batch in batches(whole, _LIBRARY_CHARACTERS):
            for text, (found, begins, ends) in zip(batch, self._words_of(batch), strict=True):
                sentences = next(left)
                if not sentences:  # white space alone
                    continue
                number = np.searchsorted(_ends_of(sentences, text), ends)
                number = np.maximum.accumulate(np.minimum(number, len(sentences) - 1))
                begins[np.flatnonzero(np.diff(number, prepend=-1))] = True
                ids.append(found)
                lengths.append(np.bincount(number, minlength=len(sentences)))
                starts.append(begins)
        return np.concatenate(ids), np.concatenate(lengths), np.concatenate(starts)

    def _words_of(self, texts: list[str]) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """What `Tokenizer.encode_words` says of each text; of a single one, part by part."""
        if len(texts) > 1:
            return self.tokenizer.encode_words(texts)
        found, shift = [], 0
        for part in _parts(texts[0]):
            ((ids, starts, ends),) = self.tokenizer.encode_words([part])
            found.append((ids, starts, ends + shift))
            shift += len(part)
        ids, starts, ends = map(np.concatenate, zip(*found, strict=True))
        return [(ids, starts, ends)]


def _ends_of(sentences: list[str], text: str) -> list[int]:
    """Where in a text each of its sentences ends; nothing but white space is between them."""
    ends = [0]
    for sentence in sentences:
        ends.append(text.index(sentence, ends[-1]) + len(sentence))
    return ends[1:]


def hash_text(sentences: Sequence[str]) -> int:
    """Return 8 bytes of BLAKE2b of the text; white space does not count, duplicates get equal."""
    return text_hash([_utf8(" ".join(" ".join(sentences).split()))])


def _parts(text: str) -> Iterator[str]:
    """Cut a text at white space, into parts of some `_LIBRARY_CHARACTERS`, if it has any."""
    start = 0
    while len(text) - start > _LIBRARY_CHARACTERS:
        gap = _GAP.search(text, start + _LIBRARY_CHARACTERS)
        if gap is None:
            break
        yield text[start : gap.start()]
        start = gap.start()
    yield text[start:]


def batches(documents: Iterable[str], characters: int = 1 << 20) -> Iterator[list[str]]:
    """Group documents in lists of about so many characters, a longer document alone."""
    batch: list[str] = []
    size = 0
    for document in documents:
        if batch and size + len(document) > characters:
            yield batch
            batch, size = [], 0
        batch.append(document)
        size += len(document) + 1  # empty ones take their place, too
    if batch:
        yield batch


def _utf8(text: str) -> bytes:
    """In UTF-8, with a question mark for lone surrogates, which only JSON could bring."""
    return text.encode("utf-8", "replace")


def _hash_texts(texts: list[bytes], only_spaces: bool) -> np.ndarray:
    """(D,) uint64 hashes of the words of texts, whose white space is spaces alone or not."""
    hashes = (
        text_hash([text] if only_spaces and _single_spaced(text) else _words(text))
        for text in texts
    )
    return np.fromiter(hashes, np.uint64, len(texts))


def _single_spaced(text: bytes) -> bool:
    return b"  " not in text and text[:1] != b" " and text[-1:] != b" "


def _words(text: bytes) -> list[bytes]:
    return text.replace(_NO_BREAK_SPACE, b" ").split()


def _put_in(encoded: Encoded, rest: Encoded, which: np.ndarray) -> Encoded:
    """Put documents that were encoded elsewhere into their places, which are empty so far."""
    before = np.cumsum(encoded.document_lengths)[which]
    reached = np.cumsum([0, *encoded.sentence_lengths])
    rest_reached = np.cumsum([0, *rest.sentence_lengths])
    tokens = np.diff(rest_reached[np.cumsum([0, *rest.document_lengths])])
    encoded.document_lengths[which] = rest.document_lengths
    encoded.hashes[which] = rest.hashes
    return Encoded(
        np.insert(encoded.token_ids, np.repeat(reached[before], tokens), rest.token_ids),
        np.insert(
            encoded.sentence_lengths,
            np.repeat(before, rest.document_lengths),
            rest.sentence_lengths,
        ),
        encoded.document_lengths,
        encoded.hashes,
    )
