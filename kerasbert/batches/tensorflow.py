"""Batches for the TensorFlow backend: imported there only."""

import itertools
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf


def as_tf_dataset(dataset: keras.utils.PyDataset) -> tf.data.Dataset:
    """The batches of a data set as a `tf.data.Dataset` of unknown batch dimensions."""

    def spec(array):
        return tf.TensorSpec([None] * array.ndim, dtype=array.dtype)

    def batches() -> Iterator[Any]:
        for index in itertools.count() if steps is None else range(steps):
            yield dataset[index]

    # Nothing here can be tuned, and the thread that would do it can hold up the end of `fit` for
    # half a second.
    options = tf.data.Options()
    options.autotune.enabled = False
    steps = dataset.num_batches
    signature = keras.tree.map_structure(spec, dataset[0])
    found = tf.data.Dataset.from_generator(batches, output_signature=signature)
    found = found.prefetch(2).with_options(options)
    if steps is not None:
        return found.apply(tf.data.experimental.assert_cardinality(steps))

    class Endless(type(found)):  # type: ignore[misc]
        """Says when it is read, which only a `PyDataset` is told by Keras."""

        def __iter__(self):
            dataset.on_epoch_begin()
            return super().__iter__()

        def cardinality(self):
            dataset.num_batches  # noqa: B018  (refuses who wants to read all of it)
            return super().cardinality()

    found.__class__ = Endless
    return found
