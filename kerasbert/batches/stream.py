"""Batches as Keras takes them: without end for `fit`, every row once for `evaluate`."""

import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import keras


class BatchStream(keras.utils.PyDataset):
    """The batches of `source` from `start` on, without end: give `fit` its `steps_per_epoch`.

    An endless data set is never shuffled by `fit`, and an epoch is then just a number of steps:
    what a step sees is decided by `source.batch(step)` alone.

    Args:
        source: with `batch(step)`.
        start: the first step; or a compiled model: each `fit` then begins behind the batches that
            the model's optimizer has counted, whoever restored them. Unless given it is 0, and a
            `fit` of a model that has counted some warns.

    Raises:
        ValueError: the model is not compiled; or Keras begins to read without a number of steps.
    """

    def __init__(self, source, start: int | keras.Model | None = None):
        super().__init__(workers=1, use_multiprocessing=False)
        self.source = source
        self.model = start if isinstance(start, keras.Model) else None
        self.start = 0 if start is None or self.model is not None else start
        self._is_given = start is not None
        self.on_epoch_begin()

    def on_epoch_begin(self):
        # The only time to ask: within an epoch, JAX has the optimizer's state outside the model.
        model = self.model if self._is_given else _fitted_model()
        self._counted = 0 if model is None else batches_seen(model)

    def __getitem__(self, index: int):
        if index == 0:  # a `fit` begins
            if self.model is not None:
                self.start = self._counted
            elif self._counted:
                warnings.warn(
                    f"stream() begins with batch 0, and this model has been trained on "
                    f"{self._counted} batches already: pass stream(model) to go on behind those, "
                    "stream(0) if they are to come once more.",
                    stacklevel=2,
                )
        return self.source.batch(self.start + index)

    @property
    def num_batches(self) -> None:
        _refuse_without_steps()
        return None


class OnePass(keras.utils.PyDataset):
    """The batches 0 to `steps` - 1, from `batch(step)`."""

    def __init__(self, batch: Callable[[int], Any], steps: int):
        super().__init__(workers=1, use_multiprocessing=False)
        self.batch = batch
        self.steps = steps

    def __getitem__(self, index: int):
        return self.batch(index)

    def __len__(self) -> int:
        return self.steps


def stream(source, start: int | keras.Model | None = None):
    """What to pass to `model.fit(...)`, with `steps_per_epoch=source.steps_per_epoch`.

    See `BatchStream`.
    """
    return for_keras(BatchStream(source, start))


def for_keras(dataset: keras.utils.PyDataset):
    """The data set itself; on TensorFlow a `tf.data.Dataset` of it.

    There Keras would take the shapes of the first two batches for those of all, and fail at the
    first batch of another length.
    """
    if keras.backend.backend() == "tensorflow":
        from kerasbert.batches.tensorflow import as_tf_dataset

        return as_tf_dataset(dataset)
    return dataset


def batches_seen(model: keras.Model) -> int:
    """How many batches a compiled model has been trained on, as its optimizer has counted.

    Under gradient accumulation `optimizer.iterations` are updates; the variable counts batches.
    """
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        raise ValueError(f"stream(model): expected a compiled model. Received: {model}")
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # of one that scales the loss
    counter = next(each for each in optimizer.variables if each.name == "iteration")
    return int(keras.ops.convert_to_numpy(counter))


def _callers() -> Iterator[tuple[str, Any]]:
    """Who is calling, the innermost first: names of methods, and the objects they are of."""
    frame = sys._getframe(1)
    while frame is not None:
        yield frame.f_code.co_name, frame.f_locals.get("self")
        frame = frame.f_back  # type: ignore[assignment]


def _fitted_model() -> keras.Model | None:
    """The model whose `fit` is reading, of which Keras says nothing; None where none is found."""
    for method, caller in _callers():
        if isinstance(caller, keras.Model) and method in ("fit", "evaluate", "predict"):
            return caller if method == "fit" else None
    return None


def _refuse_without_steps() -> None:
    """Raise where Keras asks for the length of a stream to read all of it: that never ends.

    It does not say how many steps it was told, so this looks who asks. Where Keras calls its
    reader otherwise, nothing is refused.
    """
    for _, caller in _callers():
        if any(kind.__name__ == "EpochIterator" for kind in type(caller).__mro__):
            if getattr(caller, "steps_per_epoch", 1) is None:
                raise ValueError(
                    "a stream of batches has no end: say how many to read (`steps_per_epoch` of "
                    "`fit`, `validation_steps`, or `steps` of `evaluate`), or pass `once()`, the "
                    "batches that hold every row once. Received: no number of steps"
                )
            return


def process_of_distribution() -> tuple[int, int]:
    """(i, n): this process reads part i of n of the data, as `keras.distribution` was told."""
    distribution = keras.distribution.distribution()
    if distribution is None or distribution.num_processes == 1:
        return 0, 1
    parts = min(distribution.num_processes, distribution.num_model_replicas)
    return distribution.data_shard_id, parts
