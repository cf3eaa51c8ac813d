"""Hidden states at chosen positions: nothing is computed where nobody reads it."""

import keras
from keras import ops

from kerasbert.layers.ids import checked_ids, spoiled


def states_at(hidden, positions):
    """What `GatherPositions` computes: (B, L, D), (B, M) -> (B, M, D)."""
    batch, length, width = ops.shape(hidden)
    # Each within its own row: one beyond it would read that of another text.
    positions, wrong = checked_ids("positions", ops.cast(positions, "int32"), length)
    rows = ops.expand_dims(ops.arange(batch, dtype="int32") * length, 1)
    # One flat lookup: its gradient is one scatter, on every backend.
    flat = ops.reshape(hidden, (-1, width))
    states = ops.take(flat, positions + rows, axis=0)
    return spoiled(states, wrong) if keras.backend.is_float_dtype(hidden.dtype) else states


@keras.saving.register_keras_serializable(package="kerasbert")
class GatherPositions(keras.layers.Layer):
    """Select the hidden state at each requested position.

    With B batch, L length, M positions per row, D width:

        hidden     (B, L, D)  float
        positions  (B, M)     int in [0, L); pad unused slots with 0
        returns    (B, M, D)  dtype of `hidden`

    A padded slot returns state 0: give it sample weight 0. A position out of range is an error, and
    in a compiled step not a number: no state of another row is ever read.

    Source: Devlin et al. 2019, https://arxiv.org/abs/1810.04805, section 3.1.
    """

    def call(self, hidden, positions):
        return states_at(hidden, positions)

    def compute_mask(self, inputs, previous_mask):
        """None: Keras' mask is that of all positions."""

    def compute_output_shape(self, hidden_shape, positions_shape):
        if len(hidden_shape) != 3 or len(positions_shape) != 2:
            raise ValueError(
                "GatherPositions expects hidden (B, L, D) and positions (B, M). "
                f"Received: {tuple(hidden_shape)} and {tuple(positions_shape)}"
            )
        return (*positions_shape, hidden_shape[-1])
