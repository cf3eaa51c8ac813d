"""Chunks of text, the runs of characters between two spaces, and the ids that they become.

A tokenizer that splits at white space before anything else treats each chunk by itself, so that
what one becomes can be remembered. New chunks are learned many at a time: they are split into words
at once, these are looked up, and only a word that is new, too, goes through the library's model.
"""

from __future__ import annotations

import collections
import itertools
import json
import re
from array import array
from typing import Any

import numpy as np
import tokenizers

from kerasbert.text.sentences import split_sentences
from kerasbert.tokenizer.settings import nodes
from kerasbert.tokenizer.tokenizer import Tokenizer

# Bytes that no UTF-8 text holds stand for the end of a document and of a sentence.
MARKS = (b"\xff", b"\xfe")
DOCUMENT_END, SENTENCE_END = range(2)  # their numbers
# What a chunk means for the sentence: nothing, its end, its end in any case (a mark), or that the
# document must be split in another way.
GOES_ON, ENDS, IS_MARK, IS_ODD = range(4)

_LONGEST = 500  # characters of a chunk beyond ASCII; a longer one is odd
_COST = 200  # bytes that a remembered chunk or word takes beside its own and its ids, roughly
_CHUNK_END = "\n"  # stands among words

# What neither adds to nor takes from a chunk for what stands on the other side of a space.
_LOCAL_NORMALIZERS = {"BertNormalizer", "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents"}
_SPLITS_AT_SPACE = {"BertPreTokenizer", "Whitespace", "WhitespaceSplit"}
_LOCAL_SPLITS = _SPLITS_AT_SPACE | {"Punctuation", "Digits", "Split"}
_LOCAL_MODELS = {"WordPiece", "WordLevel"}

_LINE_END = ord("\n")
_BERT_WORDS = re.compile(r"[0-9A-Za-z]+|[^0-9A-Za-z]")  # of printable ASCII
# What `split_sentences` looks for, of ASCII.
_END_MARKS, _CLOSERS = (b".", b"!", b"?"), b"\"')]"
_IS_END_MARK, _IS_CLOSER = (np.isin(np.arange(256), list(marks)) for marks in (b".!?", _CLOSERS))


class ChunkIds:
    """Numbers for chunks, and a table of what each number stands for.

    Args:
        tokenizer: of which `is_local` holds.

    Attributes:
        numbers: chunk to number, from 0; an unknown chunk gets the next one, and must be learned
            before the table is read.
        lowers: whether capital letters of ASCII make no difference.
        held: about the bytes that are remembered.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        library = tokenizers.Tokenizer.from_str(tokenizer.to_json())
        self._normalizer = library.normalizer
        self._pre_tokenizer = library.pre_tokenizer
        self._bare = tokenizers.Tokenizer(library.model)  # of words that are split already
        self._ascii = _ascii_map(json.loads(tokenizer.to_json()), library.normalizer)
        self.lowers = self._ascii is not None and self._ascii[ord("A")] == ord("a")
        # Only a file that splits at white space alone could find these in a text: they are text.
        unknown = tokenizer.special.unk
        assert unknown is not None  # a model of words has one
        self._special = dict.fromkeys(set(tokenizer.special.ids) - {unknown}, unknown)
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.held = 0
        self.numbers: dict[bytes, int] = _numbering(MARKS)
        self._table = _Table(len(MARKS))
        self._kinds = array("b", [IS_MARK] * len(MARKS))
        self._words: dict[str, int] = _numbering([_CHUNK_END])
        self._word_table = _Table(1)

    def learn(self) -> None:
        """Fill in the table for the chunks that got their numbers since this was called last."""
        chunks = _newest(self.numbers, len(self._kinds))
        if not chunks:
            return
        joined = b"\n".join([*chunks, b""])  # a chunk has no white space in it
        buffer = np.frombuffer(joined, np.uint8)
        behind = np.flatnonzero(buffer == _LINE_END)
        is_plain = np.zeros(len(chunks), bool)
        if self._ascii:
            strange = (buffer < ord("!")) | (buffer > ord("~"))
            strange[behind] = False
            is_plain[:] = True
            is_plain[np.searchsorted(behind, np.flatnonzero(strange))] = False
        others = np.flatnonzero(~is_plain).tolist()
        last = buffer[behind - 1]
        kinds = np.where(_IS_END_MARK[last], ENDS, GOES_ON).astype(np.int8)
        for place in np.flatnonzero(is_plain & _IS_CLOSER[last]).tolist():
            ends = chunks[place].rstrip(_CLOSERS).endswith(_END_MARKS)
            kinds[place] = ENDS if ends else GOES_ON
        words: list[str] = []
        if len(others) < len(chunks):
            assert self._ascii is not None
            if others:
                plain = itertools.compress(chunks, is_plain.tolist())
                joined = b"\n".join([*plain, b""])
            words = _BERT_WORDS.findall(joined.translate(self._ascii).decode())
        for place in others:
            text = chunks[place].decode()
            kinds[place] = _kind(text) if len(text) <= _LONGEST else IS_ODD
            if kinds[place] != IS_ODD:
                words += self._split(text)
            words.append(_CHUNK_END)
        ids, sizes = self._ids_of(words)
        order = np.concatenate([np.flatnonzero(is_plain), np.array(others, np.int64)])
        self._table.append(ids, sizes, order)
        self._kinds.frombytes(kinds.tobytes())
        self.held += _COST * len(chunks) + sum(map(len, chunks)) + ids.nbytes

    def kinds(self, numbers: np.ndarray) -> np.ndarray:
        """(N,) int8, what each of the chunks means for the sentence."""
        return np.frombuffer(self._kinds, np.int8)[numbers]

    def sizes(self, numbers: np.ndarray) -> np.ndarray:
        """(N,) int32, how many ids each of the chunks has."""
        return self._table.sizes(numbers)

    def ids(self, numbers: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """(T,) int32 ids of the chunks, one after the other, of each the first `sizes`."""
        return self._table.ids(numbers, sizes)

    def _ids_of(self, words: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """The ids of words, and how many belong to each of the chunks that they end."""
        numbers = np.fromiter(map(self._words.__getitem__, words), np.int32, len(words))
        new = _newest(self._words, len(self._word_table))
        encoded = self._bare.encode(new, is_pretokenized=True, add_special_tokens=False)
        ids = np.array(encoded.ids, np.int32)
        for special, unknown in self._special.items():
            ids[ids == special] = unknown
        owners = np.array(encoded.word_ids, np.int64)
        self._word_table.append(ids, np.bincount(owners, minlength=len(new)).astype(np.int32))
        self.held += _COST * len(new) + sum(map(len, new))
        sizes = self._word_table.sizes(numbers)
        reached = np.cumsum(sizes)[numbers == 0]
        return self._word_table.ids(numbers, sizes), np.diff(reached, prepend=0)

    def _split(self, chunk: str) -> list[str]:
        normal = self._normalizer.normalize_str(chunk) if self._normalizer else chunk
        return [word for word, _ in self._pre_tokenizer.pre_tokenize_str(normal)]


class _Table:
    """Ids of things that are numbered from 0: the first few have none."""

    def __init__(self, without: int) -> None:
        self._starts = array("q", [0] * without)
        self._sizes = array("i", [0] * without)
        self._ids = array("i")

    def __len__(self) -> int:
        return len(self._sizes)

    def append(self, ids: np.ndarray, sizes: np.ndarray, order: np.ndarray | None = None) -> None:
        """Add things, of which `ids` and `sizes` come in this order."""
        starts = np.cumsum(sizes, dtype=np.int64) - sizes + len(self._ids)
        if order is not None:
            back = np.argsort(order)
            starts, sizes = starts[back], sizes[back]
        self._starts.frombytes(starts.astype(np.int64).tobytes())
        self._sizes.frombytes(sizes.astype(np.int32).tobytes())
        self._ids.frombytes(ids.astype(np.int32).tobytes())

    # Views of arrays, which cannot grow while they are looked at: made anew for every question.

    def sizes(self, numbers: np.ndarray) -> np.ndarray:
        return np.frombuffer(self._sizes, np.int32)[numbers]

    def ids(self, numbers: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        places = np.frombuffer(self._starts, np.int64)[numbers]
        places -= np.cumsum(sizes, dtype=np.int64) - sizes
        places = np.repeat(places, sizes)
        places += np.arange(len(places))
        return np.frombuffer(self._ids, np.int32)[places] if self._ids else np.empty(0, np.int32)


def is_local(tokenizer: Tokenizer) -> bool:
    """Whether the ids of a text are those of its chunks, one after the other."""
    settings = json.loads(tokenizer.to_json())
    splits = _types(settings.get("pre_tokenizer"))
    return (
        tokenizer.segmenter is None
        and tokenizer.tells_words
        and _LOCAL_NORMALIZERS.issuperset(_types(settings.get("normalizer")))
        and _LOCAL_SPLITS.issuperset(splits)
        and splits[:1] != []
        and splits[0] in _SPLITS_AT_SPACE
        and settings["model"].get("type") in _LOCAL_MODELS
        and all(token["special"] for token in settings.get("added_tokens") or ())
    )


def _kind(chunk: str) -> int:
    """What a chunk means for the sentence it stands in."""
    sentences = split_sentences(f"{chunk} x")
    if chunk.split() != [chunk]:  # white space that UTF-8 writes with several bytes
        return IS_ODD
    if sentences == [f"{chunk} x"]:
        return GOES_ON
    return ENDS if sentences == [chunk, "x"] else IS_ODD


def _numbering(first: Any) -> dict[Any, int]:
    """A dict that gives what it does not know the next number, without a line of Python."""
    count = itertools.count()
    return collections.defaultdict(count.__next__, zip(first, count, strict=False))


def _newest(numbers: dict[Any, int], known: int) -> list[Any]:
    """What was numbered from `known` on."""
    return list(itertools.islice(reversed(numbers), len(numbers) - known))[::-1]


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
