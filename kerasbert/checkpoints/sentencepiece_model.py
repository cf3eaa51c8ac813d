"""A SentencePiece model as a tokenizer.json, without the library sentencepiece.

What is read of its protocol buffer: pieces with scores and kinds, and how a text is normalized.

Source: sentencepiece_model.proto, https://github.com/google/sentencepiece.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from kerasbert.errors import InputError
from kerasbert.tokenizer.special_ids import NAMES

UNIGRAM, UNKNOWN = 1, 2  # a kind of model, a kind of piece
_SPACE = "▁"


@dataclass(frozen=True)
class SentencePieces:
    """What a model file holds.

    Attributes:
        pieces: with their scores, in the order of their ids.
        unknown: the id of what stands for the unknown.
        charsmap: how characters are replaced first, as the library compiled it.
        prefix: whether a text begins with a space.
        trim: whether several spaces are one, and none stands at the ends.
        bytes: whether the unknown becomes bytes.
    """

    pieces: list[tuple[str, float]]
    unknown: int
    charsmap: bytes
    prefix: bool
    trim: bool
    bytes: bool


def read_sentence_pieces(path: Path) -> SentencePieces:
    """Read a model file.

    Raises:
        InputError: it is none, or one of another kind than unigram.
    """
    pieces, kinds = [], []
    trainer: dict[int, Any] = {}
    normal: dict[int, Any] = {}
    try:
        for number, value in _fields(path.read_bytes()):
            if number == 1:
                piece = dict(_fields(value))
                pieces.append((piece[1].decode("utf-8"), struct.unpack("<f", piece[2])[0]))
                kinds.append(piece.get(3, 1))
            elif number in (2, 3):
                (trainer if number == 2 else normal).update(_fields(value))
    except (OSError, ValueError, KeyError, IndexError, AttributeError, struct.error, TypeError):
        pieces = []
    if not pieces or UNKNOWN not in kinds:
        raise InputError(f"{path}: cannot be read as a SentencePiece model. It is damaged.")
    if (kind := trainer.get(3, UNIGRAM)) != UNIGRAM:
        names = {2: "BPE", 3: "words", 4: "characters"}
        raise InputError(
            f"{path}: a SentencePiece model of {names.get(kind, kind)}, expected one of unigrams."
        )
    charsmap = normal.get(2, b"")
    return SentencePieces(
        pieces,
        kinds.index(UNKNOWN),
        charsmap if isinstance(charsmap, bytes) else b"",
        bool(normal.get(3, 1)),
        bool(normal.get(4, 1)),
        bool(trainer.get(35, 0)),
    )


def as_tokenizer_json(model: SentencePieces, pieces: list[tuple[str, float]]) -> str:
    """A tokenizer.json that cuts texts as the model does.

    Args:
        model: as it was read.
        pieces: its pieces in the order of the ids that the encoder knows.
    """
    names = [piece for piece, _ in pieces]
    unknown = names.index(model.pieces[model.unknown][0])
    made = Tokenizer(models.Unigram(pieces, unk_id=unknown, byte_fallback=model.bytes))
    steps: list = [normalizers.Precompiled(model.charsmap)] if model.charsmap else []
    if model.trim:
        steps += [normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip()]
    made.normalizer = normalizers.Sequence(steps)
    scheme = "always" if model.prefix else "never"
    made.pre_tokenizer = pre_tokenizers.Metaspace(_SPACE, prepend_scheme=scheme)
    made.decoder = decoders.Metaspace(_SPACE, prepend_scheme=scheme)
    known = {name for role in NAMES.values() for name in role}
    made.add_special_tokens(
        [AddedToken(name, special=True, normalized=False) for name in names if name in known]
    )
    return made.to_str(pretty=True)


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of each field of a message: bytes, or a whole number."""
    at = 0
    while at < len(data):
        key, at = _number(data, at)
        kind = key & 7
        value: Any
        if kind == 0:
            value, at = _number(data, at)
        else:
            if kind == 2:
                size, at = _number(data, at)
            elif kind in (1, 5):
                size = 8 if kind == 1 else 4
            else:
                raise ValueError(kind)
            value = data[at : at + size]
            if len(value) < size:
                raise ValueError("the end is missing")
            at += size
        yield key >> 3, value


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and the place behind it."""
    found = shift = 0
    while True:
        byte = data[at]
        found |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return found, at
