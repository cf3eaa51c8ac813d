"""Batches for the TensorFlow backend: imported there only."""

import itertools

import keras
import tensorflow as tf


def as_tf_dataset(dataset) -> tf.data.Dataset:
    """The batches of an endless data set as a `tf.data.Dataset` of unknown batch dimensions."""

    def spec(array):
        return tf.TensorSpec([None] * array.ndim, dtype=array.dtype)

    signature = keras.tree.map_structure(spec, dataset[0])
    return tf.data.Dataset.from_generator(
        lambda: (dataset[index] for index in itertools.count()), output_signature=signature
    ).prefetch(2)
