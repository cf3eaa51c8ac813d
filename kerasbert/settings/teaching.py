"""The settings of a fine-tuning that a teacher helps."""

from dataclasses import dataclass

from kerasbert.errors import InputError
from kerasbert.settings.settings import Settings


@dataclass(frozen=True, kw_only=True)
class TeachingSettings(Settings):
    """A fine-tuned teacher, and the raw text that it answers."""

    teacher: str | None = None
    """Learn the soft answers of this fine-tuned run, too, those to the texts of --corpus."""
    corpus: tuple[str, ...] = ()
    """With --teacher: raw text of the same field, a document a line, JSON Lines or Parquet."""
    teacher_weight: float = 1.0
    """How much the teacher's answers count beside the labels."""
    temperature: float = 1.0
    """What the logits of teacher and pupil are divided by: above 1 small differences count more."""

    def check_teaching(self, others: dict[str, bool]) -> None:
        """Refuse a teacher without texts, and what cannot be beside one.

        Args:
            others: flags of the fine-tuning, and whether they are given.

        Raises:
            InputError: naming the flag.
        """
        if self.teacher is None:
            if self.corpus:
                raise InputError(
                    "--corpus: expected beside --teacher RUN, which answers its texts."
                )
            return
        if not self.corpus:
            raise InputError("--teacher: expected beside --corpus RAW, the texts that it answers.")
        for flag, given in others.items():
            if given:
                raise InputError(f"{flag}: not beside --teacher.")
