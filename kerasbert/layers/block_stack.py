"""What encoders of attention blocks share: one block behind the other."""

from typing import Any

import keras

from kerasbert.layers.ids import spoiled
from kerasbert.layers.masks import MaskedLayer, checked_documents


class BlockStack(MaskedLayer):
    """Blocks, and a normalization of what the last one returns, if there is one.

        hidden        (B, L, D)  float
        padding_mask  (B, L)     bool or int, as `TransformerEncoder` takes it
        positions     (B, M)     int, of the states that are wanted; all of them unless given
        returns       (B, L, D)  float; (B, M, D) with `positions`

    A subclass makes them in its constructor.

    Attributes:
        settings: the arguments of the constructor, for `get_config`.
        blocks: layers of (hidden, padding_mask, positions).
        norm: behind the last of them, or None.
    """

    # Positions of padding that part two documents of a row: none, the attention keeps them apart.
    document_gap = 0

    settings: dict[str, Any]
    blocks: list[keras.layers.Layer]
    norm: keras.layers.Layer | None

    def build(self, hidden_shape, padding_mask_shape=None, positions_shape=None):
        for block in self.blocks:
            block.build(hidden_shape)
        if self.norm is not None:
            self.norm.build(hidden_shape)

    def call(self, hidden, padding_mask, positions=None, training=None):
        padding_mask, wrong = checked_documents(padding_mask)
        if wrong is not None:
            hidden = spoiled(hidden, wrong[:, None])
        for block in self.blocks[:-1]:
            hidden = block(hidden, padding_mask, training=training)
        hidden = self.blocks[-1](hidden, padding_mask, positions, training=training)
        return hidden if self.norm is None else self.norm(hidden)

    def compute_output_shape(self, hidden_shape, padding_mask_shape=None, positions_shape=None):
        return (*(positions_shape or hidden_shape[:2]), hidden_shape[-1])

    def get_config(self):
        return super().get_config() | self.settings
