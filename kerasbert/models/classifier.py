"""The fine-tuning model: the same embedding and encoder, pooled, with a head for the labels."""

import keras
import numpy as np

from kerasbert.layers import Dropout, FoldWindows, Pooling, PoolWindows, TokenScores
from kerasbert.layers.dense import dtype_of_logits
from kerasbert.models.encoder import encode, padding_of
from kerasbert.models.linear_svm import labels_per_token
from kerasbert.models.losses import build_loss, check_kind


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
    fold = FoldWindows(window, name="fold_windows") if window is not None else None
    inputs, padding_mask, sequence = encode(embedding, encoder, fold=fold)
    pooling = pooling or Pooling("max", name="pooling")
    pooled = pooling(sequence, padding_mask)
    if fold is not None:
        pad_id = padding_of(embedding)
        pool = PoolWindows(window_pooling, seed=seed + 3, pad_id=pad_id, name="pool_windows")
        pooled = pool(pooled, fold(inputs["token_ids"]), inputs["token_ids"])
    pooled = Dropout(dropout, seed=seed + 1, name="classifier_dropout")(pooled)
    logits = keras.layers.Dense(
        labels,
        kernel_initializer=keras.initializers.GlorotUniform(seed=seed + 2),
        dtype=dtype_of_logits(),
        name="logits",
    )(pooled)
    if token_scores is not None:
        logits = TokenScores(
            token_scores, pooling.lead, labels_per_token(labels), name="token_scores"
        )(logits, inputs["token_ids"])
    return keras.Model(inputs, logits, name="classifier")


def begin_at_label_shares(model: keras.Model, gold: np.ndarray, kind: str) -> None:
    """Set the bias of each logit so that an untrained classifier predicts how frequent labels are.

    Without it the first epoch goes to learning that most labels are rare.

    Args:
        model: from `build_classifier`.
        gold: (N, K) multi-hot labels of the training data.
        kind: "multi-label", "multi-class" or "binary".

    Raises:
        ValueError: the kind has not so many labels, or the model has others.

    Source: Lin et al. 2017, https://arxiv.org/abs/1708.02002, section 4.1, "Initialization".
    """
    check_kind(kind, gold.shape[1])
    shares = (gold.sum(axis=0) + 0.5) / (len(gold) + 1)
    bias = np.log(shares / (1 - shares)) if kind == "multi-label" else np.log(shares)
    model.get_layer("logits").bias.assign(bias.astype(np.float32))


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
    check_kind(kind, model.output_shape[-1])
    model.compile(optimizer=optimizer, loss=build_loss(loss, kind, gold, smoothing))
    return model
