"""Token ids as text for people, as near as a vocabulary tells it."""

import re
from collections.abc import Iterable

import tokenizers

from kerasbert.tokenizer.tokenizer import Tokenizer

# No space stands between two Chinese or Japanese characters, nor before a closing mark.
_NO_SPACE = re.compile(
    r"(?<=[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]) (?=[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef])"
    r"| (?=[.,;:!?)\]}])"
)


class Speller:
    """Spells token ids.

    Args:
        tokenizer: whose ids they are.

    Example:
        `Speller(tokenizer)(tokenizer.encode(["a text"])[0])`
    """

    def __init__(self, tokenizer: Tokenizer):
        self._tokenizer = tokenizers.Tokenizer.from_str(tokenizer.to_json())

    def __call__(self, token_ids: Iterable[int]) -> str:
        """Of (n,) int; spaces are where they are likely to have been."""
        tokens = [self._tokenizer.id_to_token(int(index)) or "" for index in token_ids]
        if self._tokenizer.decoder is not None:
            return self._tokenizer.decoder.decode(tokens).strip()
        return _NO_SPACE.sub("", " ".join(tokens).replace(" ##", "").strip())
