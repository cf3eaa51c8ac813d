"""The settings of the tokenizer: one to train, or one to take."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasbert.choices import StyleName
from kerasbert.settings.settings import Settings


@dataclass(frozen=True, kw_only=True)
class TokenizerSettings(Settings):
    """The tokenizer to train, or one to take. Not beside --pretrained."""

    tokenizer: StyleName | None = None
    """How text becomes tokens; wordpiece unless given. jieba (kerasbert[zh]) is for Chinese."""
    tokenizer_file: Path | None = None
    """Take this tokenizer.json instead of training one."""
    vocab_size: int | None = None
    """The most entries of the vocabulary; 20000 unless given."""
    lowercase: bool = True
    """Whether the tokenizer lower-cases the text."""

    def for_training(self) -> dict[str, Any]:
        """Arguments of `train_tokenizer` and `prepare_store`."""
        return {
            "style": self.tokenizer or "wordpiece",
            "vocabulary_size": 20000 if self.vocab_size is None else self.vocab_size,
            "lowercase": self.lowercase,
        }
