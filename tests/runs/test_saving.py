"""Saving without TensorFlow, and with it for those who use it."""

import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from kerasbert.without_tensorflow import _WhereImported, keep_tensorflow_out


def asked():
    """What Keras asks whether TensorFlow is there."""
    from keras.src.saving import serialization_lib

    return serialization_lib


def test_keras_says_no_until_somebody_imports_it(monkeypatch):
    from keras.src.utils.module_utils import LazyModule

    lazy = LazyModule("tensorflow")
    found = _WhereImported(lazy)
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    assert not found.available and lazy.module is None and lazy._available is None
    monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(TensorShape=list))
    assert found.available and found.TensorShape is list


def test_it_is_put_there_once_and_saves_the_same(tmp_path):
    for _ in range(2):
        keep_tensorflow_out()
    assert not isinstance(asked().tf._module, _WhereImported)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert all(map(np.array_equal, again.get_weights(), model.get_weights()))


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="they are TensorFlow's")
def test_types_of_tensorflow_are_saved_as_before():
    import tensorflow as tf

    keep_tensorflow_out()
    assert keras.saving.serialize_keras_object(tf.TensorShape([2, 3])) == [2, 3]
    assert keras.saving.serialize_keras_object(tf.float32) == "float32"


def test_where_keras_has_no_such_name_nothing_is_done(monkeypatch):
    monkeypatch.delattr(asked(), "tf")
    keep_tensorflow_out()
    assert not hasattr(asked(), "tf")
