"""The mask of padding: what a layer takes for one, and how it meets Keras' own."""

import keras
import numpy as np
from keras import ops

from kerasbert.layers.ids import known_values
from kerasbert.layers.quantized import quantized_policies

try:
    from keras.src.backend import get_keras_mask, set_keras_mask
except ImportError:  # Keras has no public name for them

    def get_keras_mask(x):
        """The mask that Keras has put on a tensor."""
        return getattr(x, "_keras_mask", None)

    def set_keras_mask(x, mask):
        """Put one on it."""
        x._keras_mask = mask


EXPECTED = (
    "padding_mask: expected (B, L) bool, True where there is text, or int, the number of each "
    "position's document: 1, 2, 3 and so on along the row, at most L, and 0 for padding."
)


def is_bool(mask) -> bool:
    """Whether a mask is bool; else it holds the numbers of documents."""
    return keras.backend.standardize_dtype(mask.dtype) == "bool"


def check_padding_mask(padding_mask, hidden) -> None:
    """Refuse what is no mask of the states `hidden` (B, L, D), as far as type and shape tell.

    Raises:
        ValueError: None, floats, or another shape than (B, L).
    """
    if padding_mask is None:
        raise ValueError(
            f"{EXPECTED} Received: None, and states that carry no mask of Keras. Pass "
            "token_ids != pad_id, or ones where all is text."
        )
    dtype = keras.backend.standardize_dtype(padding_mask.dtype)
    if dtype != "bool" and not keras.backend.is_int_dtype(dtype):
        raise ValueError(f"{EXPECTED} Received: {dtype}. Write padding_mask > 0.")
    shape, wanted = tuple(padding_mask.shape), tuple(hidden.shape)[:2]
    same = all(None in pair or pair[0] == pair[1] for pair in zip(shape, wanted, strict=False))
    if len(shape) != 2 or not same:
        raise ValueError(
            f"{EXPECTED} Received: shape {shape}, for states of shape {tuple(hidden.shape)}"
        )


def checked_documents(padding_mask):
    """The numbers of a row's documents (B, L) int32, from 0 to L, and the rows (B,) without.

    Of a row whose numbers can't be those of documents, such as token ids, the second says True. It
    is None where all are known to be right, as they are of a bool mask, which is returned as it is.

    Raises:
        ValueError: numbers that can be read, and are not those of documents.
    """
    if is_bool(padding_mask):
        return padding_mask, None
    length = ops.shape(padding_mask)[1]
    documents = ops.cast(padding_mask, "int32")
    values = known_values(documents)
    if values is None:
        before, behind = documents[:, :-1], documents[:, 1:]
        outside = ops.logical_or(documents < 0, documents > length)
        falls = ops.logical_and(behind > 0, behind < before)
        wrong = ops.logical_or(ops.any(outside, axis=1), ops.any(falls, axis=1))
        return ops.clip(documents, 0, length), wrong
    highest = np.maximum.accumulate(values, axis=1)
    if ((values < 0) | (values > length) | ((values > 0) & (values < highest))).any():
        raise ValueError(
            f"{EXPECTED} Received: numbers from {values.min()} to {values.max()}, in another "
            "order. Of token ids write token_ids != pad_id."
        )
    return documents, None


class MaskedLayer(keras.layers.Layer):
    """A layer over states (B, L, D) that is told which of them are text.

    The first two arguments of its `call` are `hidden` and `padding_mask`. The mask is the one that
    is passed; without it the one that Keras has put on the states, as `TextEmbedding` does.
    """

    hands_on = True  # whether its states are those of the same positions, for what comes behind

    def __call__(self, hidden, padding_mask=None, positions=None, **kwargs):
        if padding_mask is None:
            padding_mask = get_keras_mask(hidden)
        if not keras.tree.is_nested(padding_mask):  # of lists Keras says itself what it expects
            check_padding_mask(padding_mask, hidden)
        if positions is not None:
            kwargs["positions"] = positions
        outputs = super().__call__(hidden, padding_mask, **kwargs)
        if self.hands_on and positions is None:
            text = padding_mask if is_bool(padding_mask) else ops.not_equal(padding_mask, 0)
            set_keras_mask(outputs, text)
        return outputs

    def compute_mask(self, inputs, previous_mask):
        """None: the mask is handed on by `__call__`, which knows the one that was passed."""

    def get_config(self):
        return super().get_config() | quantized_policies(self)
