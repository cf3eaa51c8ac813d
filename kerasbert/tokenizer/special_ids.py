"""Which ids stand for padding, the unknown, the edges of a text and a hidden token."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from dataclasses import astuple, dataclass

import numpy as np

from kerasbert.errors import InputError

# BERT's name first, then those of RoBERTa and XLM-R, of XLNet, and of T5. ALBERT mixes them.
NAMES = {
    "pad": ("[PAD]", "<pad>"),
    "unk": ("[UNK]", "<unk>"),
    "cls": ("[CLS]", "<cls>", "<s>"),
    "sep": ("[SEP]", "<sep>", "</s>"),
    "mask": ("[MASK]", "<mask>"),
}
NO_MASK = "the tokenizer has no [MASK] (or <mask>), which masked LM hides tokens with"


@dataclass(frozen=True)
class SpecialIds:
    """The ids of the five special tokens; 0 to 4 in a tokenizer that was trained here.

    Attributes:
        pad: fills rows; no token of a text.
        unk: what the tokenizer does not know; None for bytes, which are all known.
        cls: begins a row.
        sep: ends a text.
        mask: stands for a hidden token; None in a tokenizer that cannot be used for masked LM.
    """

    pad: int = 0
    unk: int | None = 1
    cls: int = 2
    sep: int = 3
    mask: int | None = 4

    @property
    def ids(self) -> list[int]:
        """Those that there are, rising."""
        return sorted(index for index in astuple(self) if index is not None)

    def words(self, vocabulary_size: int) -> np.ndarray:
        """The ids of [0, vocabulary_size) that are none of these, rising, int32."""
        return _words(self, vocabulary_size)


OURS = SpecialIds()  # of a tokenizer that was trained here


@functools.lru_cache(maxsize=8)
def _words(special: SpecialIds, vocabulary_size: int) -> np.ndarray:
    words = np.setdiff1d(np.arange(vocabulary_size, dtype=np.int32), special.ids)
    words.flags.writeable = False
    return words


def find_special(
    vocabulary: Mapping[str, int], added: Collection[str] = (), unknown: str | None = None
) -> dict[str, str]:
    """By role ("pad", "unk", "cls", "sep", "mask") the name that a vocabulary has for it.

    Args:
        vocabulary: from token to id.
        added: the tokens that the tokenizer's file calls special; they come first.
        unknown: what the model makes of the unknown, whatever its name.

    Raises:
        InputError: one is missing that no row can be made without.
    """
    found = {}
    for role, names in NAMES.items():
        known = [name for name in names if name in vocabulary]
        known.sort(key=lambda name: name not in added)  # stable: else in the order of NAMES
        if known:
            found[role] = known[0]
    if unknown is not None and unknown in vocabulary:
        found["unk"] = unknown
    if not {"pad", "cls", "sep"} <= set(found):
        missing = [role for role in ("pad", "cls", "sep", "mask") if role not in found]
        lacking = [NAMES[role][0] for role in missing]
        raise InputError(
            f"the tokenizer lacks {', '.join(lacking)}: expected"
            f" {', '.join(' or '.join(NAMES[role]) for role in missing)}. A row begins with [CLS],"
            " its texts end with [SEP], and [PAD] fills it up; [MASK] is for masked LM alone. Add"
            " them with the tokenizers library: t = tokenizers.Tokenizer.from_file(FILE);"
            f" t.add_special_tokens({lacking}); t.save(FILE). Or train one with: kerasbert prepare."
        )
    return found
