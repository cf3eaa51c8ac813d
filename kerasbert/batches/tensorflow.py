"""Batches for the TensorFlow backend: imported there only."""

import itertools

import keras
import tensorflow as tf


def as_tf_dataset(dataset) -> tf.data.Dataset:
    """The batches of an endless data set as a `tf.data.Dataset` of unknown batch dimensions."""

    def spec(array):
        return tf.TensorSpec([None] * array.ndim, dtype=array.dtype)

    # Nothing here can be tuned, and the thread that would do it can hold up the end of `fit` for
    # half a second.
    options = tf.data.Options()
    options.autotune.enabled = False
    signature = keras.tree.map_structure(spec, dataset[0])
    batches = tf.data.Dataset.from_generator(
        lambda: (dataset[index] for index in itertools.count()), output_signature=signature
    )
    return batches.prefetch(2).with_options(options)
