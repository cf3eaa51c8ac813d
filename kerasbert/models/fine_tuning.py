"""The fine-tuning model: the same embedding and encoder, pooled, with what a head makes of them."""

from collections.abc import Callable
from typing import Any

import keras

from kerasbert.layers import ComparePairs, FoldPairs, FoldWindows, Pooling, PoolWindows
from kerasbert.models.encoder import encode, padding_of


def build_fine_tuning_model(
    embedding,
    encoder,
    output: Callable[..., Any],
    pooling: Pooling | None = None,
    dropout: float = 0.1,
    seed: int = 0,
    window: int | None = None,
    window_pooling: str = "mean",
    apart: bool = False,
    name: str = "fine_tuning",
) -> keras.Model:
    """A functional model from a text, or a pair of texts, to what a head predicts.

    With B batch, L length:

        token_ids, segment_ids  (B, L)  int32
        returns                 what `output` returns

    Args:
        embedding: a layer named "embedding", as in `build_pretrain_model`.
        encoder: any layer named "encoder": (B, L, D), (B, L) mask -> (B, L, D).
        output: the `output` of a `kerasbert.heads.Head`: of the pooled states (B, P), those of
            tokens (B, L, D), the model's inputs, dropout and seed.
        pooling: how states become one vector; the maximum over positions unless given.
        dropout: on the states that the head reads, in training; none where texts are `apart`.
        seed: of the head's initial weights and its dropout.
        window: the text is split into windows of so many positions, one behind the other, as
            `WindowedTexts` makes them; the encoder sees each alone.
        window_pooling: how the vectors of windows become one; see `PoolWindows`.
        apart: the two texts of a pair stand one behind the other, as `ApartTexts` makes them; the
            encoder sees each alone, and their vectors are compared, see `ComparePairs`.
        name: of the model.
    """
    fold: Any = FoldWindows(window, name="fold_windows") if window is not None else None
    if apart:
        fold = FoldPairs(name="fold_pairs")
    inputs, padding_mask, sequence = encode(embedding, encoder, fold=fold)
    pooling = pooling or Pooling("max", name="pooling")
    pooled = pooling(sequence, padding_mask)
    if apart:
        pooled = ComparePairs(name="compare_pairs")(pooled)
        dropout = 0.0  # one of its numbers, the cosine, may tell more than all others
    elif fold is not None:
        pad_id = padding_of(embedding)
        pool = PoolWindows(window_pooling, seed=seed + 3, pad_id=pad_id, name="pool_windows")
        pooled = pool(pooled, fold(inputs["token_ids"]), inputs["token_ids"])
    return keras.Model(inputs, output(pooled, sequence, inputs, dropout, seed), name=name)
