"""The settings of question answering."""

from dataclasses import dataclass

from kerasbert.settings.settings import Settings


@dataclass(frozen=True, kw_only=True)
class AnsweringSettings(Settings):
    """How questions are answered, in fine-tuning and in every run of a comparison."""

    answer_length: int | None = None
    """With --head answering, tokens of the longest answer; as many as 99% of those of --train have
    unless given."""
