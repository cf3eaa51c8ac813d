"""The settings of texts that are longer than a row."""

from dataclasses import dataclass

from kerasbert.choices import BY_TOKEN, LongText, WindowPooling
from kerasbert.errors import InputError
from kerasbert.settings.settings import Settings


@dataclass(frozen=True, kw_only=True)
class LongTextSettings(Settings):
    """What becomes of texts that are longer than a row."""

    max_length: int = 200
    """Positions of the longest text; longer ones are cut, and counted."""
    long: LongText = "cut"
    """windows: split a longer text into overlapping windows of --max-length instead."""
    overlap: int | None = None
    """Tokens that two windows share, with --long windows or a head whose answers are about tokens;
    a quarter of --max-length unless given."""
    windows: int = 16
    """With --long windows: the most windows of a text; what is beyond them is cut, and counted."""
    window_pooling: WindowPooling = "mean"
    """With --long windows: how the vectors of a text's windows become one."""

    def check_long_texts(self) -> None:
        """Refuse windows that no text can be split into."""
        by_token = getattr(self, "head", None) in BY_TOKEN
        if self.long == "cut" and self.overlap is not None and not by_token:
            heads = "".join(f", or --head {name}" for name in BY_TOKEN)
            raise InputError(f"--overlap: expected beside --long windows{heads}.")
        if (
            self.long == "windows" or by_token
        ) and not 0 <= self.shared_tokens < self.max_length - 2:
            raise InputError(
                f"--overlap: expected 0 to {self.max_length - 3}, fewer than a window of "
                f"--max-length {self.max_length} has, received {self.shared_tokens}."
            )

    @property
    def shared_tokens(self) -> int:
        """Tokens that two windows have in common."""
        return self.max_length // 4 if self.overlap is None else self.overlap
