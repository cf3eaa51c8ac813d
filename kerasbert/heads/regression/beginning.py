"""What the vectors of two texts tell of their number before anything is learned: the cosine."""

from typing import Any

import keras
import numpy as np
from keras import ops

BATCHES = 32  # on which the line is fitted: two numbers need no more


def begin_at_cosine(model: keras.Model, train: Any) -> list[str]:
    """Begin with the line through the cosine that suits training data best.

    An encoder of sentences has learned to give alike texts vectors of a high cosine; from random
    weights of the output its first steps would undo that. Only the weight of the cosine and the
    bias are set, the other weights begin at 0.

    Args:
        model: with its pre-trained weights; nothing happens unless it has a layer "compare_pairs",
            whose last column is the cosine, and "numbers".
        train: `LabeledBatches`.

    Returns:
        what is to be said of it.
    """
    if not any(layer.name == "compare_pairs" for layer in model.layers):
        return []
    compared = ops.cast(model.get_layer("compare_pairs").output, "float32")
    reader = keras.Model(model.inputs, compared[:, -1:])
    cosines, targets = [], []
    for step in range(min(BATCHES, train.steps_per_epoch)):
        inputs, target = train.batch(step)
        cosines.append(np.asarray(reader.predict_on_batch(inputs), np.float64))
        targets.append(target)
    cosine, target = np.concatenate(cosines), np.concatenate(targets).astype(np.float64)
    if not np.isfinite(cosine).all() or np.ptp(cosine) < 1e-3:
        return []  # all texts are alike to it
    line = np.linalg.lstsq(np.concatenate([cosine, np.ones_like(cosine)], 1), target, rcond=None)[0]
    kernel, bias = model.get_layer("numbers").weights
    begin = np.zeros(kernel.shape)
    begin[-1] = line[0]
    kernel.assign(begin)
    bias.assign(line[1])
    of = ""
    if target.shape[1] == 1:
        found = np.corrcoef(cosine[:, 0], target[:, 0])[0, 1]
        of = f" (Pearson {found:.3f} on {len(target):,} documents of train)"
    return [f"pairs apart: training begins with the cosine of their vectors{of}"]
