"""Another vocabulary for a tokenizer that exists: with the words of a field, or a smaller one.

What changes is the vocabulary alone: how texts are normalized and split into words stays as it is,
and the special tokens keep their names. A model goes on with the new tokenizer if each new token
begins at the mean of the old tokens that its string was before, see `origins`.

Sources: new words at the mean of their pieces are Gee et al. 2022,
https://arxiv.org/abs/2402.09977, section 3 ("Fast Vocabulary Transfer"), and for a decoder Hewitt
2021, https://nlp.stanford.edu/~johnhew/vocab-expansion.html.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import tokenizers

from kerasbert.errors import InputError
from kerasbert.tokenizer.added_words import GROWING, with_words
from kerasbert.tokenizer.segmenters import segmenter_of
from kerasbert.tokenizer.settings import types
from kerasbert.tokenizer.tokenizer import Tokenizer
from kerasbert.tokenizer.training import count_words, train_word_pieces

SHOWN = 12  # words that are told
MIN_FREQUENCY = 2  # of a word, a character or a merge


@dataclass(frozen=True)
class VocabularyChange:
    """What shall become of a vocabulary: one of the two.

    Attributes:
        extend: add so many words: those that save most tokens, their frequency times the pieces
            that they are in now, less one. The old tokens keep their ids.
        size: learn a new one of at most so many tokens, the special ones included, which come
            first.
    """

    extend: int | None = None
    size: int | None = None

    @property
    def flag(self) -> str:
        """Who asks for it."""
        return "--extend-vocabulary" if self.size is None else "--vocabulary-from"


def check_can_change(tokenizer: Tokenizer, change: VocabularyChange) -> None:
    """Refuse a tokenizer whose vocabulary cannot be changed so.

    Raises:
        InputError: naming its kind, and what works.
    """
    settings = json.loads(tokenizer.to_json())
    kind = settings["model"].get("type") or "WordPiece"
    can = GROWING if change.size is None else ("WordPiece",)
    if kind not in can:
        more = "" if change.size is None or kind not in GROWING else " --extend-vocabulary N works."
        raise InputError(
            f"{change.flag}: the tokenizer's model is {kind}; expected {' or '.join(can)}."
            f"{more} Or go on with its own vocabulary: leave {change.flag} out."
        )
    if kind == "BPE" and (
        settings["model"].get("end_of_word_suffix")
        or settings["model"].get("continuing_subword_prefix")
    ):
        raise InputError(
            f"{change.flag}: the tokenizer marks ends or insides of words ({kind} with a suffix or"
            f" prefix), to which no word can be added. Leave {change.flag} out."
        )
    if settings.get("pre_tokenizer") is None:
        raise InputError(
            f"{change.flag}: the tokenizer splits a text into no words (its file has no"
            f" pre_tokenizer). Go on with its own vocabulary: leave {change.flag} out."
        )


def change_vocabulary(
    start: Tokenizer, texts: Iterable[str], change: VocabularyChange
) -> tuple[Tokenizer, dict[str, Any]]:
    """Learn a vocabulary from texts, for a tokenizer that exists.

    Args:
        start: the tokenizer.
        texts: to learn from, read once.
        change: what shall become of it.

    Returns:
        the new tokenizer, and what the change means for these texts as plain JSON values: "from",
        the fingerprint of the old one; documents, tokens_per_document_before and _after,
        tokens_added, tokens_dropped, and words, some of the new ones that save most.

    Raises:
        InputError: another kind of tokenizer, texts without words, or nothing to add or to leave
            out.
    """
    check_can_change(start, change)
    settings = json.loads(start.to_json())
    counted = 0

    def counting() -> Iterator[str]:
        nonlocal counted
        for text in texts:
            counted += 1
            yield text

    library = tokenizers.Tokenizer.from_str(start.to_json())
    # A word of a text has a space before it, which tokens of bytes hold.
    spaced = "ByteLevel" in types(settings["pre_tokenizer"])
    words = count_words(
        counting(),
        library.normalizer,
        library.pre_tokenizer,
        segmenter_of(start.segmenter, start.form),
        " " if spaced else "",
    )
    if not words:
        raise InputError(
            "there is no text to learn a vocabulary from. Expected texts with at least one word."
        )
    before = _lengths(start, words)
    if change.size is None:
        chosen = _most_saving(start, words, before, change.extend or 0)
        made = _checked(start, with_words(settings, start.vocabulary, chosen, library))
    else:
        made = _swapped(start, settings, words, change.size)
    after = _lengths(made, words)
    old, new = start.vocabulary, made.vocabulary
    saved = {w: words[w] * (before[w] - after[w]) for w in words if after[w] == 1 < before[w]}
    most = sorted(saved, key=lambda word: (-saved[word], word))[:SHOWN]
    return made, {
        "from": start.fingerprint(),
        "documents": counted,
        "tokens_per_document_before": _mean(words, before, counted),
        "tokens_per_document_after": _mean(words, after, counted),
        "tokens_added": len(new.keys() - old.keys()),
        "tokens_dropped": len(old.keys() - new.keys()),
        "words": [library.decoder.decode([w]).strip() if library.decoder else w for w in most],
    }


def told(found: dict[str, Any]) -> str:
    """What `change_vocabulary` says of a change, in a sentence."""
    dropped = f"{found['tokens_dropped']:,} dropped, " if found["tokens_dropped"] else ""
    words = f"; new words: {', '.join(found['words'])}" if found["words"] else ""
    if "cosine" in found:  # of a model that goes on with it
        words += f"; the vector of a held-out text begins at a cosine of {found['cosine']:.3f}"
        words += " to what it was"
    return (
        f"vocabulary: {found['tokens_added']:,} tokens added, {dropped}a document takes"
        f" {found['tokens_per_document_after']:g} tokens, before"
        f" {found['tokens_per_document_before']:g}{words}"
    )


def origins(old: Tokenizer, new: Tokenizer) -> list[list[int]]:
    """For each id of the new vocabulary the ids of the old one that its token begins from.

    A token of both begins as it was. Another one begins as the pieces that its string was: "##ing"
    inside of a word, "linux" as a word. What the old tokenizer does not know is its [UNK].

    Args:
        old: the tokenizer that `new` was made of by `change_vocabulary`.
        new: see there.
    """
    before = old.vocabulary
    library = tokenizers.Tokenizer.from_str(old.to_json())
    prefix = json.loads(old.to_json())["model"].get("continuing_subword_prefix")
    unknown = [before[old.special_tokens[1]] if old.special.unk is None else old.special.unk]
    found = [unknown] * new.vocabulary_size  # an id that no token has
    for token, index in new.vocabulary.items():
        if token in before:
            found[index] = [before[token]]
        elif prefix:
            found[index] = _pieces(token, before, prefix) or unknown
        else:
            found[index] = [piece.id for piece in library.model.tokenize(token)] or unknown
    return found


def _pieces(token: str, vocabulary: dict[str, int], prefix: str) -> list[int]:
    """WordPiece's pieces of the string of a token: always the longest; none if one is missing."""
    inside = token.startswith(prefix) and token != prefix
    rest, found = token.removeprefix(prefix) if inside else token, []
    while rest:
        start = prefix if inside else ""
        for end in range(len(rest), 0, -1):
            if (index := vocabulary.get(start + rest[:end])) is not None:
                break
        else:
            return []
        found.append(index)
        rest, inside = rest[end:], True
    return found


def _lengths(tokenizer: Tokenizer, words: Iterable[str]) -> dict[str, int]:
    """How many tokens each word is."""
    library = tokenizers.Tokenizer.from_str(tokenizer.to_json())
    return {word: len(library.model.tokenize(word)) for word in words}


def _mean(words: Counter[str], lengths: dict[str, int], documents: int) -> float:
    """Tokens of a document."""
    return round(sum(times * lengths[word] for word, times in words.items()) / documents, 2)


def _most_saving(
    start: Tokenizer, words: Counter[str], lengths: dict[str, int], count: int
) -> list[str]:
    """The words that save most as tokens of their own."""
    settings = json.loads(start.to_json())["model"]
    known, unknown = start.vocabulary, settings.get("unk_token")
    longest = settings.get("max_input_chars_per_word") or 100
    library = tokenizers.Tokenizer.from_str(start.to_json())
    saves = {}
    for word, times in words.items():
        if times < MIN_FREQUENCY or word in known or len(word) > longest:
            continue
        pieces = lengths[word]
        # A word that is unknown is one token, and says nothing: it is worth as much as one of two.
        if pieces == 1 and library.model.tokenize(word)[0].value == unknown:
            pieces = 2
        saves[word] = times * (pieces - 1)
    chosen = sorted((w for w in saves if saves[w] > 0), key=lambda w: (-saves[w], w))[:count]
    if not chosen:
        raise InputError(
            f"--extend-vocabulary: each word that occurs {MIN_FREQUENCY} times in the texts is a"
            " token already. Leave it out, or give more text."
        )
    return chosen


def _checked(start: Tokenizer, settings: dict[str, Any]) -> Tokenizer:
    """The tokenizer of these settings, in which the old tokens have their old ids."""
    made = Tokenizer(json.dumps(settings, indent=2, ensure_ascii=False), start.segmenter)
    now = made.vocabulary
    if any(now.get(token) != index for token, index in start.vocabulary.items()):
        raise InputError(
            "--extend-vocabulary: the tokenizers library numbers tokens of this tokenizer anew when"
            " words are added, so its model could not go on. Leave it out."
        )
    return made


def _swapped(
    start: Tokenizer, settings: dict[str, Any], words: Counter[str], size: int
) -> Tokenizer:
    """With a vocabulary of its own, behind the special tokens and what else the file adds."""
    if size >= start.vocabulary_size:
        raise InputError(
            f"--vocabulary-from: the tokenizer has {start.vocabulary_size} tokens, and {size} is"
            " not less. Give a smaller --vocab-size. Words are added with --extend-vocabulary."
        )
    added = settings.get("added_tokens") or ()
    special = dict.fromkeys([*start.special_tokens, *(token["content"] for token in added)])
    prefix = settings["model"].get("continuing_subword_prefix") or "##"
    vocabulary = train_word_pieces(words, size, MIN_FREQUENCY, list(special), prefix)
    ordered = dict(sorted(vocabulary.items(), key=lambda item: item[1]))
    changed = settings | {"model": settings["model"] | {"vocab": ordered}}
    numbered = [token | {"id": ordered[token["content"]]} for token in added]
    changed["added_tokens"] = sorted(numbered, key=lambda token: token["id"])
    changed["post_processor"] = _renumbered(settings.get("post_processor"), ordered)
    return Tokenizer(json.dumps(changed, indent=2, ensure_ascii=False), start.segmenter)


def _renumbered(component: Any, ids: dict[str, int]) -> Any:
    """A post-processor with the ids of its special tokens in the new vocabulary."""
    if isinstance(component, list):
        if len(component) == 2 and isinstance(component[0], str) and isinstance(component[1], int):
            return [component[0], ids[component[0]]]  # ["[SEP]", 102] of BertProcessing
        return [_renumbered(part, ids) for part in component]
    if not isinstance(component, dict):
        return component
    if {"id", "ids", "tokens"} <= component.keys():
        return component | {"ids": [ids[token] for token in component["tokens"]]}
    return {name: _renumbered(part, ids) for name, part in component.items()}
