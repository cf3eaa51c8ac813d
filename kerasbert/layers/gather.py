"""Hidden states at chosen positions: nothing is computed where nobody reads it."""

import keras
from keras import ops


def states_at(hidden, positions):
    """What `GatherPositions` computes: (B, L, D), (B, M) -> (B, M, D)."""
    batch, length, width = ops.shape(hidden)
    rows = ops.expand_dims(ops.arange(batch, dtype="int32") * length, 1)
    # One flat lookup: its gradient is one scatter, on every backend.
    flat = ops.reshape(hidden, (-1, width))
    return ops.take(flat, ops.cast(positions, "int32") + rows, axis=0)


@keras.saving.register_keras_serializable(package="kerasbert")
class GatherPositions(keras.layers.Layer):
    """Select the hidden state at each requested position.

    With B batch, L length, M positions per row, D width:

        hidden     (B, L, D)  float
        positions  (B, M)     int in [0, L); pad unused slots with 0
        returns    (B, M, D)  dtype of `hidden`

    A padded slot returns state 0: give it sample weight 0.

    Source: Devlin et al. 2019, https://arxiv.org/abs/1810.04805, section 3.1.
    """

    def call(self, hidden, positions):
        return states_at(hidden, positions)

    def compute_output_shape(self, hidden_shape, positions_shape):
        if len(hidden_shape) != 3 or len(positions_shape) != 2:
            raise ValueError(
                "GatherPositions expects hidden (B, L, D) and positions (B, M). "
                f"Received: {tuple(hidden_shape)} and {tuple(positions_shape)}"
            )
        return (*positions_shape, hidden_shape[-1])
