"""The settings of tagging."""

from dataclasses import dataclass

from kerasbert.choices import WordsName
from kerasbert.settings.settings import Settings


@dataclass(frozen=True, kw_only=True)
class TaggingSettings(Settings):
    """How spans are predicted, in fine-tuning and in every run of a comparison."""

    crf: bool = False
    """With --head tagging, learn which tags follow each other: a linear-chain CRF."""
    words: WordsName | None = None
    """With --head tagging, how a text is split whose words are not given: at punctuation, at spaces
    alone, or of Chinese each character or jieba's words; as in --train unless given."""
