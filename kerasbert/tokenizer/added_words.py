"""Words as tokens of a tokenizer.json, behind all that it has, for each kind of model."""

import itertools
from collections.abc import Sequence
from typing import Any

GROWING = ("WordPiece", "WordLevel", "BPE", "Unigram")
# What a new piece of a Unigram scores above the pieces that it was, for each character squared: of
# a word and the new pieces in it the word is then always the better one.
_BONUS = 0.01


def with_words(
    settings: dict[str, Any], vocabulary: dict[str, int], words: Sequence[str], library: Any
) -> dict[str, Any]:
    """The content of a tokenizer.json whose model has these words as tokens of their own.

    A merge of BPE joins two tokens, so a word of three takes a token on the way, too.

    Args:
        settings: the content.
        vocabulary: from token to id, added ones included, which the model has then, too.
        words: as the pre-tokenizer yields them; none of them a token.
        library: the `tokenizers.Tokenizer` of the settings.
    """
    model = settings["model"]
    vocabulary = dict(sorted(vocabulary.items(), key=lambda item: item[1]))  # in one order always
    size = max(vocabulary.values()) + 1
    if model.get("type") == "Unigram":
        model = model | {"vocab": [*_scored(model, vocabulary), *_pieces(model, words, library)]}
    elif model.get("type") == "BPE":
        merges = _merges(words, library)
        made = dict.fromkeys("".join(pair) for pair in merges)
        new = [token for token in made if token not in vocabulary]
        tokens = vocabulary | {token: size + n for n, token in enumerate(new)}
        as_text = bool(model["merges"]) and isinstance(model["merges"][0], str)
        written = [" ".join(pair) if as_text else list(pair) for pair in merges]
        model = model | {"vocab": tokens, "merges": [*model["merges"], *written]}
    else:
        model = model | {"vocab": vocabulary | {word: size + n for n, word in enumerate(words)}}
    return settings | {"model": model}


def _scored(model: dict[str, Any], vocabulary: dict[str, int]) -> list[list[Any]]:
    """The pieces of a Unigram with their scores, and behind them what the file adds to them."""
    pieces = list(model["vocab"])
    added = sorted((index, token) for token, index in vocabulary.items() if index >= len(pieces))
    return [*pieces, *([token, 0.0] for _, token in added)]


def _pieces(model: dict[str, Any], words: Sequence[str], library: Any) -> list[list[Any]]:
    """New pieces of a Unigram: they score more than what they were split into."""
    scores = dict(map(tuple, model["vocab"]))
    least = min(scores.values())
    return [
        [
            word,
            sum(scores.get(piece.value, least) for piece in library.model.tokenize(word))
            + _BONUS * len(word) ** 2,
        ]
        for word in words
    ]


def _merges(words: Sequence[str], library: Any) -> list[tuple[str, str]]:
    """Merges that make each word of its pieces, from left to right.

    They stand behind all others, so that they join what these leave; and those of a word behind
    those of the words before it, which then are made of the same pieces as without it.
    """
    ranks: dict[tuple[str, str], int] = {}
    for word in words:
        pieces = [piece.value for piece in library.model.tokenize(word)]
        if "".join(pieces) != word:  # bytes of a character that is no token
            continue
        while known := [pair for pair in itertools.pairwise(pieces) if pair in ranks]:
            first = min(known, key=ranks.__getitem__)
            pieces = _joined(pieces, first)
        while len(pieces) > 1:
            pair = pieces[0], pieces[1]
            ranks.setdefault(pair, len(ranks))
            pieces = _joined(pieces, pair)
    return list(ranks)


def _joined(pieces: list[str], pair: tuple[str, str]) -> list[str]:
    """The pieces with this pair as one, wherever it stands, from left to right."""
    joined, at = [], 0
    while at < len(pieces):
        width = 2 if tuple(pieces[at : at + 2]) == pair else 1
        joined.append("".join(pieces[at : at + width]))
        at += width
    return joined
