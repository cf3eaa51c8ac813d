"""From an architecture to its two layers, and to the model that gives both of their outputs."""

import inspect

import keras
from keras import ops

from kerasbert import layers
from kerasbert.config import ENCODERS, EncoderConfig, KerasHubConfig
from kerasbert.layers import KerasHubEmbedding, KerasHubEncoder, Pooling, TextEmbedding


def build_embedding(config: EncoderConfig, seed: int = 0) -> keras.layers.Layer:
    """The embedding layer of an architecture, named "embedding"."""
    layer = KerasHubEmbedding if isinstance(config, KerasHubConfig) else TextEmbedding
    return layer(**config.embedding_arguments(), seed=seed, name="embedding")


def build_encoder(config: EncoderConfig, seed: int = 0) -> keras.layers.Layer:
    """The encoder layer of an architecture, named "encoder"."""
    if isinstance(config, KerasHubConfig):
        layer = KerasHubEncoder
    else:
        layer = getattr(layers, ENCODERS[config.encoder][1])
    return layer(**config.arguments(), seed=seed + 1000, name="encoder")


def chooses_positions(encoder) -> bool:
    """Whether an encoder computes, when asked, no other states than those at given positions."""
    return "positions" in inspect.signature(encoder.call).parameters


def padding_of(embedding) -> int:
    """The id that an embedding layer takes for padding."""
    return getattr(embedding, "pad_id", 0)


def encode(embedding, encoder, packed: bool = False, fold=None, positions=None):
    """Call both layers on new inputs.

    Args:
        embedding: a layer named "embedding". Its `pad_id`, 0 if it has none, is that of padding.
        encoder: a layer named "encoder".
        packed: whether several documents share a row. The encoder then gets their numbers in place
            of the padding mask; it says that it keeps them apart by having a `document_gap`.
        fold: a `FoldWindows` that makes each window of a row a row of its own.
        positions: (B, M) int, of the states that are wanted, for an encoder that
            `chooses_positions`.

    Returns:
        The input tensors by name, the (B, L) padding mask and the (B, L, D) states, or (B, M, D).
    """
    further = {} if positions is None else {"positions": positions}
    for layer, name in ((embedding, "embedding"), (encoder, "encoder")):
        if layer.name != name:
            raise ValueError(
                f"The {name} layer must be called {name!r}, so that its weights are found again. "
                f"Received: a layer named {layer.name!r}; pass name={name!r} to its constructor."
            )
    inputs = {
        "token_ids": keras.Input((None,), dtype="int32", name="token_ids"),
        "segment_ids": keras.Input((None,), dtype="int32", name="segment_ids"),
    }
    if packed:
        if not hasattr(encoder, "document_gap"):
            raise ValueError(
                "Expected an encoder that keeps the documents of a row apart and has a "
                f"`document_gap`, because packed=True. Received: {type(encoder).__name__}"
            )
        inputs |= {
            name: keras.Input((None,), dtype="int32", name=name)
            for name in ("document_ids", "position_ids")
        }
        hidden = embedding(
            inputs["token_ids"], inputs["segment_ids"], position_ids=inputs["position_ids"]
        )
        hidden = _for_encoder(encoder, hidden)
        return inputs, inputs["document_ids"], encoder(hidden, inputs["document_ids"], **further)
    token_ids, segment_ids = inputs["token_ids"], inputs["segment_ids"]
    if fold is not None:
        token_ids, segment_ids = fold(token_ids), fold(segment_ids)
    padding_mask = ops.not_equal(token_ids, padding_of(embedding))
    hidden = _for_encoder(encoder, embedding(token_ids, segment_ids))
    return inputs, padding_mask, encoder(hidden, padding_mask, **further)


def _for_encoder(encoder, hidden):
    """The states; without Keras' own mask where it would warn that the encoder loses it."""
    if encoder.supports_masking:
        return hidden
    return ops.squeeze(ops.expand_dims(hidden, 0), 0)  # a view, which no mask is handed on to


def build_encoder_model(embedding, encoder, pooling: Pooling | None = None) -> keras.Model:
    """The encoder alone, with both of its outputs.

    With B batch, L length, D width:

        token_ids, segment_ids  (B, L)     int32
        returns                 {"sequence": (B, L, D), "pooled": (B, D)}
    """
    inputs, padding_mask, sequence = encode(embedding, encoder)
    pooling = pooling or Pooling("mean", name="pooling")
    outputs = {"sequence": sequence, "pooled": pooling(sequence, padding_mask)}
    return keras.Model(inputs, outputs, name="encoder_model")
