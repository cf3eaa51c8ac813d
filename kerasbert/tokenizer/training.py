"""Train a tokenizer: count words in one pass over the texts, then make a vocabulary of them.

It is repeatable byte for byte. The stock trainer is not: it numbers the `##` forms of the alphabet
in the order of a randomly seeded hash map, and these numbers decide ties between merges. Here the
whole alphabet is numbered beforehand.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import tokenizers
from tokenizers import Regex, models, normalizers, pre_tokenizers, trainers

from kerasbert.choices import UnicodeForm
from kerasbert.errors import InputError
from kerasbert.tokenizer.segmenters import segmenter_of
from kerasbert.tokenizer.tokenizer import SPECIAL_TOKENS, STYLES, Tokenizer

_LONGEST_WORD = 100  # characters; WordPiece makes [UNK] of anything longer
_CHUNKS_IN_MEMORY = 500_000
_WORDS_IN_MEMORY = 1_000_000  # the trainer takes some 500 bytes for each
_LONGEST_PART = 1 << 18  # characters of a text that are counted at a time


def train_tokenizer(
    texts: Iterable[str],
    style: str = "wordpiece",
    vocabulary_size: int = 20000,
    lowercase: bool = True,
    min_frequency: int = 2,
    unicode: str | None = None,
    whole_alphabet: bool = False,
) -> Tokenizer:
    """Train a tokenizer in one pass; memory grows with the number of different words.

    Args:
        texts: the training texts, read once.
        style: one of `STYLES`.
        vocabulary_size: the most entries, the five special tokens included.
        lowercase: lower-case texts before they are split. Accents are kept (composed, NFC).
        min_frequency: rarer words (characters, merges) stay out of the vocabulary.
        unicode: the normal form that the tokenizer brings texts into: "NFKC", or "NFC" otherwise.
        whole_alphabet: where the characters of the texts leave word pieces no room, take half as
            many entries again as these need, instead of refusing the size.

    Raises:
        InputError: an unknown style, no text, nothing frequent enough, or a vocabulary that does
            not even hold the alphabet.
    """
    if isinstance(texts, str):  # whose characters would be the texts
        raise TypeError(f"expected a list of texts. Received: {texts[:80]!r}")
    if style not in STYLES:
        raise InputError(f"unknown tokenizer style {style!r}, expected one of {', '.join(STYLES)}.")
    if vocabulary_size <= len(SPECIAL_TOKENS):
        raise InputError(
            f"a vocabulary of {vocabulary_size} entries has no room beside the"
            f" {len(SPECIAL_TOKENS)} special tokens. Give a larger --vocab-size."
        )
    segmenter = "jieba" if style == "jieba" else None
    form: UnicodeForm = "NFKC" if unicode == "NFKC" else "NFC"
    normalizer = _normalizer(style, lowercase, form)
    pre_tokenizer = _pre_tokenizer(style)
    words = count_words(texts, normalizer, pre_tokenizer, segmenter_of(segmenter, form))
    if not words:
        raise InputError(
            "there is no text to train a tokenizer on. Expected texts with at least one word."
        )
    model: Any
    if style == "wordpiece":
        vocabulary = train_word_pieces(
            words, vocabulary_size, min_frequency, whole_alphabet=whole_alphabet
        )
        model = models.WordPiece(
            vocabulary,
            unk_token="[UNK]",
            continuing_subword_prefix="##",
            max_input_chars_per_word=_LONGEST_WORD,
        )
    else:
        ordered = sorted(words.items(), key=lambda item: (-item[1], item[0]))
        frequent = [word for word, times in ordered if times >= min_frequency]
        kept = [*SPECIAL_TOKENS, *frequent[: vocabulary_size - len(SPECIAL_TOKENS)]]
        vocabulary = {word: index for index, word in enumerate(kept)}
        model = models.WordLevel(vocabulary, unk_token="[UNK]")
    if len(vocabulary) == len(SPECIAL_TOKENS):
        raise InputError(
            f"no word occurs {min_frequency} times in the texts, so the vocabulary would be empty."
            " Give more text, or a smaller min_frequency."
        )
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    return Tokenizer(tokenizer.to_str(pretty=True), segmenter)


def _normalizer(style: str, lowercase: bool, form: str) -> Any:
    bert = normalizers.BertNormalizer(
        clean_text=True,
        handle_chinese_chars=style in ("word", "wordpiece"),
        strip_accents=False,  # a language's own letters carry meaning: "schön" is not "schon"
        lowercase=lowercase,
    )
    return normalizers.Sequence([getattr(normalizers, form)(), bert])


def _pre_tokenizer(style: str) -> Any:
    if style == "char":
        characters = pre_tokenizers.Split(Regex("."), "isolated")
        return pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), characters])
    if style == "jieba":
        return pre_tokenizers.WhitespaceSplit()
    return pre_tokenizers.BertPreTokenizer()


def count_words(
    texts: Iterable[str],
    normalizer: Any,
    pre_tokenizer: Any,
    segment: Callable[[str], str],
    before: str = "",
) -> Counter[str]:
    """Count the words of the texts as the pre-tokenizer splits them, each behind `before`.

    Counting what stands between white space first, and splitting each different chunk once, is
    several times faster than splitting every text, and yields the same words.
    """
    words: Counter[str] = Counter()
    chunks: Counter[str] = Counter()
    rare = 1

    def split_chunks() -> None:
        nonlocal words, rare
        for chunk, times in chunks.items():
            plain = before + chunk
            if normalizer is not None:
                plain = normalizer.normalize_str(plain)
            for word, _ in pre_tokenizer.pre_tokenize_str(plain):
                words[word] += times
        chunks.clear()
        while len(words) > _WORDS_IN_MEMORY:  # word2vec's way to count a web in bounded memory
            words = Counter({word: times for word, times in words.items() if times > rare})
            rare += 1

    for part in itertools.chain.from_iterable(map(_parts, texts)):
        chunks.update(segment(part).split())
        if len(chunks) > _CHUNKS_IN_MEMORY:
            split_chunks()
    split_chunks()
    return words


def _parts(text: str) -> Iterator[str]:
    """Cut a very long text at spaces, or anywhere where it has none; its words take much memory."""
    start = 0
    while len(text) - start > _LONGEST_PART:
        stop = start + _LONGEST_PART
        space = max(text.rfind(" ", start, stop), text.rfind("\n", start, stop))
        stop = space if space > start else stop
        yield text[start:stop]
        start = stop
    yield text[start:]


def train_word_pieces(
    words: Counter[str],
    vocabulary_size: int,
    min_frequency: int,
    special: Sequence[str] = SPECIAL_TOKENS,
    prefix: str = "##",
    whole_alphabet: bool = False,
) -> dict[str, int]:
    """Return the vocabulary of the stock WordPiece trainer, with the whole alphabet pinned.

    Args:
        words: how often each occurs.
        vocabulary_size: the most entries.
        min_frequency: rarer characters and merges stay out.
        special: the first entries, in this order.
        prefix: of the pieces that go on with a word.
        whole_alphabet: take more entries where the characters need them.
    """
    characters: Counter[str] = Counter()
    for word, times in words.items():
        for character in word:
            characters[character] += times
    known = {character for character, times in characters.items() if times >= min_frequency}
    # A word with an unknown character becomes [UNK] as a whole, so it teaches nothing.
    usable = sorted(word for word in words if len(word) <= _LONGEST_WORD and known.issuperset(word))
    alphabet = sorted(known)
    continued = sorted({f"{prefix}{character}" for word in usable for character in word[1:]})
    pinned = list(dict.fromkeys([*special, *alphabet, *continued]))
    if whole_alphabet:
        vocabulary_size = max(vocabulary_size, len(pinned) * 3 // 2)
    if len(pinned) > vocabulary_size:
        raise InputError(
            f"a vocabulary of {vocabulary_size} entries cannot hold the {len(pinned)} characters,"
            " their ## forms and the special tokens of these texts. Give a larger --vocab-size,"
            " or take --tokenizer char or word, which leave the rarest out."
        )
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocabulary_size,
        min_frequency=min_frequency,
        special_tokens=pinned,
        show_progress=False,
        continuing_subword_prefix=prefix,
    )
    tokenizer = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.train_from_iterator(_repeated(usable, words), trainer)
    return tokenizer.get_vocab(with_added_tokens=True)


def _repeated(usable: list[str], words: Counter[str], most: int = 10_000) -> Iterator[str]:
    """Yield each word as often as it was counted, in strings of at most `most` repetitions."""
    for word in usable:
        whole, rest = divmod(words[word], most)
        for times in [most] * whole + [rest] * bool(rest):
            yield " ".join([word] * times)
