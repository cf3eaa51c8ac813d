"""Tokenizers of four styles, each a `tokenizer.json` that the `tokenizers` library reads.

word       words and punctuation, as BERT splits them (a Chinese character is a word)
char       every character that is not white space
jieba      Chinese words; the text is segmented before the file sees it, see `Tokenizer.segmenter`
wordpiece  pieces of words, as BERT's

`training.py` makes them.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import tokenizers

from kerasbert.choices import StyleName, UnicodeForm
from kerasbert.errors import InputError
from kerasbert.files import write_text
from kerasbert.streams import readable
from kerasbert.tokenizer.segmenters import SEGMENTERS, segmenter_of
from kerasbert.tokenizer.settings import lowers, nodes, style_of, types, unknown_token, with_form
from kerasbert.tokenizer.special_ids import NO_MASK, SpecialIds, find_special

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
STYLES = get_args(StyleName)
_UNKNOWN = "𓀀"  # in hardly any vocabulary


class Tokenizer:
    """A `tokenizers.Tokenizer` that treats every text as text, with its segmenter.

    Args:
        text: the content of a `tokenizer.json`. It is kept as it is, so that the fingerprint does
            not change with the version of the library; only truncation and padding are removed.
        segmenter: "jieba" if the texts must be cut into words first; the file cannot tell.

    Attributes:
        style: one of `STYLES`, or the kind of model of a foreign file, such as "bpe".
        segmenter: "jieba" or None.
        form: the Unicode normal form that it segments.
        lowercase: whether the file lower-cases.
        vocabulary: from token to id, special ones included, in [0, vocabulary_size).
        special: ids of the special tokens (0 to 4 if trained here), found by their names: [PAD],
            [UNK], [CLS], [SEP], [MASK], or <pad>, <unk>, <s>, </s>, <mask>. Batches take them from
            here. [MASK] may be missing, and of a tokenizer of bytes [UNK].
        pad_id, unk_id, cls_id, sep_id, mask_id: the same, one by one.

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
        added = {
            token["content"] for token in settings.get("added_tokens") or () if token.get("special")
        }
        names = find_special(vocabulary, added, unknown_token(settings["model"]))
        self.special_tokens: tuple[str, ...] = tuple(names.values())
        self._json = text
        self.segmenter = segmenter
        first = next(iter(types(settings.get("normalizer"))), None)
        self.form: UnicodeForm = "NFKC" if first == "NFKC" else "NFC"
        self._segment = segmenter_of(segmenter, self.form)
        self.vocabulary_size: int = max(vocabulary.values()) + 1
        ids = {role: vocabulary[name] for role, name in names.items()}
        self.special = SpecialIds(
            pad=ids["pad"], unk=ids.get("unk"), cls=ids["cls"], sep=ids["sep"], mask=ids.get("mask")
        )
        self.lowercase = lowers(settings.get("normalizer"))
        self.style = style_of(settings, segmenter)
        self._forbidden = self._found_in_texts()

    # Apart from each other, as they always were.
    pad_id = property(lambda self: self.special.pad)
    unk_id = property(lambda self: self.special.unk)
    cls_id = property(lambda self: self.special.cls)
    sep_id = property(lambda self: self.special.sep)
    mask_id = property(lambda self: self.special.mask)

    def _found_in_texts(self) -> np.ndarray:
        """(n,) int32, the special ids that a text may hold, which are unknown tokens there."""
        # A foreign file may split at white space alone: then "[MASK]" is a word of its vocabulary.
        words = " ".join([*self.special_tokens, _UNKNOWN])
        try:
            probe = self._tokenizer.encode(words, add_special_tokens=False).ids
        except Exception as error:  # a model whose own token for the unknown is missing
            raise InputError(
                f"the tokenizer cannot encode an unknown word ({error}). Its unk_token must be"
                " [UNK] or <unk>. Train one with: kerasbert prepare."
            ) from None
        forbidden = set(self.special.ids) & set(probe) - {self.special.unk}
        if self.special.unk is None and (forbidden or self._drops(_UNKNOWN)):
            raise InputError(
                "the tokenizer lacks [UNK] (or <unk>), and it would drop what it does not know."
                " Expected one with that token, or one of all 256 bytes. Train one with: kerasbert"
                " prepare."
            )
        return np.array(sorted(forbidden), np.int32)

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
        return [self.ids_of(encoding) for encoding in self.encodings(texts)]

    def encode_words(self, texts: Sequence[str]) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """As `encode`, with (tokens,) bool, True where a word begins, and (tokens,) int64.

        Words are those of the tokenizer's own pre-tokenizer; of one that splits nothing, what
        stands between two spaces. The numbers say before which character of `segment(text)` each
        token ends.
        """
        return [
            (
                self.ids_of(encoding),
                self._starts(encoding),
                np.array([end for _, end in encoding.offsets], np.int64),
            )
            for encoding in self.encodings(texts, with_words=True)
        ]

    def decode(self, token_ids: Sequence[np.ndarray]) -> list[str]:
        """The text of each array (tokens,) of ids, as far as the tokens still tell it."""
        return self._tokenizer.decode_batch([ids.tolist() for ids in token_ids])

    def tokens(self, text: str) -> list[str]:
        """Return the tokens of a text as strings, [UNK] for the unknown."""
        names = (self._tokenizer.id_to_token(int(index)) for index in self.encode([text])[0])
        return [name or SPECIAL_TOKENS[1] for name in names]

    def segment(self, text: str) -> str:
        """The text as it is split into words: as it is, or with jieba's spaces."""
        return self._segment(text)

    def word_spans(self, text: str) -> list[tuple[int, int]]:
        """First character and end of each word of `segment(text)`, in order."""
        text = self._segment(text)
        # The fast way to encode does not keep track of characters.
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        spans: dict[int, tuple[int, int]] = {}
        words = np.cumsum(self._starts(encoding)).tolist()
        for word, (start, end) in zip(words, encoding.offsets, strict=True):
            first, last = spans.get(word, (start, end))
            spans[word] = (min(first, start), max(last, end))
        # Tokens of bytes and of SentencePiece hold the space before a word.
        return [
            (end - len(text[start:end].lstrip()), end)
            for start, end in spans.values()
            if not text[start:end].isspace()
        ]

    def token_ends(self, text: str) -> list[int]:
        """The character of `segment(text)` behind each token of `encode`."""
        encoding = self._tokenizer.encode(self._segment(text), add_special_tokens=False)
        return [end for _, end in encoding.offsets]

    @functools.cached_property
    def tells_words(self) -> bool:
        """Whether each id says if it goes on with the word before it, as WordPiece's `##` does."""
        model = self._settings["model"]
        return model.get("type") == "WordLevel" or bool(model.get("continuing_subword_prefix"))

    @functools.cached_property
    def drops_unknown(self) -> bool:
        """Whether what it does not know leaves no token: BPE, whose file names no unk_token."""
        model = self._settings["model"]
        return model.get("type") == "BPE" and model.get("unk_token") is None

    def unknown_characters(self, texts: Sequence[str]) -> tuple[int, int]:
        """How many characters are unknown, by unknown tokens or none, and how many there are.

        White space aside.
        """
        segmented = [self._segment(_no_surrogates(text)) for text in texts]
        if self.drops_unknown:
            characters = Counter(itertools.chain.from_iterable("".join(segmented).split()))
            dropped = sum(map(characters.__getitem__, filter(self._drops, characters)))
            return dropped, characters.total()
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
        settings = with_form(self._settings, form)
        if settings is None:
            return self
        return Tokenizer(json.dumps(settings, indent=2, ensure_ascii=False), self.segmenter)

    @functools.cached_property
    def continues(self) -> np.ndarray:
        """(V,) bool, True for the ids that go on with the word before them.

        By WordPiece's `##`; else, where the vocabulary writes spaces as bytes or SentencePiece do,
        all without one, so that words are what stands between two spaces. False for all ids of a
        vocabulary that has neither: see `word_starts`.
        """
        prefix = self._settings["model"].get("continuing_subword_prefix")
        if not self.tells_words and self._is_spaced.any():
            continues = ~self._is_spaced
            continues[self.special.ids] = False
            return continues
        continues = np.zeros(self.vocabulary_size, bool)
        if prefix:
            for token, index in self.vocabulary.items():
                continues[index] = token.startswith(prefix)
        return continues

    def check_mask(self, flag: str) -> None:
        """Refuse masked LM, which a flag asks for, with a tokenizer that has no [MASK].

        Raises:
            InputError: it has none.
        """
        if self.special.mask is None:
            raise InputError(
                f"{flag}: {NO_MASK}. Leave masked LM out (document-words needs no [MASK]), or add"
                " it with the tokenizers library: t = tokenizers.Tokenizer.from_file(FILE);"
                ' t.add_special_tokens(["[MASK]"]); t.save(FILE).'
            )

    def word_starts(self, token_ids: np.ndarray) -> np.ndarray:
        """Bool, True where an id begins a word, as far as ids alone can say it.

        Raises:
            InputError: they can't, because the tokens inside of a word look like those that begin
                one.
        """
        if not (self.tells_words or self.continues.any()):
            raise InputError(
                f"the tokens of this tokenizer ({self.style}) do not say where a word begins, so"
                " whole words and spans cannot be hidden in what holds nothing but ids. Prepare the"
                " store again (kerasbert prepare), which then stores where words begin; or hide"
                " single tokens (--masking token)."
            )
        return ~self.continues[token_ids]

    def whole_words(self) -> dict[str, int]:
        """The tokens that are words, or begin one, with their ids; no special token, no `##`."""
        named = {
            token: index
            for token, index in self.vocabulary.items()
            if token not in self.special_tokens and not self.continues[index]
        }
        if self._space == "Ġ":
            bytes_of = tokenizers.decoders.ByteLevel()
            return {
                bytes_of.decode([token]).removeprefix(" "): index for token, index in named.items()
            }
        return {token.removeprefix(self._space or ""): index for token, index in named.items()}

    _settings = property(lambda self: json.loads(self._json))
    vocabulary = property(lambda self: self._tokenizer.get_vocab(with_added_tokens=True))

    @functools.cached_property
    def _splits_nothing(self) -> bool:
        return not any(
            node["type"] != "Sequence" and node.get("split", True) and node.get("use_regex", True)
            for node in nodes(self._settings.get("pre_tokenizer"))
        )

    @functools.cached_property
    def _space(self) -> str | None:
        """How tokens write the space before a word: Ġ of bytes, ▁ of SentencePiece, or not."""
        settings = self._settings
        if any(node["type"] == "ByteLevel" for node in nodes(settings.get("pre_tokenizer"))):
            return "Ġ"
        parts = [settings.get(name) for name in ("normalizer", "pre_tokenizer", "decoder")]
        return "▁" if "▁" in json.dumps(parts, ensure_ascii=False) else None

    @functools.cached_property
    def _is_spaced(self) -> np.ndarray:
        """(V,) bool, True for the ids of tokens that begin with the space before a word."""
        spaced = np.zeros(self.vocabulary_size, bool)
        if self._space is not None:
            for token, index in self.vocabulary.items():
                spaced[index] = token.startswith(self._space)
        return spaced

    def _drops(self, character: str) -> bool:
        """Whether a character leaves no token, or not all of its bytes."""
        tokens = self._tokenizer.encode(character, add_special_tokens=False).tokens
        if self._space == "Ġ":
            decoded = tokenizers.decoders.ByteLevel().decode(tokens)
            return not decoded.strip() or "\ufffd" in decoded.replace(character, "")
        return not "".join(tokens).strip(self._space)

    def ids_of(self, encoding: Any) -> np.ndarray:
        """(tokens,) int32 of one of `encodings`."""
        ids = np.array(encoding.ids, np.int32)
        unknown = self.special.unk
        if self._forbidden.size and unknown is not None:
            ids[np.isin(ids, self._forbidden)] = unknown
        return ids

    def _starts(self, encoding: Any) -> np.ndarray:
        words = np.array([-1 if word is None else word for word in encoding.word_ids], np.int64)
        starts = np.diff(words, prepend=-2) != 0
        return starts | self._is_spaced[encoding.ids] if self._splits_nothing else starts

    def encodings(self, texts: Sequence[str], with_words: bool = False) -> list[Any]:
        """The library's own answers to `segment` of each text; `with_words` characters, too."""
        encode_batch = self._tokenizer.encode_batch  # the fast one forgets words and characters
        if not with_words:
            encode_batch = getattr(self._tokenizer, "encode_batch_fast", encode_batch)
        try:
            segmented = [self._segment(text) for text in texts]
            return encode_batch(segmented, add_special_tokens=False)
        except (TypeError, UnicodeEncodeError):  # lone surrogates, which no UTF-8 file holds
            if not all(isinstance(text, str) for text in texts):
                raise
            clean = [_no_surrogates(text) for text in texts]
            if clean == list(texts):
                raise
            return self.encodings(clean, with_words)


def _no_surrogates(text: str) -> str:
    """With a question mark for lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _visible(text: str) -> int:
    """How many characters are not white space."""
    return sum(map(len, text.split()))
