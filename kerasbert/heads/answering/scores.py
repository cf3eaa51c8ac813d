"""The loss of question answering on NumPy, for figures."""

from collections.abc import Sequence

import numpy as np

from kerasbert.heads.answering.targets import RowTarget


def mean_span_loss(rows: Sequence[np.ndarray], targets: Sequence[RowTarget | None]) -> float:
    """What `SpanLoss` gives of rows (L, 2) without padding; NaN where nothing can be learned."""
    losses = []
    for logits, target in zip(rows, targets, strict=True):
        if target is None:
            continue
        said = logits.astype(np.float64)
        total = np.logaddexp.reduce(said, axis=0)
        losses.append((total.sum() - said[target.first, 0] - said[target.last, 1]) / 2)
    return float(np.mean(losses)) if losses else float("nan")
