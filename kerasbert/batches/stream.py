"""Batches as Keras' `fit` takes them: endless, in order, from any step."""

import keras


class BatchStream(keras.utils.PyDataset):
    """The batches of `source` from `start` on, without end: give `fit` its `steps_per_epoch`.

    An endless data set is never shuffled by `fit`, and an epoch is then just a number of steps:
    what a step sees is decided by `source.batch(step)` alone.
    """

    def __init__(self, source, start: int = 0):
        super().__init__(workers=1, use_multiprocessing=False)
        self.source = source
        self.start = start

    def __getitem__(self, index: int):
        return self.source.batch(self.start + index)

    @property
    def num_batches(self) -> None:
        return None


def stream(source, start: int = 0):
    """What to pass to `model.fit(...)`, with `steps_per_epoch=source.steps_per_epoch`.

    On TensorFlow it is a `tf.data.Dataset`: Keras would take the shapes of the first two batches
    for those of all, and fail at the first batch of another length.
    """
    dataset = BatchStream(source, start)
    if keras.backend.backend() == "tensorflow":
        from kerasbert.batches.tensorflow import as_tf_dataset

        return as_tf_dataset(dataset)
    return dataset


def process_of_distribution() -> tuple[int, int]:
    """(i, n): this process reads part i of n of the data, as `keras.distribution` was told."""
    distribution = keras.distribution.distribution()
    if distribution is None or distribution.num_processes == 1:
        return 0, 1
    parts = min(distribution.num_processes, distribution.num_model_replicas)
    return distribution.data_shard_id, parts
