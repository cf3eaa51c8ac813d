"""What a classifier learns of another one: the probabilities that it gives to each label."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasbert.choices import KindName
from kerasbert.errors import InputError
from kerasbert.heads.head import Head
from kerasbert.text.labels import LabelSet


class LabelTeaching(Head):
    """The part of `Classification` that learns from another one."""

    labels: LabelSet
    kind: KindName

    def lessons(self, outputs: np.ndarray, teacher: Any) -> np.ndarray:
        """(N, K) float32, the teacher's logits of this head's labels."""
        self.check_teacher(teacher)
        if teacher.kind != self.kind:
            raise InputError(
                f"--teacher: its labels are {teacher.kind}, those of this run {self.kind}. Give"
                f" --kind {teacher.kind}, or another teacher."
            )
        known = {name: place for place, name in enumerate(teacher.labels.names)}
        if missing := [name for name in self.labels.names if name not in known]:
            raise InputError(
                f"--teacher: it does not know {len(missing)} of the {len(self.labels)} labels, such"
                f" as {missing[0]!r}. Expected a teacher that learned from these labels, or more."
            )
        places = [known[name] for name in self.labels.names]
        return np.asarray(outputs[:, places], np.float32)

    def teaching_loss(self, temperature: float) -> Any:
        from kerasbert.heads.classification.losses import SoftLabels

        return SoftLabels(temperature, self.kind)
