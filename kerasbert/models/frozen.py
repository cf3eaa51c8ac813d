"""A fine-tuning model in two: up to the vector of a text, and what the head makes of that."""

import weakref

import keras

VECTORS = "vectors"  # the input of the second part
_ANSWERING: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()  # compiled once, asked often


def reading_part(model: keras.Model) -> keras.Model:
    """From the model's inputs to the vector (B, P) that the head reads; its layers, not copies.

    Args:
        model: as `build_fine_tuning_model` makes it.
    """
    return keras.Model(model.input, _pooled(model), name="reading")


def answering_part(model: keras.Model) -> keras.Model:
    """From vectors (B, P), and the model's inputs beside them, to its output.

    The layers are the model's own: what they learn here, the model knows. Of a model there is one.

    Args:
        model: as `build_fine_tuning_model` makes it.

    Raises:
        ValueError: the output follows from more than that, such as the states of tokens.
    """
    if model in _ANSWERING:
        return _ANSWERING[model]
    inputs = {VECTORS: _pooled(model), **model.input}
    part = keras.Model(inputs, model.output, name=model.name)
    if missing := {layer.name for layer in part.layers} & {"embedding", "encoder"}:
        raise ValueError(
            "Expected an output that follows from the vector of a text and its tokens alone. "
            f"Received: one that reads {' and '.join(sorted(missing))}, too"
        )
    _ANSWERING[model] = part
    return part


def _pooled(model: keras.Model):
    """The tensor between the two parts.

    Raises:
        ValueError: there is none.
    """
    last = [one for one in model.layers if one.name in ("pooling", "pool_windows", "compare_pairs")]
    if not last:
        raise ValueError(
            "Expected an output that follows from the vector of a text. Received: one that does not"
        )
    pooled = last[-1].output  # of windows, or of a pair's texts, the vectors were made one
    pooled.name = VECTORS  # Keras warns where a tensor has another name than its key
    return pooled
