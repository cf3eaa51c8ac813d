"""The maximum over a text of a TextCNN's states: the one place that chooses how it is computed.

Those are zeros at padding. `Pooling` takes any encoder's, and puts others in their place.
"""

import keras
from keras import ops

from kerasbert.layers.padding import without_padding


def maximum_over_text(states, mask, training=None):
    """The maximum of each feature where there is text, 0 where there is none in the whole row.

    Equal maxima share the gradient.

        states   (B, L, F)  float, 0 at padding
        mask     (B, L, 1)  dtype of `states`, 1 where there is text, 0 at padding
        returns  (B, 1, F)  dtype of `states`

    Args:
        states: see above.
        mask: see above.
        training: whether a gradient is wanted, and shapes are few.
    """
    if training and keras.backend.backend() == "tensorflow":
        from kerasbert.layers.tensorflow import maximum_over_text as by_tensorflow

        strongest = by_tensorflow(states, mask)
    else:
        strongest = ops.max(without_padding(states, mask), axis=1, keepdims=True)
    # Of a row of padding it would be so low that float16 has no product with it.
    return strongest * ops.max(mask, axis=1, keepdims=True)
