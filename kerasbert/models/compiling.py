"""Compiling a model so that its first batch is traced once."""

import keras


def compile_and_build(model: keras.Model, optimizer, **losses) -> keras.Model:
    """`model.compile`, and the optimizer's variables made at once.

    TensorFlow would make them in the first batch, and trace it a second time without: as long again
    until training begins.
    """
    model.compile(optimizer=optimizer, **losses)
    model.optimizer.build(model.trainable_variables)
    return model
