"""Readers of word vectors that others have trained: word2vec, fastText and GloVe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerasbert.choices import VectorsFit
from kerasbert.errors import InputError
from kerasbert.streams import readable
from kerasbert.text.lines import check_file, read_lines
from kerasbert.tokenizer.tokenizer import Tokenizer

_LONGEST_WORD = 1 << 16  # bytes; a binary file without a space in so many is none


@dataclass(frozen=True)
class WordVectors:
    """Vectors for a part of a vocabulary.

    Attributes:
        ids: (F,) int, the tokens found, rising.
        vectors: (F, D) float32.
        words: how many words of text the vocabulary has, among which they were looked for.
    """

    ids: np.ndarray
    vectors: np.ndarray
    words: int

    def __str__(self) -> str:
        share = len(self.ids) / max(self.words, 1)
        return f"{len(self.ids):,} of the vocabulary's {self.words:,} whole words ({share:.0%})"


def read_word_vectors(path: str | Path, tokenizer: Tokenizer) -> WordVectors:
    """Read the vectors of the words that a vocabulary holds; the others are passed over.

    Known by their first line: word2vec's text format and fastText's `.vec` (number of words and
    dimension), GloVe's (a word and its numbers), word2vec's binary format (`.bin`). `.gz` too, but
    for the binary one. Where the tokenizer lower-cases, `Paris` stands for `paris`, unless the file
    has that, too. Only whole words are looked for: a piece such as `##ing` is none.

    Raises:
        InputError: a line that is none of these, or no word of the vocabulary is in the file.
    """
    path = check_file(path)
    wanted = tokenizer.whole_words()
    rows = _binary_rows(path) if path.suffix == ".bin" else _text_rows(path)
    found: dict[int, np.ndarray] = {}
    exact: set[int] = set()
    for word, vector in rows:
        for name, is_exact in ((word, True), (word.lower(), False)):
            index = wanted.get(name)
            if index is None or index in exact or (index in found and not is_exact):
                continue
            if is_exact or tokenizer.lowercase:
                found[index] = vector
                if is_exact:
                    exact.add(index)
                break
    if not found:
        raise InputError(
            f"{path}: none of its words is in the vocabulary. Expected word vectors of the language"
            " of the corpus, and a tokenizer of words or word pieces."
        )
    ids = np.array(sorted(found), np.int64)
    return WordVectors(ids, np.stack([found[index] for index in ids]), len(wanted))


def fit_dimension(vectors: np.ndarray, dimension: int, fit: VectorsFit = "refuse") -> np.ndarray:
    """Bring vectors (F, D) to the dimension of a model.

    Args:
        vectors: (F, D) float.
        dimension: wanted.
        fit: "refuse" a D that differs, or "project": onto the principal axes if D is larger; with
            zeros behind if it is smaller.

    Returns:
        (F, dimension) float32.

    Raises:
        InputError: the dimensions differ, and `fit` is "refuse".
    """
    found = vectors.shape[1]
    if found == dimension:
        return vectors
    if fit == "refuse":
        raise InputError(
            f"the word vectors have {found} numbers, the model d_model {dimension}. Give --d-model "
            f"{found}, or --fit-vectors project."
        )
    if found < dimension:
        return np.pad(vectors, ((0, 0), (0, dimension - found)))
    _, axes = np.linalg.eigh(np.cov((vectors - vectors.mean(axis=0)).T))  # rising variance
    return (vectors @ axes[:, ::-1][:, :dimension]).astype(np.float32)


def _text_rows(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    dimension: int | None = None
    for number, line in read_lines(path):
        fields = line.split(" ")
        if number == 1 and len(fields) == 2 and all(field.isdigit() for field in fields):
            dimension = int(fields[1])
            continue
        if not line:
            continue
        if dimension is None:
            dimension = len(fields) - 1
        word = " ".join(fields[:-dimension])  # some files have words with a space in them
        try:
            vector = np.array(fields[-dimension:], np.float32)
        except ValueError:
            vector = np.empty(0, np.float32)
        if dimension < 1 or not word or len(vector) != dimension:
            raise InputError(
                f"{path}:{number}: expected a word and {max(dimension, 1)} numbers. Give a file in "
                "word2vec's, fastText's (.vec) or GloVe's text format, or word2vec's .bin."
            )
        yield word, vector


def _binary_rows(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    with readable(path) as whole, whole.open("rb") as file:
        header = file.readline(200).split()
        if len(header) != 2 or not all(field.isdigit() for field in header):
            raise InputError(
                f"{path}:1: expected the number of words and their dimension, as word2vec writes "
                "them. (fastText's own .bin is another format: take its .vec.)"
            )
        words, dimension = int(header[0]), int(header[1])
        for number in range(words):
            word = bytearray()
            while (character := file.read(1)) not in (b" ", b""):
                word += character
                if len(word) > _LONGEST_WORD:
                    break
            data = file.read(4 * dimension)
            if len(data) < 4 * dimension or len(word) > _LONGEST_WORD:
                raise InputError(
                    f"{path}: cut short at word {number + 1} of {words}. Fetch the file again."
                )
            name = word.lstrip(b"\n").decode("utf-8", "replace")
            yield name, np.frombuffer(data, "<f4").copy()
