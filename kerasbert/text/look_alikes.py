"""Labels that are different strings and yet, most likely, one label."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection

from kerasbert.visible import is_shown

JOINTS = ",;|，、；"  # what people put between labels, instead of a space
_SPLIT = re.compile(f"[{JOINTS}]")


def same_look(names: Collection[str]) -> list[list[str]]:
    """Groups of names that look the same: they differ in Unicode's form, or in what is not seen."""
    return _groups(names, _look)


def same_word(names: Collection[str]) -> list[list[str]]:
    """Groups that differ only in case, width, or a comma at the end, beside what `same_look` finds.

    Names that look the same are there as one, by the first of them.
    """
    looks = {_look(name): name for name in sorted(names, reverse=True)}
    return _groups(looks.values(), _word)


def joined(names: Collection[str]) -> dict[str, list[str]]:
    """Names that are several other ones with a comma or the like between them, with these."""
    known = set(names)
    found = {}
    for name in sorted(known):
        parts = _SPLIT.split(name)
        if len(parts) > 1 and known.issuperset(parts):
            found[name] = parts
    return found


def _groups(names: Collection[str], key: Callable[[str], str]) -> list[list[str]]:
    groups = defaultdict(list)
    for name in sorted(names):
        groups[key(name)].append(name)
    return [group for group in groups.values() if len(group) > 1]


def _look(name: str) -> str:
    seen = "".join(filter(is_shown, name))
    return unicodedata.normalize("NFC", "".join(seen.split()) or name)


def _word(name: str) -> str:
    folded = unicodedata.normalize("NFKC", _look(name)).casefold()
    return folded.strip(JOINTS) or folded
