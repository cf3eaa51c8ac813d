"""A classifier for a script of one's own: the model, and a loss that suits the labels."""

import keras
import numpy as np

from kerasbert.heads.classification.kinds import check_targets
from kerasbert.heads.classification.logits import label_logits
from kerasbert.heads.classification.losses import build_loss
from kerasbert.layers import Pooling
from kerasbert.models.compiling import compile_and_build
from kerasbert.models.fine_tuning import build_fine_tuning_model


def build_classifier(
    embedding,
    encoder,
    labels: int,
    pooling: Pooling | None = None,
    dropout: float = 0.1,
    seed: int = 0,
    window: int | None = None,
    window_pooling: str = "mean",
    token_scores: int | None = None,
) -> keras.Model:
    """A functional model from a text, or a pair of texts, to a logit for each label.

    With B batch, L length, K labels:

        token_ids, segment_ids  (B, L)  int32
        returns                 (B, K)  float32 logits

    Args:
        embedding: a layer named "embedding", as in `build_pretrain_model`.
        encoder: any layer named "encoder": (B, L, D), (B, L) mask -> (B, L, D).
        labels: K; binary classification has 2.
        pooling: how states become one vector; the maximum over positions unless given.
        dropout: on the pooled vector, in training.
        seed: of the head's initial weights and its dropout.
        window: the text is split into windows of so many positions, one behind the other, as
            `WindowedTexts` makes them; the encoder sees each alone.
        window_pooling: how the vectors of windows become one; see `PoolWindows`.
        token_scores: the size of the vocabulary, for a `TokenScores` behind the logits, with the
            lead of the pooling. It answers 0 until `fit_token_scores` has given it its weights.
    """
    lead = pooling.lead if pooling is not None else 0

    def output(pooled, sequence, inputs, dropout, seed):
        ids = inputs["token_ids"]
        return label_logits(pooled, ids, labels, dropout, seed, token_scores, lead)

    return build_fine_tuning_model(
        embedding,
        encoder,
        output,
        pooling=pooling,
        dropout=dropout,
        seed=seed,
        window=window,
        window_pooling=window_pooling,
        name="classifier",
    )


def compile_classifier(
    model: keras.Model,
    kind: str,
    optimizer,
    loss: str = "cross-entropy",
    gold: np.ndarray | None = None,
    smoothing: float = 0.0,
) -> keras.Model:
    """Compile with a loss that suits the kind of classification.

    "multi-label" takes multi-hot targets (B, K), the others class indices (B,). For `loss`,
    `gold` and `smoothing` see `build_loss`.

    Raises:
        ValueError: the kind has not so many labels as the model, or not that loss.
    """
    check_targets(kind, model.output_shape[-1])
    return compile_and_build(model, optimizer, loss=build_loss(loss, kind, gold, smoothing))
