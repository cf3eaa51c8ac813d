"""How many steps fit into a time: measured, on this machine, with this model."""

import time

import keras

MEASURED = 12


def steps_in(minutes: float, model: keras.Model, batches) -> int:
    """Training steps of `model` that take `minutes`, from the time that a few of them take.

    The model is trained on these steps: pass one that is thrown away.
    """
    # The lengths that come, each compiled before it is timed: every batch is passed twice.
    sample = [batches.batch(step) for step in range(MEASURED)]
    for batch in sample:
        model.train_on_batch(*batch)
    began = time.monotonic()
    for batch in sample:
        model.train_on_batch(*batch)
    seconds = (time.monotonic() - began) / len(sample)
    return max(1, int(60 * minutes / seconds))
