"""How much of a text a tokenizer does not know, in characters: one [UNK] may cover a whole line.
A BPE without an unk_token drops characters, and has no token for them that could be counted.

Counted on a sample, because it takes the library's slower way to encode, which keeps track of
characters.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kerasbert.errors import InputError
from kerasbert.tokenizer.tokenizer import Tokenizer

WARN, REFUSE = 0.2, 0.95  # shares of the characters
_TEXTS = 1000  # looked at
_FIRST = 200  # of a stream
_CHARACTERS = 10_000  # of each


@dataclass(frozen=True)
class Unknown:
    """Characters, white space aside, that stand behind unknown tokens, or behind none.

    Attributes:
        characters: so many.
        of: among these.
    """

    characters: int = 0
    of: int = 0

    def __add__(self, other: Unknown) -> Unknown:
        return Unknown(self.characters + other.characters, self.of + other.of)

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.characters / max(self.of, 1)

    @property
    def notable(self) -> bool:
        """Whether the share is not 0.0%."""
        return self.characters > self.of / 2000

    def __str__(self) -> str:
        return f"{self.share:.1%} of the characters unknown to the tokenizer"

    def warnings(self, what: str) -> list[str]:
        """What to say of `what`, if too much of it is unknown: a line or none."""
        return [f"warning: {self._trouble(what)}"] if self.share >= WARN else []

    def report(self, what: str) -> list[str]:
        """The share, where there is any, or the warning, which names it: a line or none."""
        return self.warnings(what) or [f"{what}: {self}"] * self.notable

    def check(self, what: str) -> None:
        """Refuse to learn from `what` if there is next to nothing in it to be read.

        Raises:
            InputError: saying so.
        """
        if self.share >= REFUSE:
            raise InputError(self._trouble(what))

    def _trouble(self, what: str) -> str:
        return (
            f"{what}: the tokenizer does not know {self.share:.0%} of the characters, which say"
            " nothing to the model. Take a tokenizer that knows them, from pre-training on:"
            " --tokenizer char, a larger --vocab-size, or the --tokenizer-file of a model of this"
            " language."
        )


def unknown_in(
    tokenizer: Tokenizer, texts: Sequence[tuple[str, ...]], most: int = _TEXTS
) -> Unknown:
    """Look at some of the texts, evenly spread, and of a long one at its beginning.

    Args:
        tokenizer: whose vocabulary is asked.
        texts: single texts or pairs.
        most: so many of them.
    """
    chosen = texts[:: max(1, -(-len(texts) // most))]
    return unknown_characters(tokenizer, itertools.chain.from_iterable(chosen))


def unknown_in_stream(tokenizer: Tokenizer, texts: Sequence[tuple[str, ...]], seen: int) -> Unknown:
    """As `unknown_in`, of texts that come by, behind `seen` others: the first, then ever fewer."""
    return unknown_in(tokenizer, texts, most=max(16, _FIRST - seen))


def unknown_characters(tokenizer: Tokenizer, texts: Iterable[str]) -> Unknown:
    """Look at the beginning of each text."""
    return Unknown(*tokenizer.unknown_characters([text[:_CHARACTERS] for text in texts]))
