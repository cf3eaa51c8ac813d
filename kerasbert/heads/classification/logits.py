"""The output of a classifier: a logit for each label, alone or beside linear SVMs."""

import keras
import numpy as np

from kerasbert.heads.classification.kinds import check_targets
from kerasbert.heads.classification.linear_svm import labels_per_token
from kerasbert.layers import Dropout, TokenScores
from kerasbert.layers.dense import dtype_of_logits


def label_logits(
    pooled,
    token_ids,
    labels: int,
    dropout: float = 0.1,
    seed: int = 0,
    token_scores: int | None = None,
    lead: int = 0,
    bigrams: int = 0,
):
    """(B, K) float32 logits.

    Args:
        pooled: (B, P) states of whole texts.
        token_ids: (B, L) int32.
        labels: K.
        dropout: on the pooled states, in training.
        seed: of initial weights and dropout.
        token_scores: the size of the vocabulary, for a `TokenScores` behind the logits. It answers
            0 until `fit_token_scores` has given it its weights.
        lead: the positions that it reads once more by themselves.
        bigrams: how many pairs of neighbouring tokens it reads.
    """
    pooled = Dropout(dropout, seed=seed + 1, name="classifier_dropout")(pooled)
    logits = keras.layers.Dense(
        labels,
        kernel_initializer=keras.initializers.GlorotUniform(seed=seed + 2),
        dtype=dtype_of_logits(),
        name="logits",
    )(pooled)
    if token_scores is None:
        return logits
    kept = labels_per_token(labels)
    scores = TokenScores(token_scores, lead, kept, bigrams, name="token_scores")
    return scores(logits, token_ids)


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
    check_targets(kind, gold.shape[1])
    shares = (gold.sum(axis=0) + 0.5) / (len(gold) + 1)
    bias = np.log(shares / (1 - shares)) if kind == "multi-label" else np.log(shares)
    model.get_layer("logits").bias.assign(bias.astype(np.float32))
