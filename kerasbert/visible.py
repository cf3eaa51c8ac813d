"""Names for people, so that those which look the same are told apart."""

import unicodedata

_VARIATION_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))


def visible(name: str) -> str:
    r"""The name with an escape, such as `\u200b`, for each character that no screen shows.

    All but ASCII is escaped where accents stand apart from their letters (Unicode's NFD), since
    that looks like the same name with accents upon them.
    """
    apart = not unicodedata.is_normalized("NFC", name)
    return "".join(
        character.encode("unicode_escape").decode()
        if not is_shown(character) or (apart and not character.isascii())
        else character
        for character in name
    )


def is_shown(character: str) -> bool:
    """Whether a screen shows it by itself."""
    return character.isprintable() and character not in _VARIATION_SELECTORS
