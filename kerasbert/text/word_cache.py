"""Encode text fast: what stands between two spaces becomes the same ids wherever it is met again.

A tokenizer that splits at white space before anything else treats every chunk between two spaces
by itself. So a block of text is split at its spaces, each chunk is looked up, and the remembered
ids are put together; Python touches a chunk once, for the look-up. The ids of a new chunk come from
the library's own normalizer, pre-tokenizer and model. A document that is not of this simple kind
(Chinese sentences, which end without a space; unusual white space), and every document of a
tokenizer that is not, is encoded by the library as a whole.
"""

from __future__ import annotations

import itertools
import json
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tokenizers

from kerasbert.text.documents import split_sentences
from kerasbert.text.fingerprints import text_hash
from kerasbert.text.tokenizer import Tokenizer, nodes

# Bytes that no UTF-8 text holds stand for the end of a document and of a sentence.
_DOCUMENT_END, _SENTENCE_END = b"\xff", b"\xfe"
_NOT_SIMPLE, _DOCUMENT, _SENTENCE = range(3)  # numbers in the place of a chunk's
_NO_BREAK_SPACE = "\u00a0".encode()
# White space to Python, which splits at it; removed by BERT's normalizer, which joins what is left.
_CONTROLS = (b"\x0b", b"\x0c")
_LONGEST_CHUNK = 1000  # bytes
_LONGEST_DOCUMENT = 4 << 20  # bytes; its chunks would take too much memory all at once
_LIBRARY_CHARACTERS = 1 << 18
_CHUNK_COST = 200  # bytes that a remembered chunk takes beside its own and its ids, roughly

# What neither adds to nor takes from a chunk for what stands on the other side of a space.
_LOCAL_NORMALIZERS = {"BertNormalizer", "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents"}
_SPLITS_AT_SPACE = {"BertPreTokenizer", "Whitespace", "WhitespaceSplit"}
_LOCAL_SPLITS = _SPLITS_AT_SPACE | {"Punctuation", "Digits", "Split"}
_LOCAL_MODELS = {"WordPiece", "WordLevel"}

_PRINTABLE = re.compile(r"[!-~]+")
# Every tokenizer parts words here; at other white space BERT's normalizer joins them.
_GAP = re.compile(r"[ \t\n\r\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
_BERT_WORDS = re.compile(r"[0-9A-Za-z]+|[^0-9A-Za-z]")  # of printable ASCII


@dataclass
class Encoded:
    """Encoded documents, flat: T tokens in S sentences of D documents.

    Attributes:
        token_ids: (T,) int32.
        sentence_lengths: (S,) int64, tokens of each sentence; one without a token is left out.
        document_lengths: (D,) int64, sentences of each document that was given, 0 for one without
            a token.
        hashes: (D,) uint64 of each document's text; white space does not count.
    """

    token_ids: np.ndarray
    sentence_lengths: np.ndarray
    document_lengths: np.ndarray
    hashes: np.ndarray


class _Numbers(dict[bytes, int]):
    """Chunk to number; one that is met for the first time is learned."""

    def __init__(self, cache: WordCache) -> None:
        self._learn = cache._learn

    def __missing__(self, chunk: bytes) -> int:
        return self._learn(chunk)


class WordCache:
    """A tokenizer that remembers chunks of text; its ids are the tokenizer's own.

    Args:
        tokenizer: what encodes.
        most_bytes: about the memory that may be remembered in; when it is full, all is forgotten.

    Attributes:
        local: whether the tokenizer treats chunks by themselves; if not, nothing is remembered.
    """

    def __init__(self, tokenizer: Tokenizer, most_bytes: int = 200 << 20) -> None:
        self.tokenizer = tokenizer
        self.most_bytes = most_bytes
        settings = json.loads(tokenizer.to_json())
        self.local = tokenizer.segmenter is None and _is_local(settings)
        library = tokenizers.Tokenizer.from_str(tokenizer.to_json())
        self._normalizer = library.normalizer
        self._pre_tokenizer = library.pre_tokenizer
        self._model = library.model
        self._ascii = _ascii_map(settings, library.normalizer)
        # Only a file that splits at white space alone could find these in a text: they are text.
        special = (tokenizer.pad_id, tokenizer.cls_id, tokenizer.sep_id, tokenizer.mask_id)
        self._special = dict.fromkeys(special, tokenizer.unk_id)
        self._forget()

    def encode(self, texts: Sequence[str], corpus_format: str = "lines") -> Encoded:
        r"""Encode documents.

        Args:
            texts: of each document; about a megabyte at a time is fast, see `batches`.
            corpus_format: "lines", sentences are found by `split_sentences`; or "sentences", they
                are parted by `\n`.
        """
        if not self.local:
            return self._by_library(texts, corpus_format)
        if self._room < 0:
            self._forget()
        documents = [_utf8(text) for text in texts]
        odd = np.array([len(document) > _LONGEST_DOCUMENT for document in documents], bool)
        if odd.any():
            documents = [b"" if long else text for text, long in zip(documents, odd, strict=True)]
        block = b" \xff ".join([*documents, b""])
        for control in _CONTROLS:
            if control in block:
                odd |= [control in document for document in documents]
        block = block.replace(_NO_BREAK_SPACE, b" ")
        if corpus_format == "sentences":
            block = block.replace(b"\n", b" \xfe ")
        chunks = block.split()
        numbers = np.fromiter(map(self._numbers.__getitem__, chunks), np.int32, len(chunks))
        stops = np.flatnonzero(numbers == _DOCUMENT)
        odd[np.searchsorted(stops, np.flatnonzero(numbers == _NOT_SIMPLE))] = True

        # Views of arrays that cannot grow while they are looked at: made anew for every block.
        sizes = np.frombuffer(self._sizes, np.int32)[numbers]
        if odd.any():
            sizes[np.repeat(odd, np.diff(stops, prepend=-1))] = 0
        ends = np.frombuffer(self._ends, np.int8)[numbers]
        sentence_stops = np.flatnonzero(ends if corpus_format == "lines" else ends == 2)
        reached = np.cumsum(sizes, dtype=np.int64)
        starts = np.frombuffer(self._starts, np.int64)[numbers]
        places = np.repeat(starts - reached + sizes, sizes)
        places += np.arange(len(places))
        token_ids = np.frombuffer(self._ids, np.int32)[places]

        lengths = np.diff(reached[sentence_stops], prepend=0)
        owners = np.searchsorted(stops, sentence_stops)[lengths > 0]
        if corpus_format == "sentences":
            words = numbers != _SENTENCE
            chunks = list(itertools.compress(chunks, words.tolist()))
            stops = np.cumsum(words)[stops] - 1
        encoded = Encoded(
            token_ids,
            lengths[lengths > 0],
            np.bincount(owners, minlength=len(texts)),
            _hash_slices(chunks, stops),
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
        ids, lengths = [np.empty(0, np.int32)], [np.empty(0, np.int64)]
        # The library's answers take some 400 bytes a token until they are put into arrays.
        for batch in batches(itertools.chain.from_iterable(documents), _LIBRARY_CHARACTERS):
            encoded = self._encode_batch(batch)
            ids.append(np.concatenate(encoded))
            lengths.append(np.array([len(sentence) for sentence in encoded], np.int64))
        sizes = np.concatenate(lengths)
        owners = np.repeat(np.arange(len(texts)), [len(sentences) for sentences in documents])
        return Encoded(
            np.concatenate(ids),
            sizes[sizes > 0],
            np.bincount(owners[sizes > 0], minlength=len(texts)),
            np.array([hash_text(sentences) for sentences in documents], np.uint64),
        )

    def _encode_batch(self, sentences: list[str]) -> list[np.ndarray]:
        if len(sentences) == 1 and len(sentences[0]) > _LIBRARY_CHARACTERS:
            parts = (self.tokenizer.encode([part])[0] for part in _parts(sentences[0]))
            return [np.concatenate(list(parts))]
        return self.tokenizer.encode(sentences)

    def _forget(self) -> None:
        self._room = self.most_bytes
        self._words: dict[str, list[int]] = {}
        self._numbers = _Numbers(self)
        self._numbers[_DOCUMENT_END] = _DOCUMENT
        self._numbers[_SENTENCE_END] = _SENTENCE
        # Of each number: where its ids begin, how many; whether a sentence ends with it (2: always)
        self._starts = array("q", [0, 0, 0])
        self._sizes = array("i", [0, 0, 0])
        self._ends = array("b", [0, 2, 2])
        self._ids = array("i")

    def _learn(self, chunk: bytes) -> int:
        """Remember the ids of a chunk and return its number, or `_NOT_SIMPLE`."""
        ends = False
        words: Iterable[str]
        if self._ascii is not None and chunk.isalnum():
            words = (chunk.translate(self._ascii).decode(),)
        else:
            if len(chunk) > _LONGEST_CHUNK:
                return _NOT_SIMPLE
            text = chunk.decode()
            plain = _PRINTABLE.fullmatch(text) is not None
            sentences = split_sentences(f"{text} x")
            ends = sentences == [text, "x"]
            if (not ends and len(sentences) > 1) or not (plain or text.split() == [text]):
                return _NOT_SIMPLE
            if plain and self._ascii is not None:
                words = _BERT_WORDS.findall(chunk.translate(self._ascii).decode())
            else:
                words = self._split(text)
        ids: list[int] = []
        for word in words:
            ids += self._words.get(word) or self._learn_word(word)
        number = self._numbers[chunk] = len(self._starts)
        self._starts.append(len(self._ids))
        self._sizes.append(len(ids))
        self._ends.append(ends)
        self._ids.extend(ids)
        self._room -= _CHUNK_COST + len(chunk) + 4 * len(ids)
        return number

    def _split(self, chunk: str) -> list[str]:
        normal = self._normalizer.normalize_str(chunk) if self._normalizer else chunk
        return [word for word, _ in self._pre_tokenizer.pre_tokenize_str(normal)]

    def _learn_word(self, word: str) -> list[int]:
        ids = [self._special.get(token.id, token.id) for token in self._model.tokenize(word)]
        self._words[word] = ids
        self._room -= _CHUNK_COST + len(word)
        return ids


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


def _hash_slices(chunks: list[bytes], stops: np.ndarray) -> np.ndarray:
    """(D,) uint64 hashes of the chunks between one stop and the next."""
    places = [-1, *stops.tolist()]
    hashes = (text_hash(chunks[a + 1 : b]) for a, b in itertools.pairwise(places))
    return np.fromiter(hashes, np.uint64, len(stops))


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


def _is_local(settings: dict[str, Any]) -> bool:
    """Whether a text's ids are those of what stands between its spaces, one after the other."""
    normalizers = _types(settings.get("normalizer"))
    splits = _types(settings.get("pre_tokenizer"))
    return (
        _LOCAL_NORMALIZERS.issuperset(normalizers)
        and _LOCAL_SPLITS.issuperset(splits)
        and splits[:1] != []
        and splits[0] in _SPLITS_AT_SPACE
        and settings["model"].get("type") in _LOCAL_MODELS
        and all(token["special"] for token in settings.get("added_tokens") or ())
    )


def _types(component: Any) -> list[str]:
    return [node["type"] for node in nodes(component) if node["type"] != "Sequence"]


def _ascii_map(settings: dict[str, Any], normalizer: Any) -> bytes | None:
    """What the normalizer makes of each byte of printable ASCII, if BERT's words are then taken."""
    if _types(settings.get("pre_tokenizer")) != ["BertPreTokenizer"]:
        return None
    letters = bytes(range(33, 127)).decode()
    made = [normalizer.normalize_str(letter) if normalizer else letter for letter in letters]
    if any(len(letter) != 1 or not letter.isascii() for letter in made):
        return None
    return bytes.maketrans(letters.encode(), "".join(made).encode())
