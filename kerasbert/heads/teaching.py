"""What a head learns of a teacher's answers to texts without labels."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from kerasbert.errors import InputError


class Teaching:
    """The part of `Head` that learns from the outputs of another run with a head of its kind.

    A head that can says what of these outputs it learns, `lessons`, and by which loss.
    """

    name: ClassVar[str]

    def lessons(self, outputs: np.ndarray, teacher: Any) -> np.ndarray:
        """(N, ...) float, what the outputs of a teacher are for this head.

        Args:
            outputs: (N, ...), as the teacher's own `read` gives them.
            teacher: its head.

        Raises:
            InputError: this head learns from what is labelled alone, or not from such a teacher.
        """
        raise InputError(f"--teacher: the head {self.name} learns from labels alone. Leave it out.")

    def teaching_loss(self, temperature: float) -> Any:
        """A `keras.losses.Loss` between `lessons` (B, ...) and the output.

        Args:
            temperature: what logits are divided by, on both sides.
        """
        raise NotImplementedError

    def check_teacher(self, teacher: Any) -> None:
        """Refuse a teacher whose head is of another kind.

        Raises:
            InputError: naming both.
        """
        if type(teacher) is not type(self):
            raise InputError(
                f"--teacher: its head is {teacher.name}, that of this run {self.name}. Expected a"
                " teacher that was fine-tuned for the same."
            )
