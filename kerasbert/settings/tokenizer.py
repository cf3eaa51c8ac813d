"""The settings of the tokenizer: one to train, or one to take."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasbert.choices import StyleName
from kerasbert.errors import InputError
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


@dataclass(frozen=True, kw_only=True)
class VocabularySettings(TokenizerSettings):
    """The vocabulary of a tokenizer that is taken, changed for the text."""

    extend_vocabulary: int | None = None
    """Give the tokenizer that is taken N words of the corpus as tokens of their own, those that
    save most. A model of --pretrained begins each as the mean of its old pieces."""
    vocabulary_from: tuple[str, ...] = ()
    """Or swap its vocabulary for a smaller one, of --vocab-size tokens, learned from this text."""

    @property
    def changes_vocabulary(self) -> bool:
        """Whether the tokenizer that is taken becomes another one."""
        return self.extend_vocabulary is not None or bool(self.vocabulary_from)

    def for_training(self) -> dict[str, Any]:
        """Arguments of `prepare_store`."""
        return super().for_training() | {
            "extend_vocabulary": self.extend_vocabulary,
            "vocabulary_from": self.vocabulary_from,
        }

    def check_vocabulary(self, taken: bool, flag: str) -> None:
        """Refuse a change of a tokenizer that is trained anyway, or two of them.

        Args:
            taken: whether there is a tokenizer to change.
            flag: that brings one.

        Raises:
            InputError: naming the flag.
        """
        if not self.changes_vocabulary:
            return
        if self.extend_vocabulary is not None and self.vocabulary_from:
            raise InputError("expected one of --extend-vocabulary and --vocabulary-from.")
        if not taken:
            name = "--vocabulary-from" if self.vocabulary_from else "--extend-vocabulary"
            raise InputError(
                f"{name}: expected beside {flag}, whose vocabulary it changes. Leave it out: a"
                " tokenizer that is trained learns its words from the corpus anyway."
            )
