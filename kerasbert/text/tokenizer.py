"""Tokenizers of four styles, each a `tokenizer.json` that the `tokenizers` library reads.

word       words and punctuation, as BERT splits them (a Chinese character is a word)
char       every character that is not white space
jieba      Chinese words; the text is segmented before the file sees it, see `Tokenizer.segmenter`
wordpiece  pieces of words, as BERT's

`tokenizer_training.py` makes them.
"""

from __future__ import annotations

import functools
import hashlib
import json
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tokenizers

from kerasbert.errors import InputError
from kerasbert.files import write_text
from kerasbert.streams import readable

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
STYLES = ("word", "char", "jieba", "wordpiece")
SEGMENTERS = ("jieba",)
# Texts that differ in a normal form alone are the same to these, too.
_INCLUDED_IN = {"NFC": {"NFC", "NFD", "NFKC", "NFKD"}, "NFKC": {"NFKC", "NFKD"}}


class Tokenizer:
    """A `tokenizers.Tokenizer` that treats every text as text, with its segmenter.

    Args:
        text: the content of a `tokenizer.json`. It is kept as it is, so that the fingerprint does
            not change with the version of the library; only truncation and padding are removed.
        segmenter: "jieba" if the texts must be cut into words first; the file cannot tell.

    Attributes:
        style: one of `STYLES`, or the kind of model of a foreign file, such as "bpe".
        segmenter: "jieba" or None.
        lowercase: whether the file lower-cases.
        vocabulary_size: ids are in [0, vocabulary_size).
        pad_id, unk_id, cls_id, sep_id, mask_id: ids of the special tokens (0 to 4 if trained here).

    Raises:
        InputError: the text is no tokenizer, or lacks special tokens.
    """

    def __init__(self, text: str, segmenter: str | None = None) -> None:
        if segmenter is not None and segmenter not in SEGMENTERS:
            raise InputError(f"unknown segmenter {segmenter!r}, expected jieba or none.")
        try:
            settings = json.loads(text)
            self._tokenizer = tokenizers.Tokenizer.from_str(text)
        except Exception as error:  # the library raises plain Exception
            raise InputError(
                f"this is no tokenizer.json ({error}). Expected a file of the tokenizers library;"
                " make one with: kerasbert prepare."
            ) from None
        if settings.get("truncation") or settings.get("padding"):
            self._tokenizer.no_truncation()
            self._tokenizer.no_padding()
            text = self._tokenizer.to_str(pretty=True)
        # A literal [MASK] in a text is text. The file does not keep this setting.
        self._tokenizer.encode_special_tokens = True
        vocabulary = self._tokenizer.get_vocab(with_added_tokens=True)
        missing = [token for token in SPECIAL_TOKENS if token not in vocabulary]
        if missing:
            raise InputError(
                f"the tokenizer lacks {', '.join(missing)}, expected all of"
                f" {', '.join(SPECIAL_TOKENS)}. Train one with: kerasbert prepare."
            )
        self._json = text
        self.segmenter = segmenter
        first = next(iter(_types(settings.get("normalizer"))), None)
        self._segment = segmenter_of(segmenter, "NFKC" if first == "NFKC" else "NFC")
        self.vocabulary_size: int = max(vocabulary.values()) + 1
        special = [vocabulary[token] for token in SPECIAL_TOKENS]
        self.pad_id, self.unk_id, self.cls_id, self.sep_id, self.mask_id = special
        self.lowercase = _lowers(settings.get("normalizer"))
        self.style = _style(settings, segmenter)
        # A foreign file may split at white space alone: then "[MASK]" is a word of its vocabulary.
        words = " ".join([*SPECIAL_TOKENS, "𓀀"])
        try:
            probe = self._tokenizer.encode(words, add_special_tokens=False).ids
        except Exception as error:  # a model whose own token for the unknown is missing
            raise InputError(
                f"the tokenizer cannot encode an unknown word ({error}). Its unk_token must be"
                " [UNK]. Train one with: kerasbert prepare."
            ) from None
        self._forbidden = np.array(sorted(set(special) & set(probe) - {self.unk_id}), np.int32)

    @classmethod
    def from_json(cls, text: str, segmenter: str | None = None) -> Tokenizer:
        """Make a tokenizer from the content of a `tokenizer.json`."""
        return cls(text, segmenter)

    @classmethod
    def load(cls, path: str | Path, segmenter: str | None = None) -> Tokenizer:
        """Read a `tokenizer.json`.

        Raises:
            InputError: the file cannot be read, is no tokenizer, or lacks special tokens.
        """
        try:
            with readable(path) as file:
                text = file.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"{path}: cannot be read ({error}). Expected a tokenizer.json."
            ) from None
        try:
            return cls(text, segmenter)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None

    def to_json(self) -> str:
        """Return the content of the `tokenizer.json`."""
        return self._json

    def save(self, path: str | Path) -> None:
        """Write the `tokenizer.json`, whole or not at all."""
        write_text(path, self._json)

    def fingerprint(self) -> str:
        """Return the SHA-256 of file and segmenter: equal for tokenizers that yield equal ids."""
        return hashlib.sha256(f"{self._json}\n{self.segmenter}".encode()).hexdigest()

    def encode(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Return int32 ids (tokens,) of each text. No special token is added or found in it.

        Raises:
            TypeError: one string instead of a list, or something in it that is no string.
        """
        if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
            raise TypeError(f"expected a list of strings. Received: {str(texts)[:80]!r}")
        encoded = []
        for encoding in self._encodings(texts):
            ids = np.array(encoding.ids, np.int32)
            if self._forbidden.size:
                ids[np.isin(ids, self._forbidden)] = self.unk_id
            encoded.append(ids)
        return encoded

    def tokens(self, text: str) -> list[str]:
        """Return the tokens of a text as strings, [UNK] for the unknown."""
        names = (self._tokenizer.id_to_token(int(index)) for index in self.encode([text])[0])
        return [name or SPECIAL_TOKENS[1] for name in names]

    def segment(self, text: str) -> str:
        """The text as it is split into words: as it is, or with jieba's spaces."""
        return self._segment(text)

    def word_spans(self, text: str) -> list[tuple[int, int]]:
        """First character and end of each word of `segment(text)`, in order."""
        # The fast way to encode does not keep track of characters.
        encoding = self._tokenizer.encode(self._segment(text), add_special_tokens=False)
        spans: dict[int, tuple[int, int]] = {}
        words = [word or 0 for word in encoding.word_ids]  # None for special tokens: none here
        for word, (start, end) in zip(words, encoding.offsets, strict=True):
            first, last = spans.get(word, (start, end))
            spans[word] = (min(first, start), max(last, end))
        return list(spans.values())

    def unknown_characters(self, texts: Sequence[str]) -> tuple[int, int]:
        """How many characters unknown tokens cover, and how many there are, white space aside."""
        segmented = [self._segment(_no_surrogates(text)) for text in texts]
        unknown = {self.unk_id, *self._forbidden.tolist()}
        covered = total = 0
        encodings = self._tokenizer.encode_batch(segmented, add_special_tokens=False)
        for text, encoding in zip(segmented, encodings, strict=True):
            total += _visible(text)
            for index, (start, end) in zip(encoding.ids, encoding.offsets, strict=True):
                if index in unknown:
                    covered += _visible(text[start:end])
        return covered, total

    def normalizing(self, form: str) -> Tokenizer:
        """This tokenizer, or one that brings texts into a Unicode normal form before all else.

        Args:
            form: "NFC" or "NFKC".
        """
        settings = json.loads(self._json)
        found = settings.get("normalizer")
        if next(iter(_types(found)), None) in _INCLUDED_IN[form]:
            return self
        parts = [found] if found is not None else []
        settings["normalizer"] = {
            "type": "Sequence",
            "normalizers": [{"type": form}, *parts],
        }
        text = json.dumps(settings, indent=2, ensure_ascii=False)
        return Tokenizer(text, self.segmenter)

    @functools.cached_property
    def continues(self) -> np.ndarray:
        """(V,) bool, True for the ids that go on with the word before them: WordPiece's `##`."""
        prefix = json.loads(self._json)["model"].get("continuing_subword_prefix")
        continues = np.zeros(self.vocabulary_size, bool)
        if prefix:
            for token, index in self._tokenizer.get_vocab(with_added_tokens=True).items():
                continues[index] = token.startswith(prefix)
        return continues

    def whole_words(self) -> dict[str, int]:
        """The tokens that are words, or begin one, with their ids; no special token, no `##`."""
        return {
            token: index
            for token, index in self._tokenizer.get_vocab(with_added_tokens=True).items()
            if token not in SPECIAL_TOKENS and not self.continues[index]
        }

    def _encodings(self, texts: Sequence[str]) -> list[Any]:
        encode_batch = getattr(self._tokenizer, "encode_batch_fast", self._tokenizer.encode_batch)
        try:
            segmented = [self._segment(text) for text in texts]
            return encode_batch(segmented, add_special_tokens=False)
        except (TypeError, UnicodeEncodeError):  # lone surrogates, which no UTF-8 file holds
            if not all(isinstance(text, str) for text in texts):
                raise
            clean = [_no_surrogates(text) for text in texts]
            if clean == list(texts):
                raise
            return self._encodings(clean)


def segmenter_of(name: str | None, form: Literal["NFC", "NFKC"] = "NFC") -> Callable[[str], str]:
    """Return what is done to a text before the file sees it: nothing, or words parted by spaces.

    Args:
        name: "jieba" or None.
        form: the Unicode normal form in which words are looked for.
    """
    if name is None:
        return lambda text: text
    try:
        import rjieba
    except ImportError:
        raise InputError(
            "the jieba tokenizer needs the package rjieba, which is not installed."
            " Install it with: pip install kerasbert[zh]"
        ) from None

    def segment(text: str) -> str:
        composed = unicodedata.normalize(form, text)
        return " ".join(word for word in rjieba.cut(composed) if not word.isspace())

    return segment


def nodes(component: Any) -> Iterator[dict[str, Any]]:
    """Walk a normalizer or pre-tokenizer of a tokenizer.json and all that it is composed of."""
    if isinstance(component, dict):
        yield component
        for part in component.get("normalizers") or component.get("pretokenizers") or ():
            yield from nodes(part)


def _no_surrogates(text: str) -> str:
    """With a question mark for lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _visible(text: str) -> int:
    """How many characters are not white space."""
    return sum(map(len, text.split()))


def _types(component: Any) -> Iterator[str | None]:
    """What a normalizer is composed of, in order."""
    return (node.get("type") for node in nodes(component) if node.get("type") != "Sequence")


def _lowers(normalizer: Any) -> bool:
    return any(
        node.get("type") == "Lowercase" or node.get("lowercase") is True
        for node in nodes(normalizer)
    )


def _style(settings: dict[str, Any], segmenter: str | None) -> str:
    if segmenter is not None:
        return segmenter
    model = (settings.get("model") or {}).get("type") or "unknown"
    if model == "WordLevel":
        kinds = {node.get("type") for node in nodes(settings.get("pre_tokenizer"))}
        return "char" if kinds & {"Split", "FixedLength"} else "word"
    return str(model).lower()
