"""What each number may be: every numeric flag, and every number of an architecture, by its name.

A name means the same in every command, so it has one range. `check_numbers` is called where
settings or an architecture are made, from the command line or from Python.
"""

import math
import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kerasbert.errors import InputError

SEEDS = 2**31  # what follows from a seed, by adding to it, must fit into 32 bits
_LARGE = 10**9  # of what stands in memory, or is counted through
_HUGE = 10**15  # of a corpus


@dataclass(frozen=True)
class Range:
    """The finite numbers from `least` to `most`.

    Attributes:
        whole: whole numbers only.
        above, below: whether `least`, or `most`, itself does not belong to it.
    """

    least: float
    most: float = math.inf
    whole: bool = True
    above: bool = False
    below: bool = False

    def __contains__(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, self._kind) or value == math.inf:
            return False
        large_enough = value > self.least if self.above else value >= self.least
        return large_enough and (value < self.most if self.below else value <= self.most)

    @property
    def _kind(self) -> Any:
        return numbers.Integral if self.whole else numbers.Real

    @property
    def _open(self) -> bool:
        """Whether the upper end is a computer's, not the setting's own."""
        return self.most in (math.inf, _LARGE, _HUGE)

    def text(self, name: str) -> str:
        """The range in words."""
        if self._open:
            return f"more than {self.least:g}" if self.above else f"{self.least:g} or more"
        left, right = ("<" if without else "<=" for without in (self.above, self.below))
        return f"{self.least:g} {left} {name} {right} {self.most:.0f}"

    @property
    def letter(self) -> str:
        """What stands for such a number: N for a whole one."""
        return "N" if self.whole else "X"

    @property
    def note(self) -> str:
        """What a help page says of the range; nothing where any count will do."""
        any_count = self.whole and self.least <= 1 and self.most > _LARGE / 2
        return "" if any_count or self == _POSITIVE else self.text(self.letter)

    @property
    def metavar(self) -> str:
        """The range as a help page writes it."""
        number = "INT" if self.whole else "FLOAT"
        if self._open:
            return f"{number}{'>' if self.above else '>='}{self.least:g}"
        return self.text(number).replace(" ", "")

    def expected_not(self, value: Any, name: str) -> str:
        """What to say was expected where this value was received."""
        if not isinstance(value, self._kind) or value != value or value in (math.inf, -math.inf):
            return f"a {'whole' if self.whole else 'finite'} number, {self.text(name)}"
        return f"at most {self.most:.0f}" if self._open and value > self.most else self.text(name)


_COUNT, _CORPUS = Range(1, _LARGE), Range(1, _HUGE)
_AT_LEAST_0 = Range(0, whole=False)
_POSITIVE = Range(0, whole=False, above=True)
_RATE = Range(0, 1, whole=False, below=True)

RANGES: dict[str, Range] = {
    # architectures
    **dict.fromkeys(("d_model", "layers", "heads", "d_k", "d_v", "d_ff"), _COUNT),
    **dict.fromkeys(("embedding_width", "window", "global_every"), _COUNT),
    **dict.fromkeys(("local_base", "global_base"), _POSITIVE),
    "fine_tuning_rate": _POSITIVE,
    **dict.fromkeys(("filters", "widths", "convolutions"), _COUNT),
    **dict.fromkeys(("max_positions", "vocabulary_size"), _COUNT),
    "segments": Range(0, _LARGE),
    **dict.fromkeys(("dropout", "attention_dropout"), _RATE),
    "epsilon": _POSITIVE,
    "pad_id": Range(0, _LARGE),
    # corpora and tokenizers
    "vocab_size": Range(6, _LARGE),  # the five special tokens, and one
    **dict.fromkeys(("tokenizer_sample", "extend_vocabulary"), _COUNT),
    **dict.fromkeys(("min_characters", "max_characters", "shard_size", "limit"), _CORPUS),
    "workers": _COUNT,
    # rows
    "max_length": Range(5, _LARGE),  # [CLS] a [SEP] b [SEP]
    "overlap": Range(0, _LARGE),
    "windows": _COUNT,
    "lead": Range(0, _LARGE),
    "max_predictions": _COUNT,
    "masking_rate": Range(0, 1, whole=False, above=True, below=True),
    # training
    "seed": Range(0, SEEDS - 1),
    **dict.fromkeys(("batch_size", "accumulate", "epochs", "steps", "seeds", "patience"), _COUNT),
    **dict.fromkeys(("learning_rate", "learning_rates", "minutes"), _POSITIVE),
    **dict.fromkeys(("teacher_weight", "temperature"), _POSITIVE),
    "lora": _COUNT,
    **dict.fromkeys(("save_minutes", "freeze_epochs", "average", "masked_lm"), _AT_LEAST_0),
    "label_smoothing": _RATE,
    "coverage": Range(0, 1, whole=False, above=True, below=True),
    "valid_share": Range(0, 1, whole=False, above=True, below=True),
    "layer_decay": Range(0, 1, whole=False, above=True),
    # answers, and data that is made
    **dict.fromkeys(("top_k", "answer_length"), _COUNT),
    "threshold": Range(0, 1, whole=False, above=True, below=True),
    **dict.fromkeys(("documents", "labeled", "test_documents"), _COUNT),
}


def flag(name: str) -> str:
    """A setting as the command line writes it."""
    return f"--{name.replace('_', '-')}"


def check_numbers(values: Mapping[str, Any], shown: Callable[[str], str] = flag) -> None:
    """Refuse a number that is out of its range.

    Args:
        values: by name; None is passed over, a tuple is checked one by one.
        shown: how a message names a setting.

    Raises:
        InputError: naming it, what was expected and what was received.
    """
    for name, value in values.items():
        limits = RANGES.get(name)
        for one in value if isinstance(value, tuple) else (value,):
            if limits is not None and one is not None and one not in limits:
                expected = limits.expected_not(one, name)
                raise InputError(f"{shown(name)}: expected {expected}, received {one}.")
